/** Whole matrices of derivatives: jacobian, hessian, and the product of a Hessian with a vector. */
import { isFloat } from '../base/dtypes.ts';
import { checkOptions, OptionError } from '../base/errors.ts';
import { sizeOf } from '../base/shapes.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Structure } from '../base/trees.ts';
import { noGrad, requireFunction } from '../value/recording.ts';
import { eye } from '../value/create.ts';
import { immediate, type Value } from '../value/value.ts';
import { fromTree } from './arguments.ts';
import { vmap } from './batch.ts';
import { jvp, pushForward } from './forward.ts';
import { grad, linearise, positionsOf, pullBackFull, treesOf } from './reverse.ts';
import type { AnyFunction, AnyParameters, Blocks, Cotangents, Lifted, LiftedAll, Values } from './signatures.ts';

export interface JacobianOptions {
  /** `reverse` (default) costs one pass per output element, `forward` one per input element. */
  readonly mode?: 'forward' | 'reverse';
  readonly argnums?: number | readonly number[];
}

export interface HessianOptions {
  readonly argnums?: number | readonly number[];
}

/** One-hot Values, one for each element of x, along a leading axis. */
const basis = (x: Value): Value => {
  const n = sizeOf(x.shape);
  return eye(n, null, { dtype: x.dtype }).reshape<Value, Shape>([n, ...x.shape]);
};

const blockShape = (y: Value, x: Value): number[] => [...y.shape, ...x.shape];

/** Rows: for each output, pull all one-hot cotangents back together. */
function byRows(ys: readonly Value[], xs: readonly Value[]): Value[][] {
  return ys.map((y) => {
    const pull = (g: Value): Value[] => pullBackFull([y], [g], xs);
    const rows = vmap(pull)(basis(y)) as Value[];
    return rows.map((block, j) => block.reshape<Value, Shape>(blockShape(y, xs[j]!)));
  });
}

/** Columns: for each input, push all one-hot tangents forward together. */
function byColumns(ys: readonly Value[], xs: readonly Value[]): Value[][] {
  const columns = xs.map((x, j) => {
    const push = (t: Value): Value[] =>
      pushForward(
        ys,
        xs,
        xs.map((_, i) => (i === j ? t : undefined)),
      ).map((out, i) => out ?? immediate(ys[i]!.shape, isFloat(ys[i]!.dtype) ? ys[i]!.dtype : x.dtype, 0));
    const blocks = vmap(push)(basis(x)) as Value[];
    return blocks.map((block, i) => {
      const rank = ys[i]!.rank;
      const axes = [...Array.from({ length: rank }, (_, k) => k + 1), 0];
      return block.permute(axes).reshape<Value, Shape>(blockShape(ys[i]!, x));
    });
  });
  return ys.map((_, i) => columns.map((blocks) => blocks[i]!));
}

/**
 * The Jacobian of f: for each output and input, a block of shape [...output, ...input], in the structure of the
 * result and, inside, of the argument (an array for several `argnums`).
 * @example jacobian((x) => x.mul(x))(value([1, 2])) // [[2, 0], [0, 4]]
 */
export function jacobian<A extends Value[], R, const O extends JacobianOptions = JacobianOptions>(
  f: (...args: A) => R,
  options?: O,
): (...args: LiftedAll<A>) => Blocks<R, Cotangents<A, O>>;
export function jacobian<A extends AnyParameters, R, const O extends JacobianOptions = JacobianOptions>(
  f: (...args: A) => R,
  options?: O,
): (...args: LiftedAll<A>) => Blocks<R, Cotangents<A, O>>;
export function jacobian(f: AnyFunction, options?: JacobianOptions): (...args: unknown[]) => unknown {
  requireFunction(f, 'jacobian');
  checkOptions('jacobian', options, ['mode', 'argnums']);
  const mode = options?.mode ?? 'reverse';
  if (mode !== 'forward' && mode !== 'reverse') {
    throw new OptionError(`mode is 'forward' or 'reverse', not ${JSON.stringify(mode)}`, {
      op: 'jacobian',
      option: 'mode',
    });
  }
  return (...args) => {
    const argnums = options?.argnums ?? 0;
    const positions = positionsOf('jacobian', { argnums }, args.length);
    const { results, structure, aliases, argumentTrees, wanted } = linearise('jacobian', f, args, positions);
    const compute = (): Value[][] => (mode === 'reverse' ? byRows(results, aliases) : byColumns(results, aliases));
    const blocks = wanted ? compute() : noGrad(compute);
    return fromTree(
      structure,
      blocks.map((row) => blockTree(argumentTrees, row, argnums)),
    );
  };
}

const blockTree = (
  trees: readonly Structure[],
  row: readonly Value[],
  argnums: number | readonly number[],
): unknown => {
  const built = treesOf(trees, row);
  return typeof argnums === 'number' ? built[0] : built;
};

/**
 * The Hessian of a scalar function, by forward over reverse: shape [...x, ...x].
 * @example hessian((x) => x.mul(x).sum())(value([1, 2])) // [[2, 0], [0, 2]]
 */
export function hessian<A extends Value[], const O extends HessianOptions = HessianOptions>(
  f: (...args: A) => unknown,
  options?: O,
): (...args: LiftedAll<A>) => Blocks<Cotangents<A, O>, Cotangents<A, O>>;
export function hessian<A extends AnyParameters, const O extends HessianOptions = HessianOptions>(
  f: (...args: A) => unknown,
  options?: O,
): (...args: LiftedAll<A>) => Blocks<Cotangents<A, O>, Cotangents<A, O>>;
export function hessian(f: AnyFunction, options?: HessianOptions): (...args: unknown[]) => unknown {
  requireFunction(f, 'hessian');
  checkOptions('hessian', options, ['argnums']);
  const argnums = options?.argnums ?? 0;
  const blocks = jacobian(grad(f, { argnums }), { mode: 'forward', argnums }) as AnyFunction;
  return (...args) => {
    positionsOf('hessian', { argnums }, args.length);
    return blocks(...args);
  };
}

/**
 * The Hessian of f at x times v, without the Hessian: the derivative of the gradient along v.
 * @example hvp((x) => x.mul(x).mul(x).sum(), value([1, 2]), value([1, 0])) // [6, 0]
 */
export function hvp<A extends Value[]>(f: (...args: A) => unknown, x: Lifted<A[0]>, v: Lifted<A[0]>): Values<A[0]>;
export function hvp<A extends AnyParameters>(
  f: (...args: A) => unknown,
  x: Lifted<A[0]>,
  v: Lifted<A[0]>,
): Values<A[0]>;
export function hvp(f: AnyFunction, x: unknown, v: unknown): unknown {
  requireFunction(f, 'hvp');
  const gradient: AnyFunction = grad(f);
  return jvp(gradient, [x], [v])[1];
}
