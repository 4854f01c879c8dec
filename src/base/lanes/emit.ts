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
  const order = graph.reachable(root, given);
  const kept = keptNodes(order, form);
  // Whoever asked for it takes it from the stack.
  kept.delete(root);
  writeKept(body, order, kept, form, given, load).write(root);
}

/**
 * Writes code that computes several roots, each into the local that is returned for it; what they share is computed
 * once. All are there before the first is used: it may be stored where another one was read from.
 */
export function emitRoots(
  body: FunctionBody,
  graph: LaneGraph,
  roots: readonly Node[],
  form: Form,
  given: ReadonlyMap<Node, Local>,
  load: (input: Node) => void,
): ReadonlyMap<Node, Local> {
  const order = graph.reachable(roots, given);
  const kept = keptNodes(order, form);
  for (const root of roots) kept.add(root);
  return writeKept(body, order, kept, form, given, load).locals;
}

/** Writes the nodes that go to locals; `write` then writes any other, nested. */
function writeKept(
  body: FunctionBody,
  order: readonly Node[],
  kept: ReadonlySet<Node>,
  form: Form,
  given: ReadonlyMap<Node, Local>,
  load: (input: Node) => void,
): { readonly locals: ReadonlyMap<Node, Local>; write(node: Node): void } {
  const locals = new Map(given);
  const write = (node: Node): void => {
    const local = locals.get(node);
    if (local !== undefined) body.get(local);
    else if (node.op === 'input') load(node);
    else form.write(body, node, write);
  };
  for (const node of order) {
    if (!kept.has(node) || locals.has(node)) continue;
    write(node);
    const local = body.local(form.typeOf(node));
    body.set(local);
    locals.set(node, local);
  }
  return { locals, write };
}

/** The nodes that go to locals; constants never do (they are as short as a local's name). */
function keptNodes(order: readonly Node[], form: Form): Set<Node> {
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
