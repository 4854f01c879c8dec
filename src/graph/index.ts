/** chainrule/graph: computations as pictures. */
import '../value/install.ts';

export { toDot, toGraph, toSvg } from './draw.ts';
export type { GraphCluster, GraphEdge, GraphModel, GraphNode, Health } from './model.ts';
export type { Direction, GraphOptions } from './options.ts';
export { show, type NotebookPicture, type ShowOptions } from './show.ts';
export type { Drawable } from './steps.ts';
