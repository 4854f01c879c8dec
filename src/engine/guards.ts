/** What a cached Program relies on, checked before each call; and what two Programs differ in, told to people. */
import type { DType } from '../base/dtypes.ts';
import { showShape } from '../base/errors.ts';
import { sameShape, type Shape } from '../base/shapes.ts';
import { structureKey, type Structure } from '../base/trees.ts';
import type { Effect } from '../program/program.ts';
import { gradStateOf, type Facts, type GradState } from '../value/lifting.ts';
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
}

export const leafKindOf = ({ shape, dtype, _requiresGrad }: Value): LeafKind => ({
  shape,
  dtype,
  requiresGrad: _requiresGrad,
});

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

/** Facts in arrays, which are faster to go through. */
export interface Checks {
  readonly cells: readonly Value[];
  readonly requiresGrad: readonly boolean[];
  readonly gradLeaves: readonly Value[];
  readonly grads: readonly GradState[];
  readonly argumentGrads: readonly (readonly [position: number, grad: GradState])[];
  readonly leaves: readonly number[];
  readonly flags: Facts['flags'];
  readonly constants: readonly (readonly [cell: Value, snapshot: Value])[];
  readonly aliases: Facts['aliases'];
  readonly written: readonly Names[];
}

/** By which names the function knows something that it writes: under any other one it would not see what is written. */
interface Names {
  /** The cell, or the position of the argument. */
  readonly target: Value | number;
  readonly positions: readonly number[];
  readonly cells: readonly Value[];
}

function namesOf(target: Value | number, { aliases }: Facts): Names {
  if (typeof target !== 'number') return { target, positions: [], cells: [target] };
  return {
    target,
    positions: [target, ...aliases.filter(({ same }) => same === target).map(({ position }) => position)],
    cells: aliases.flatMap(({ position, same }) => (position === target && typeof same !== 'number' ? [same] : [])),
  };
}

export function checksOf(facts: Facts, effects: readonly Effect[]): Checks {
  const targets = new Set(effects.map(({ target }) => target));
  return {
    cells: [...facts.cells.keys()],
    requiresGrad: [...facts.cells.values()],
    gradLeaves: [...facts.grads.keys()],
    grads: [...facts.grads.values()],
    argumentGrads: [...facts.argumentGrads],
    leaves: [...facts.leaves],
    flags: facts.flags,
    constants: [...facts.constants],
    aliases: facts.aliases,
    written: [...targets].map((target) => namesOf(target, facts)),
  };
}

/** Whether what the function relied on holds still. */
export function hold(checks: Checks, leaves: readonly Value[]): boolean {
  const { cells, requiresGrad, gradLeaves, grads, flags, constants, argumentGrads } = checks;
  for (let i = 0; i < cells.length; i++) if (cells[i]!._requiresGrad !== requiresGrad[i]) return false;
  for (let i = 0; i < grads.length; i++) if (gradStateOf(gradLeaves[i]!) !== grads[i]) return false;
  for (const { owner, name, value } of flags) if (flagOf(owner, name) !== value) return false;
  for (const [cell, snapshot] of constants) if ((cell._twin ?? cell) !== snapshot) return false;
  for (const [position, grad] of argumentGrads) if (gradStateOf(leaves[position]!) !== grad) return false;
  for (const position of checks.leaves) if (!leaves[position]!._isCell) return false;
  return haveTheirNames(checks, leaves);
}

const flagOf = (owner: object, name: string): unknown => (owner as Record<string, unknown>)[name];

/** Whether arguments that are cells are the same ones, among each other and with captured ones, as they were. */
function haveTheirNames({ aliases, written, cells, gradLeaves }: Checks, leaves: readonly Value[]): boolean {
  for (const { position, same } of aliases) {
    if (leaves[position] !== (typeof same === 'number' ? leaves[same] : same)) return false;
  }
  if (leaves.length === 0) return true;
  for (const names of written) {
    const x = typeof names.target === 'number' ? leaves[names.target]! : names.target;
    for (let i = 0; i < leaves.length; i++) if (leaves[i] === x && !names.positions.includes(i)) return false;
    if (typeof names.target !== 'number') continue;
    if ((cells.includes(x) || gradLeaves.includes(x)) && !names.cells.includes(x)) return false;
  }
  return true;
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
