/** vmap: a function of single examples becomes one of whole batches. */
import { AxisError, checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { normalizeAxis } from '../base/shapes.ts';
import { isPlainObject, unflatten } from '../base/trees.ts';
import { traceFlat } from '../program/trace.ts';
import type { Instruction, Program, Var } from '../program/program.ts';
import { apply } from '../value/apply.ts';
import { noGrad, requireFunction } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { fromTree, toTree } from './arguments.ts';
import type { AnyFunction, AnyParameters, LiftedAll, Reshaped, ReshapedAll } from './signatures.ts';

/** Where the batch axis is: an axis, null for "not batched", or a tree of them matching the argument or result. */
export type Axes = number | null | readonly Axes[] | { readonly [key: string]: Axes };

export interface VmapOptions {
  /** For all arguments (default 0), or one entry for each. */
  readonly inAxes?: number | readonly Axes[];
  /** For all results (default 0), or a tree of them. */
  readonly outAxes?: Axes;
}

const isAxis = (x: unknown): x is number | null => x === null || typeof x === 'number';

/** One axis for each leaf: a single axis stands for the whole tree. */
function axesOf(axes: Axes, tree: unknown, option: string): (number | null)[] {
  if (isAxis(axes)) return toTree(tree, 'vmap').leaves.map(() => axes);
  if (typeof axes !== 'object') {
    throw new OptionError(`${option} takes axes, null, or trees of them, got ${JSON.stringify(axes) ?? 'undefined'}`, {
      op: 'vmap',
      option,
    });
  }
  if (Array.isArray(axes) !== Array.isArray(tree) || !(Array.isArray(tree) || isPlainObject(tree))) {
    throw new OptionError(`${option} has another structure than what it describes`, { op: 'vmap', option });
  }
  const entries = axes as Readonly<Record<string, Axes>>;
  const children = tree as Readonly<Record<string, unknown>>;
  const keys = Object.keys(children);
  const surplus = Object.keys(entries).find((key) => !keys.includes(key));
  const missing = keys.find((key) => entries[key] === undefined);
  if (surplus !== undefined || missing !== undefined) {
    const what = missing === undefined ? `an entry for ${surplus}, which is not there` : `no entry for ${missing}`;
    throw new OptionError(`${option} has ${what}`, { op: 'vmap', option });
  }
  return keys.flatMap((key) => axesOf(entries[key]!, children[key], option));
}

/** The axis moved to another place, the others keeping their order. */
function moveAxis(x: Value, from: number, to: number): Value {
  if (from === to) return x;
  const rest = x.shape.map((_, i) => i).filter((i) => i !== from);
  rest.splice(to, 0, from);
  return x.permute(rest);
}

interface Batch {
  readonly values: readonly Value[];
  readonly batched: readonly boolean[];
  readonly size: number;
}

function toFront(leaves: readonly Value[], axes: readonly (number | null)[]): Batch {
  let size = -1;
  const values = leaves.map((x, i) => {
    const axis = axes[i]!;
    if (axis === null) return x;
    if (x.rank === 0) {
      throw new AxisError(`axis ${axis} is out of range: argument leaf ${i} is a scalar`, {
        op: 'vmap',
        axis,
        hint: 'Say null for it: vmap(f, { inAxes: [0, null] }).',
      });
    }
    const at = normalizeAxis('vmap', axis, x.rank, x.shape);
    if (size >= 0 && x.shape[at] !== size) {
      throw new ShapeError(
        `batch axes differ: ${size} and ${x.shape[at]} (argument leaf ${i}, ${showShape(x.shape)})`,
        { op: 'vmap', shapes: [x.shape], axis: at },
      );
    }
    size = x.shape[at]!;
    return moveAxis(x, at, 0);
  });
  if (size < 0)
    throw new OptionError('no argument is batched', {
      op: 'vmap',
      option: 'inAxes',
      hint: 'At least one entry must be an axis.',
    });
  return { values, batched: axes.map((axis) => axis !== null), size };
}

interface Operand {
  readonly value: Value;
  readonly batched: boolean;
}

function runBatched(
  { primitive, attrs, differentiable }: Instruction,
  operands: readonly Operand[],
  size: number,
): Operand[] {
  const inputs = operands.map(({ value }) => value);
  const flags = operands.map(({ batched }) => batched);
  const batched = flags.includes(true) || primitive.effect !== null;
  const run = (): readonly Value[] =>
    batched ? primitive.batch(inputs, flags, size, attrs) : apply(primitive, inputs, attrs);
  return (differentiable ? run() : noGrad(run)).map((value) => ({ value, batched }));
}

/** Runs a Program on operands of which some have a leading batch axis; all results have one. */
export const interpretBatched = (program: Program, batch: Batch): Value[] =>
  interpretOperands(program, batch).map((result) => fullBatch(result, batch.size));

const fullBatch = ({ value, batched }: Operand, size: number): Value =>
  batched ? value : value.broadcastTo([size, ...value.shape]);

/** The same; results that do not depend on the batch are single ones. */
function interpretOperands(program: Program, { values, batched, size }: Batch): Operand[] {
  const environment = new Map<Var, Operand>();
  program.inputs.forEach((v, i) => environment.set(v, { value: values[i]!, batched: batched[i]! }));
  program.captures.forEach(({ variable, value }) => environment.set(variable, { value, batched: false }));
  for (const instruction of program.instructions) {
    const results = runBatched(
      instruction,
      instruction.inputs.map((v) => environment.get(v)!),
      size,
    );
    instruction.outputs.forEach((v, i) => environment.set(v, results[i]!));
  }
  return program.outputs.map((v) => environment.get(v)!);
}

/**
 * f mapped over a batch axis of its arguments, without a loop: f is traced once on single examples, and every op is
 * replaced by its batched form. Composes with grad, jvp, jacobian, itself.
 * @throws TraceError if f reads a number; ShapeError if batch axes differ.
 * @example vmap((x) => x.mul(x).sum())(value([[1, 2], [3, 4]])) // [5, 25]
 */
export function vmap<A extends Value[], R>(
  f: (...args: A) => R,
  options?: VmapOptions,
): (...args: LiftedAll<ReshapedAll<A>>) => Reshaped<R>;
export function vmap<A extends AnyParameters, R>(
  f: (...args: A) => R,
  options?: VmapOptions,
): (...args: LiftedAll<ReshapedAll<A>>) => Reshaped<R>;
export function vmap(f: AnyFunction, options?: VmapOptions): (...args: unknown[]) => unknown {
  requireFunction(f, 'vmap');
  checkOptions('vmap', options, ['inAxes', 'outAxes']);
  const { inAxes = 0, outAxes = 0 } = options ?? {};
  return (...args) => {
    const { leaves, structure } = toTree(args, 'vmap');
    if (Array.isArray(inAxes) && inAxes.length !== args.length) {
      throw new OptionError(`inAxes has ${inAxes.length} entries for ${args.length} arguments`, {
        op: 'vmap',
        option: 'inAxes',
      });
    }
    const batch = toFront(leaves, axesOf(inAxes, args, 'inAxes'));
    const avals = batch.values.map((x, i) => ({
      shape: batch.batched[i] ? x.shape.slice(1) : x.shape,
      dtype: x.dtype,
    }));
    const program = traceFlat('vmap', (...xs) => f(...(unflatten(structure, xs) as unknown[])), avals);
    const results = interpretOperands(program, batch);
    const skeleton = fromTree(
      program.result,
      results.map(({ value }) => value),
    );
    const places = axesOf(outAxes, skeleton, 'outAxes');
    return fromTree(
      program.result,
      results.map((result, i) => placed(result, places[i]!, batch.size)),
    );
  };
}

/** A result with its batch axis where it is wanted; for null there must be none. */
function placed(result: Operand, axis: number | null, size: number): Value {
  if (axis !== null) {
    const y = fullBatch(result, size);
    return moveAxis(y, 0, normalizeAxis('vmap', axis, y.rank, y.shape));
  }
  if (!result.batched) return result.value;
  throw new OptionError('outAxes is null for a result that depends on the batch', {
    op: 'vmap',
    option: 'outAxes',
    hint: 'Give the axis where its batch goes, or reduce the result of vmap.',
  });
}
