/** The text by which equal expressions are recognised, whichever graph they belong to. */
import type { LaneFunction } from '../../base/lanes/lanes.ts';
import type { LaneGraph, Node } from '../../base/lanes/graph.ts';

/** What these roots compute; `nameOf` says what an input stands for. */
export function graphKey(graph: LaneGraph, roots: readonly Node[], nameOf: (input: Node) => number): string {
  const numbers = new Map<Node, number>();
  const lines = graph.reachable(roots).map((node, i) => {
    numbers.set(node, i);
    return nodeKey(node, nameOf, numbers);
  });
  return `${lines.join(';')}=>${roots.map((node) => numbers.get(node)).join()}`;
}

function nodeKey(node: Node, nameOf: (input: Node) => number, numbers: ReadonlyMap<Node, number>): string {
  const { op, type, args, value, slow } = node;
  if (op === 'input') return `input ${type} ${nameOf(node)}`;
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
