/** What a cached Program relies on, checked before each call; and what two Programs differ in, told to people. */
import type { DType } from '../base/dtypes.ts';
import { showShape } from '../base/errors.ts';
import { sameShape, type Shape } from '../base/shapes.ts';
import { structureKey, type Structure } from '../base/trees.ts';
import type { Effect } from '../program/program.ts';
import { gradStateOf, type Facts } from '../value/lifting.ts';
import type { Value } from '../value/value.ts';

/** What is known of an argument's leaf. */
export interface LeafKind {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly requiresGrad: boolean;
}

/** Everything that a Program is specific to. */
export interface Key {
  /** Of the arguments. */
  readonly structure: Structure;
  readonly leaves: readonly LeafKind[];
  /** Whether gradients were recorded. */
  readonly gradients: boolean;
  readonly defaultDtype: DType;
  readonly facts: Facts;
  /** Positions of arguments that are written and were no cell which the function knew otherwise. */
  readonly distinct: readonly number[];
}

export const leafKindOf = ({ shape, dtype, _requiresGrad }: Value): LeafKind => ({
  shape,
  dtype,
  requiresGrad: _requiresGrad,
});

/** Arguments that are written and must not be another one, or a captured cell, under another name. */
export const distinctArguments = (effects: readonly Effect[], facts: Facts): readonly number[] => [
  ...new Set(
    effects.flatMap(({ target }) =>
      typeof target === 'number' && !facts.aliases.some(({ position, same }) => position === target || same === target)
        ? [target]
        : [],
    ),
  ),
];

/** Whether leaves are of the kinds that the Program takes. */
export function fitLeaves(leaves: readonly Value[], kinds: readonly LeafKind[]): boolean {
  if (leaves.length !== kinds.length) return false;
  for (let i = 0; i < leaves.length; i++) {
    const [x, kind] = [leaves[i]!, kinds[i]!];
    if (x.dtype !== kind.dtype || x._requiresGrad !== kind.requiresGrad) return false;
    if (x.shape !== kind.shape && !sameShape(x.shape, kind.shape)) return false;
    // A Value that is left over from a trace has no numbers.
    if (x._content === null && !x._isCell) return false;
  }
  return true;
}

/** Whether what the function relied on holds still. */
export function hold({ facts, distinct }: Pick<Key, 'facts' | 'distinct'>, leaves: readonly Value[]): boolean {
  for (const [cell, requiresGrad] of facts.cells) if (cell._requiresGrad !== requiresGrad) return false;
  for (const [cell, state] of facts.grads) if (gradStateOf(cell) !== state) return false;
  for (const [position, state] of facts.argumentGrads) if (gradStateOf(leaves[position]!) !== state) return false;
  for (const position of facts.leaves) if (!leaves[position]!._isCell) return false;
  for (const { owner, name, value } of facts.flags) if (flagOf(owner, name) !== value) return false;
  for (const [cell, snapshot] of facts.constants) if ((cell._twin ?? cell) !== snapshot) return false;
  for (const { position, same } of facts.aliases) {
    if (leaves[position] !== (typeof same === 'number' ? leaves[same] : same)) return false;
  }
  for (const position of distinct) if (hasOtherName(position, leaves, facts)) return false;
  return true;
}

const flagOf = (owner: object, name: string): unknown => (owner as Record<string, unknown>)[name];

function hasOtherName(position: number, leaves: readonly Value[], { cells }: Facts): boolean {
  const x = leaves[position]!;
  if (cells.has(x)) return true;
  for (let i = 0; i < leaves.length; i++) if (i !== position && leaves[i] === x) return true;
  return false;
}

// Telling ----------------------------------------------------------------------------------------------------------

/** Where each leaf of the arguments is: `argument 1.weights[0]`. */
function pathsOf(structure: Structure): string[] {
  const paths: string[] = [];
  const visit = (s: Structure, path: string): void => {
    if (s.kind === 'leaf') paths.push(path);
    if (s.kind === 'array') s.children.forEach((child, i) => visit(child, `${path}[${i}]`));
    if (s.kind === 'object') s.children.forEach((child, i) => visit(child, `${path}.${s.keys[i]!}`));
  };
  if (structure.kind === 'array') structure.children.forEach((child, i) => visit(child, `argument ${i}`));
  return paths;
}

const changed = (what: string, before: unknown, after: unknown): string | null =>
  before === after ? null : `${what} was ${String(before)}, then ${String(after)}`;

function leafChange(before: LeafKind, after: LeafKind, path: string): string | null {
  return (
    changed(`the shape of ${path}`, showShape(before.shape), showShape(after.shape)) ??
    changed(`the dtype of ${path}`, before.dtype, after.dtype) ??
    changed(`requiresGrad of ${path}`, before.requiresGrad, after.requiresGrad)
  );
}

const nameOf = (cell: Value): string => cell.label ?? `a cell of shape ${showShape(cell.shape)}`;

function factChange(before: Facts, after: Facts): string | null {
  for (const { owner, name, value } of before.flags) {
    const now = after.flags.find((flag) => flag.owner === owner && flag.name === name);
    const change = now && changed(`${owner.constructor.name}.${name}`, value, now.value);
    if (change) return change;
  }
  for (const [cell, state] of before.grads) {
    const now = after.grads.get(cell);
    if (now !== undefined && now !== state) return changed(`the .grad of ${nameOf(cell)}`, state, now);
  }
  for (const [position, state] of before.argumentGrads) {
    const now = after.argumentGrads.get(position);
    if (now !== undefined && now !== state) return changed(`the .grad of argument leaf ${position}`, state, now);
  }
  for (const [cell, requires] of before.cells) {
    const now = after.cells.get(cell);
    if (now !== undefined && now !== requires) return changed(`requiresGrad of ${nameOf(cell)}`, requires, now);
  }
  for (const [cell, snapshot] of before.constants) {
    if ((cell._twin ?? cell) !== snapshot) return `${nameOf(cell)}, made in the function, was assigned outside of it`;
  }
  return null;
}

/** Why the second was compiled although there was the first. */
export function differenceBetween(before: Key, after: Key): string {
  const structures =
    structureKey(before.structure) === structureKey(after.structure)
      ? null
      : 'the arguments had another structure, or other values beside Values and numbers';
  if (structures !== null) return structures;
  const paths = pathsOf(after.structure);
  const leaf = before.leaves
    .map((kind, i) => leafChange(kind, after.leaves[i]!, paths[i]!))
    .find((change) => change !== null);
  return (
    leaf ??
    changed('recording of gradients', before.gradients, after.gradients) ??
    changed('the default dtype', before.defaultDtype, after.defaultDtype) ??
    factChange(before.facts, after.facts) ??
    'arguments were other objects: functions, modules, or cells that the function knows by another name'
  );
}
