/** Writes an expression graph as WebAssembly, in two forms that give the same bits: one lane, or a vector of lanes. */
import type { FunctionBody, Local, ValueType } from '../wasm/index.ts';
import type { LaneGraph, Node } from './graph.ts';

/** How nodes become instructions. */
export interface Form {
  typeOf(node: Node): ValueType;
  /** Writes one operation; `operand` writes an argument. Inputs are the caller's. */
  write(body: FunctionBody, node: Node, operand: (x: Node) => void): void;
  /** Whether the arguments of `node` are needed more than once each. */
  repeatsArguments(node: Node): boolean;
}

/** Nested deeper than this, an expression continues in a local, so that writing it cannot overflow the stack. */
const MAX_NESTING = 200;

/**
 * Writes code that leaves `root` on the stack. What is used several times goes to locals, everything else stays nested.
 * `given` holds nodes that are already in locals (inputs, hoisted constants); `load` writes any other input.
 */
export function emitGraph(
  body: FunctionBody,
  graph: LaneGraph,
  root: Node,
  form: Form,
  given: ReadonlyMap<Node, Local>,
  load: (input: Node) => void,
): void {
  const order = graph.reachable(root);
  const locals = new Map(given);
  const kept = keptNodes(order, form);
  const write = (node: Node): void => {
    const local = locals.get(node);
    if (local !== undefined) body.get(local);
    else if (node.op === 'input') load(node);
    else form.write(body, node, write);
  };
  for (const node of order) {
    if (!kept.has(node) || node === root || locals.has(node)) continue;
    write(node);
    const local = body.local(form.typeOf(node));
    body.set(local);
    locals.set(node, local);
  }
  write(root);
}

/** The nodes that go to locals; constants never do (they are as short as a local's name). */
function keptNodes(order: readonly Node[], form: Form): ReadonlySet<Node> {
  const uses = new Map<Node, number>();
  const nesting = new Map<Node, number>();
  const kept = new Set<Node>();
  for (const node of order) {
    const weight = form.repeatsArguments(node) ? 2 : 1;
    let depth = 0;
    for (const arg of node.args) {
      uses.set(arg, (uses.get(arg) ?? 0) + weight);
      depth = Math.max(depth, (nesting.get(arg) ?? 0) + 1);
    }
    if (depth >= MAX_NESTING) kept.add(node);
    nesting.set(node, depth % MAX_NESTING);
  }
  for (const [node, count] of uses) if (count > 1) kept.add(node);
  for (const node of kept) if (node.op === 'constant') kept.delete(node);
  return kept;
}
