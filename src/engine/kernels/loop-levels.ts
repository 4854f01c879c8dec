/** How often each node of a loop's expression has to be computed: once, once in a row, or for every element. */
import type { LaneGraph, Node } from '../../base/lanes/graph.ts';

/** Every call of the function, every row, every element. */
export const ONCE = 0;
export const PER_ROW = 1;
export const PER_ELEMENT = 2;
export type Level = typeof ONCE | typeof PER_ROW | typeof PER_ELEMENT;

export interface Levels {
  /** Nodes of that level, other than constants, that nodes of a higher one or the writes need. */
  readonly handedOn: readonly [readonly Node[], readonly Node[]];
  /** Operands before users. */
  readonly perElement: readonly Node[];
  /** Constants that nodes computed for every element, or the writes, need. */
  readonly constants: readonly Node[];
}

export function levelsOf(graph: LaneGraph, roots: readonly Node[], levelOfInput: (input: Node) => Level): Levels {
  const order = graph.reachable(roots);
  const levels = new Map<Node, Level>();
  const needed = new Set<Node>(roots);
  for (const node of order) {
    const level = node.op === 'input' ? levelOfInput(node) : highest(node.args.map((x) => levels.get(x)!));
    levels.set(node, level);
    for (const x of node.args) {
      if (levels.get(x)! < level && (x.op !== 'constant' || level === PER_ELEMENT)) needed.add(x);
    }
  }
  const handed = (level: Level): Node[] =>
    order.filter((node) => node.op !== 'constant' && levels.get(node) === level && needed.has(node));
  return {
    handedOn: [handed(ONCE), handed(PER_ROW)],
    perElement: order.filter((node) => levels.get(node) === PER_ELEMENT),
    constants: order.filter((node) => node.op === 'constant' && needed.has(node)),
  };
}

const highest = (levels: readonly Level[]): Level => levels.reduce<Level>((a, b) => (a > b ? a : b), ONCE);
