/** Trees: nested arrays and plain objects whose leaves are Values or numbers; what transforms take and return. */
import { ChainruleError } from './errors.ts';

/** An array or object node remembers its children's structures; anything that is no leaf and no container is kept as it is. */
export type Structure =
  | { readonly kind: 'leaf' }
  | { readonly kind: 'static'; readonly value: unknown }
  | { readonly kind: 'array'; readonly children: readonly Structure[] }
  | { readonly kind: 'object'; readonly keys: readonly string[]; readonly children: readonly Structure[] };

export interface Flat<L> {
  readonly leaves: L[];
  readonly structure: Structure;
}

const LEAF: Structure = { kind: 'leaf' };

export function isPlainObject(x: unknown): x is Record<string, unknown> {
  if (typeof x !== 'object' || x === null) return false;
  const prototype: unknown = Object.getPrototypeOf(x);
  return prototype === Object.prototype || prototype === null;
}

/** Splits a tree into its leaves (depth first, object keys in their own order) and its structure. */
export function flatten<L>(tree: unknown, isLeaf: (x: unknown) => x is L): Flat<L> {
  const leaves: L[] = [];
  const visit = (node: unknown): Structure => {
    if (isLeaf(node)) {
      leaves.push(node);
      return LEAF;
    }
    if (Array.isArray(node)) return { kind: 'array', children: node.map(visit) };
    if (!isPlainObject(node)) return { kind: 'static', value: node };
    const keys = Object.keys(node);
    return { kind: 'object', keys, children: keys.map((key) => visit(node[key])) };
  };
  return { structure: visit(tree), leaves };
}

/** Rebuilds a tree from leaves in the order of `flatten`. */
export function unflatten(structure: Structure, leaves: readonly unknown[]): unknown {
  let next = 0;
  const build = (s: Structure): unknown => {
    switch (s.kind) {
      case 'leaf':
        return leaves[next++];
      case 'static':
        return s.value;
      case 'array':
        return s.children.map(build);
      case 'object':
        return Object.fromEntries(s.keys.map((key, i) => [key, build(s.children[i]!)]));
    }
  };
  const tree = build(structure);
  if (next !== leaves.length) throw new ChainruleError(`a tree of ${next} leaves was given ${leaves.length}`);
  return tree;
}

export const mapTree = <L>(
  tree: unknown,
  isLeaf: (x: unknown) => x is L,
  f: (leaf: L, i: number) => unknown,
): unknown => {
  const { leaves, structure } = flatten(tree, isLeaf);
  return unflatten(structure, leaves.map(f));
};

/** A key that is equal exactly for equal structures (static values by their text). */
export function structureKey(s: Structure): string {
  switch (s.kind) {
    case 'leaf':
      return '*';
    case 'static':
      return `<${typeof s.value}:${String(s.value)}>`;
    case 'array':
      return `[${s.children.map(structureKey).join()}]`;
    case 'object':
      return `{${s.keys.map((key, i) => `${JSON.stringify(key)}:${structureKey(s.children[i]!)}`).join()}}`;
  }
}
