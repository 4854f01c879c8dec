/** The text by which equal loops are recognised: what is computed and how it is walked, wherever the buffers lie. */
import type { LaneFunction } from '../../base/lanes/lanes.ts';
import type { LaneGraph, Node } from '../../base/lanes/graph.ts';
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
  return `${graphKey(nest, graph)} ${JSON.stringify(walks)}`;
}

function graphKey(nest: Nest, graph: LaneGraph): string {
  const numbers = new Map<Node, number>();
  const lines = graph.reachable(nest.writes).map((node, i) => {
    numbers.set(node, i);
    return nodeKey(node, nest, numbers);
  });
  return `${lines.join(';')}=>${nest.writes.map((node) => numbers.get(node)).join()}`;
}

function nodeKey(node: Node, nest: Nest, numbers: ReadonlyMap<Node, number>): string {
  const { op, type, args, value, slow } = node;
  if (op === 'input') return `input ${type} ${nest.reads.get(node)!}`;
  const operands = args.map((x) => numbers.get(x)).join();
  const number = Object.is(value, -0) ? '-0' : String(value);
  return `${op} ${type} ${slow === undefined ? number : `f${identity(slow)}`} ${operands}`;
}

const identities = new WeakMap<LaneFunction, number>();
let functions = 0;

function identity(f: LaneFunction): number {
  let found = identities.get(f);
  if (found === undefined) {
    found = functions++;
    identities.set(f, found);
  }
  return found;
}
