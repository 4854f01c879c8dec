/** Products with something added: what layers are made of. */
import { checkOptions, OptionError, ShapeError, showShape, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { contract } from './families/contraction.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

/** [batch…, k] by weights [n, k] gives [batch…, n]; by weights [k], [batch…]. */
type LinearShape<X extends Shape, W extends Shape> = X extends readonly [...infer Batch extends Shape, number]
  ? W extends readonly [infer N extends number, number]
    ? [...Batch, N]
    : W extends readonly [number]
      ? Batch
      : Shape
  : Shape;

interface Linear {
  method<V extends Value, W extends AnyOperand>(
    this: V,
    weight: W,
    bias?: AnyOperand,
  ): Value<LinearShape<Of<V>, Of<W>>>;
  free<X extends AnyOperand, W extends AnyOperand>(
    x: X,
    weight: W,
    bias?: AnyOperand,
  ): Value<LinearShape<Of<X>, Of<W>>>;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/**
 * x·Wᵀ + b: inputs [batch…, k], weights [n, k] (or [k]), bias [n] (or none) give [batch…, n].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 * @throws ShapeError where the last axis of x is not the weight's last.
 * @example linear(x, layer.weight, layer.bias)
 */
export const linear: Op<Linear> = composite<Linear>(
  'linear',
  (a: Operand, w: Operand, b?: Operand | null): Value => {
    const given = b === undefined || b === null ? [a, w] : [a, w, b];
    const [x, weight, bias] = runtime.promoteAll('linear', given) as [Value, Value, Value?];
    const k = x.shape[x.rank - 1];
    if (weight.rank < 1 || weight.rank > 2 || k === undefined || k !== weight.shape[weight.rank - 1]) {
      throw new ShapeError(`inputs ${showShape(x.shape)} do not fit weights ${showShape(weight.shape)}`, {
        op: 'linear',
        shapes: [x.shape, weight.shape],
        hint: 'Weights are [outputs, inputs]; the last axis of x has the length "inputs".',
      });
    }
    const batch = range(x.rank - 1);
    const [inputs, outputs] = [x.rank, x.rank + 1];
    const y =
      weight.rank === 1
        ? contract(x, weight, { a: [...batch, inputs], b: [inputs], out: batch, as: 'linear' })
        : contract(x, weight, { a: [...batch, inputs], b: [outputs, inputs], out: [...batch, outputs], as: 'linear' });
    return bias === undefined ? y : y.add(bias);
  },
  {
    glyph: 'xWᵀ+b',
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [4, 3] }, { shape: [4] }], call: (x, w, b) => linear(x, w, b) },
      { inputs: [{ shape: [3] }, { shape: [4, 3] }], call: (x, w) => x.linear(w) },
      { inputs: [{ shape: [2, 2, 3] }, { shape: [1, 3] }, { shape: [1] }], call: (x, w, b) => linear(x, w, b) },
      { inputs: [{ shape: [2, 3] }, { shape: [3] }], call: (x, w) => linear(x, w) },
      { inputs: [{ shape: [0, 3] }, { shape: [2, 3] }], call: (x, w) => linear(x, w) },
    ],
    errors: [
      {
        call: () => linear(runtime.fill([2, 3], 0, 'float64'), runtime.fill([3, 4], 0, 'float64')),
        error: 'ShapeError',
        message: /linear: inputs \[2, 3\] do not fit weights \[3, 4\].*\[outputs, inputs\]/s,
      },
    ],
    gold: 'nn.functional.linear',
  },
);

interface Bilinear {
  method<V extends Value>(this: V, x2: AnyOperand, weight: AnyOperand, bias?: AnyOperand): Value<Shape>;
  free(x1: AnyOperand, x2: AnyOperand, weight: AnyOperand, bias?: AnyOperand): Value<Shape>;
}

/**
 * x₁ᵀ·Wₒ·x₂ + bₒ for each output o: [batch…, m], [batch…, n], weights [o, m, n], bias [o] (or none) give [batch…, o].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 * @throws ShapeError where the axes do not fit.
 * @example bilinear(zeros([8, 3]), zeros([8, 4]), zeros([5, 3, 4])) // [8, 5]
 */
export const bilinear: Op<Bilinear> = composite<Bilinear>(
  'bilinear',
  (a: Operand, c: Operand, w: Operand, b?: Operand | null): Value => {
    const given = b === undefined || b === null ? [a, c, w] : [a, c, w, b];
    const [x, y, weight, bias] = runtime.promoteAll('bilinear', given) as [Value, Value, Value, Value?];
    requireBilinear(x, y, weight);
    const batch = range(x.rank - 1);
    const [o, m, n] = [x.rank, x.rank + 1, x.rank + 2];
    const half = contract(x, weight, { a: [...batch, m], b: [o, m, n], out: [...batch, o, n], as: 'bilinear' });
    const z = contract(half, y, { a: [...batch, o, n], b: [...batch, n], out: [...batch, o], as: 'bilinear' });
    return bias === undefined ? z : z.add(bias);
  },
  {
    glyph: 'xWy+b',
    samples: [
      {
        inputs: [{ shape: [2, 3] }, { shape: [2, 2] }, { shape: [4, 3, 2] }, { shape: [4] }],
        call: (x, y, w, b) => bilinear(x, y, w, b),
      },
      { inputs: [{ shape: [3] }, { shape: [2] }, { shape: [1, 3, 2] }], call: (x, y, w) => x.bilinear(y, w) },
    ],
    errors: [
      {
        call: () =>
          bilinear(
            runtime.fill([2], 0, 'float64'),
            runtime.fill([2], 0, 'float64'),
            runtime.fill([1, 2, 3], 0, 'float64'),
          ),
        error: 'ShapeError',
        message: /bilinear: \[2\] and \[2\] do not fit weights \[1, 2, 3\]/,
      },
    ],
    gold: 'nn.functional.bilinear',
  },
);

function requireBilinear(x: Value, y: Value, weight: Value): void {
  const [, m, n] = weight.shape;
  const sameBatch = x.rank === y.rank && x.shape.slice(0, -1).every((length, i) => length === y.shape[i]);
  if (weight.rank === 3 && x.rank > 0 && sameBatch && x.shape[x.rank - 1] === m && y.shape[y.rank - 1] === n) return;
  throw new ShapeError(`${showShapes([x.shape, y.shape])} do not fit weights ${showShape(weight.shape)}`, {
    op: 'bilinear',
    shapes: [x.shape, y.shape, weight.shape],
    hint: 'Operands are [batch…, m] and [batch…, n] with one batch, weights [outputs, m, n].',
  });
}

export interface AddmmOptions {
  /** Factor of the input; 0 ignores it, NaNs too. Default 1. */
  readonly beta?: number;
  /** Factor of the product. Default 1. */
  readonly alpha?: number;
}

interface Addmm {
  method<V extends Value>(this: V, a: AnyOperand, b: AnyOperand, options?: AddmmOptions): Value<Shape>;
  free<V extends AnyOperand>(x: V, a: AnyOperand, b: AnyOperand, options?: AddmmOptions): Value<Shape>;
}

const scaled = (x: Value, factor: number): Value => (factor === 1 ? x : x.mul(factor));

/**
 * β·x + α·(a·b) for matrices a and b; x broadcasts to the product.
 * https://docs.pytorch.org/docs/stable/generated/torch.addmm.html
 * @throws ShapeError unless a and b are matrices that fit; OptionError for factors that are no numbers.
 * @example addmm(bias, a, b, { alpha: 0.5 })
 */
export const addmm: Op<Addmm> = composite<Addmm>(
  'addmm',
  (input: Operand, p: Operand, q: Operand, options?: AddmmOptions): Value => {
    checkOptions('addmm', options, ['beta', 'alpha']);
    const { beta = 1, alpha = 1 } = options ?? {};
    for (const [option, factor] of Object.entries({ beta, alpha })) {
      if (typeof factor !== 'number') throw new OptionError(`${option} must be a number`, { op: 'addmm', option });
    }
    const [x, a, b] = runtime.promoteAll('addmm', [input, p, q]) as [Value, Value, Value];
    if (a.rank !== 2 || b.rank !== 2) {
      throw new ShapeError(`multiplies two matrices, got ${showShapes([a.shape, b.shape])}`, {
        op: 'addmm',
        shapes: [a.shape, b.shape],
        hint: 'For batches use x.add(a.matmul(b)).',
      });
    }
    const product = scaled(a.matmul(b), alpha);
    const shape = product.shape;
    return beta === 0 ? product : scaled(x, beta).broadcastTo(shape).add(product);
  },
  {
    glyph: 'βx+αab',
    samples: [
      {
        inputs: [{ shape: [2, 4] }, { shape: [2, 3] }, { shape: [3, 4] }],
        call: (x, a, b) => x.addmm(a, b, { beta: 0.5, alpha: 2 }),
      },
      { inputs: [{ shape: [1] }, { shape: [2, 3] }, { shape: [3, 2] }], call: (x, a, b) => x.addmm(a, b) },
      { inputs: [{ shape: [] }, { shape: [2, 0] }, { shape: [0, 2] }], call: (x, a, b) => x.addmm(a, b, { beta: 0 }) },
    ],
    errors: [
      {
        call: () =>
          runtime.fill([], 0, 'float64').addmm(runtime.fill([2], 0, 'float64'), runtime.fill([2], 0, 'float64')),
        error: 'ShapeError',
        message: /addmm: multiplies two matrices, got \[2\] and \[2\]/,
      },
    ],
    gold: 'addmm',
  },
);
