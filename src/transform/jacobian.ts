/** Whole matrices of derivatives: jacobian, hessian, and the product of a Hessian with a vector. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { sizeOf } from '../base/shapes.ts';
import type { Structure } from '../base/trees.ts';
import { noGrad } from '../value/recording.ts';
import { eye } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { fromTree } from './arguments.ts';
import { vmap } from './batch.ts';
import { jvp, pushForward } from './forward.ts';
import { grad, linearise, positionsOf, pullBackFull, treesOf, type AnyFunction } from './reverse.ts';

export interface JacobianOptions {
  /** `reverse` (default) costs one pass per output element, `forward` one per input element. */
  readonly mode?: 'forward' | 'reverse';
  readonly argnums?: number | readonly number[];
}

/** One-hot Values, one for each element of x, along a leading axis. */
const basis = (x: Value): Value => {
  const n = sizeOf(x.shape);
  return eye(n, null, { dtype: x.dtype }).reshape([n, ...x.shape]) as Value;
};

const blockShape = (y: Value, x: Value): number[] => [...y.shape, ...x.shape];

/** Rows: for each output, pull all one-hot cotangents back together. */
function byRows(ys: readonly Value[], xs: readonly Value[]): Value[][] {
  return ys.map((y) => {
    const pull = (g: Value): Value[] => pullBackFull([y], [g], xs);
    const rows = vmap(pull)(basis(y)) as Value[];
    return rows.map((block, j) => block.reshape(blockShape(y, xs[j]!)) as Value);
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
      ).map((out, i) => out ?? ys[i]!.stopGradient().mul(0));
    const blocks = vmap(push)(basis(x)) as Value[];
    return blocks.map((block, i) => {
      const rank = ys[i]!.rank;
      const axes = [...Array.from({ length: rank }, (_, k) => k + 1), 0];
      return block.permute(axes).reshape(blockShape(ys[i]!, x)) as Value;
    });
  });
  return ys.map((_, i) => columns.map((blocks) => blocks[i]!));
}

/**
 * The Jacobian of f: for each output and input, a block of shape [...output, ...input], in the structure of the
 * result and, inside, of the argument (an array for several `argnums`).
 * @example jacobian((x) => x.mul(x))(value([1, 2])) // [[2, 0], [0, 4]]
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- of the structure of f's result
export function jacobian(f: AnyFunction, options?: JacobianOptions): (...args: any[]) => any {
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
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- of the structure of f's argument
export function hessian(
  f: AnyFunction,
  options?: { readonly argnums?: number | readonly number[] },
): (...args: any[]) => any {
  checkOptions('hessian', options, ['argnums']);
  const argnums = options?.argnums ?? 0;
  return jacobian(grad(f, { argnums }), { mode: 'forward', argnums });
}

/**
 * The Hessian of f at x times v, without the Hessian: the derivative of the gradient along v.
 * @example hvp((x) => x.mul(x).mul(x).sum(), value([1, 2]), value([1, 0])) // [6, 0]
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- of the structure of x
export function hvp(f: AnyFunction, x: any, v: any): any {
  return jvp(grad(f), [x], [v])[1];
}
