/** chainrule/graph: computations as pictures. */
export { toDot, toGraph, toSvg } from './draw.ts';
export type { GraphCluster, GraphEdge, GraphModel, GraphNode, Health } from './model.ts';
export type { Direction, GraphOptions } from './options.ts';
export type { Drawable } from './steps.ts';
