/** The text by which equal loops are recognised: what is computed and how it is walked, wherever the buffers lie. */
import type { LaneGraph } from '../../base/lanes/graph.ts';
import { graphKey } from './graph-key.ts';
import type { Nest } from './loop-nest.ts';
import type { Schedule } from './loop-schedule.ts';

export function loopKey(nest: Nest, graph: LaneGraph, schedules: readonly Schedule[]): string {
  const walks = schedules.map(({ courses, outer, blocks, leftover, pieces }) => ({
    courses,
    outer,
    blocks,
    leftover,
    pieces,
  }));
  return `${graphKey(graph, nest.writes, (input) => nest.reads.get(input)!)} ${JSON.stringify(walks)}`;
}
