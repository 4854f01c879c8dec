/** Vectors brought to length 1, and how far vectors are apart. */
import type { Shape } from '../base/shape-types.ts';
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { alongAxis } from './families/along-axis.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { composite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

function checkEps(name: string, eps: number): number {
  if (typeof eps === 'number' && eps >= 0) return eps;
  throw new OptionError(`eps must be a number ≥ 0, got ${String(eps)}`, { op: name, option: 'eps' });
}

/** x, where it is below `least` that; NaN stays. */
const atLeast = (x: Value, least: number): Value => runtime.fill(x.shape, least, x.dtype).where(x.lt(least), x);

// normalize --------------------------------------------------------------------------------------------------------

export interface NormalizeOptions {
  /** The order of the norm; default 2. */
  readonly p?: number;
  /** Default 1. */
  readonly axis?: number;
  /** Shorter vectors are divided by this; default 1e-12. */
  readonly eps?: number;
}

interface Normalize {
  method<V extends Value>(this: V, options?: NormalizeOptions): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, options?: NormalizeOptions): Value<Of<V>>;
}

/**
 * x / max(‖x‖ₚ, eps) along an axis (default 1): vectors of length 1.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.normalize.html
 * @throws AxisError where there is no such axis.
 * @example value([[3, 4]]).normalize() // [[0.6, 0.8]]
 */
export const normalize: Op<Normalize> = composite<Normalize>(
  'normalize',
  (operand: Operand, options?: NormalizeOptions): Value => {
    checkOptions('normalize', options, ['p', 'axis', 'eps']);
    const eps = checkEps('normalize', options?.eps ?? 1e-12);
    return alongAxis('normalize', runtime.lift(operand, 'normalize'), options?.axis ?? 1, (x, axis) =>
      x.div(atLeast(x.vectorNorm(options?.p ?? 2, axis, { keepDims: true }), eps)),
    );
  },
  {
    glyph: 'x/‖x‖',
    samples: [
      { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => x.normalize() },
      { inputs: [{ shape: [2, 3], except: [0] }], call: (x) => x.normalize({ p: 1, axis: 0 }) },
      { inputs: [{ shape: [2, 3], min: 0.2 }], call: (x) => x.normalize({ p: 3, axis: -1, eps: 0.1 }) },
      { inputs: [{ shape: [3], min: 0.1, max: 1 }], call: (x) => x.normalize({ axis: 0, eps: 10 }) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 1, 'float64').normalize(),
        error: 'AxisError',
        message: /normalize: axis 1 is out of range for shape \[2\]/,
      },
      {
        call: () => runtime.fill([2], 1, 'float64').normalize({ axis: 0, eps: -1 }),
        error: 'OptionError',
        message: /normalize: eps must be a number ≥ 0/,
      },
    ],
    gold: 'nn.functional.normalize',
  },
);

// cosineSimilarity -------------------------------------------------------------------------------------------------

export interface CosineSimilarityOptions {
  /** Default 1. */
  readonly axis?: number;
  /** Shorter vectors are divided by this; default 1e-8. */
  readonly eps?: number;
}

interface CosineSimilarity {
  method<V extends Value, W extends AnyOperand>(this: V, other: W, options?: CosineSimilarityOptions): Value<Shape>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W, options?: CosineSimilarityOptions): Value<Shape>;
}

/**
 * The cosine of the angle between vectors along an axis (default 1) of the broadcast operands: Σ x·y / (‖x‖ ‖y‖), each
 * norm at least eps.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 * @throws ShapeError where the operands do not broadcast; AxisError where there is no such axis.
 * @example value([1, 0]).cosineSimilarity(value([1, 1]), { axis: 0 }) // 0.7071
 */
export const cosineSimilarity: Op<CosineSimilarity> = composite<CosineSimilarity>(
  'cosineSimilarity',
  (a: Operand, b: Operand, options?: CosineSimilarityOptions): Value => {
    checkOptions('cosineSimilarity', options, ['axis', 'eps']);
    const eps = checkEps('cosineSimilarity', options?.eps ?? 1e-8);
    const [x, y] = runtime.fit('cosineSimilarity', [a, b], 'float') as [Value, Value];
    const unit = (v: Value, axis: number): Value => v.div(atLeast(v.vectorNorm(2, axis, { keepDims: true }), eps));
    // Both have the same shape, so what alongAxis checks and reshapes for x holds for y.
    return alongAxis('cosineSimilarity', x, options?.axis ?? 1, (v, axis) =>
      unit(v, axis)
        .mul(unit(y.reshape(v.shape), axis))
        .sum(axis),
    );
  },
  {
    glyph: 'cos∠',
    samples: [
      {
        inputs: [
          { shape: [2, 3], except: [0] },
          { shape: [2, 3], except: [0] },
        ],
        call: (x, y) => x.cosineSimilarity(y),
      },
      {
        inputs: [
          { shape: [2, 3], except: [0] },
          { shape: [2, 1, 3], except: [0] },
        ],
        call: (x, y) => x.cosineSimilarity(y, { axis: -1, eps: 0.01 }),
      },
      {
        inputs: [
          { shape: [3], min: 0.2 },
          { shape: [3], min: 0.2 },
        ],
        call: (x, y) => x.cosineSimilarity(y, { axis: 0, eps: 20 }),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 1, 'float64').cosineSimilarity(runtime.fill([2], 1, 'float64')),
        error: 'AxisError',
        message: /cosineSimilarity: axis 1 is out of range for shape \[2\]/,
      },
      {
        call: () => runtime.fill([2], 1, 'float64').cosineSimilarity(runtime.fill([3], 1, 'float64')),
        error: 'ShapeError',
        message: /cosineSimilarity: cannot broadcast/,
      },
    ],
    gold: 'nn.functional.cosine_similarity',
  },
);

// pairwiseDistance -------------------------------------------------------------------------------------------------

export interface PairwiseDistanceOptions {
  /** The order of the norm; default 2. */
  readonly p?: number;
  /** Added to every difference, so that the distance of equal vectors has a derivative; default 1e-6. */
  readonly eps?: number;
  /** The last axis stays, with length 1. */
  readonly keepDims?: boolean;
}

interface PairwiseDistance {
  method<V extends Value, W extends AnyOperand>(this: V, other: W, options?: PairwiseDistanceOptions): Value<Shape>;
  free<V extends AnyOperand, W extends AnyOperand>(x: V, y: W, options?: PairwiseDistanceOptions): Value<Shape>;
}

/**
 * ‖x − y + eps‖ₚ over the last axis of the broadcast operands.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
 * @throws ShapeError where the operands do not broadcast.
 * @example value([0, 0]).pairwiseDistance(value([3, 4]), { eps: 0 }) // 5
 */
export const pairwiseDistance: Op<PairwiseDistance> = composite<PairwiseDistance>(
  'pairwiseDistance',
  (a: Operand, b: Operand, options?: PairwiseDistanceOptions): Value => {
    checkOptions('pairwiseDistance', options, ['p', 'eps', 'keepDims']);
    const eps = options?.eps ?? 1e-6;
    const [x, y] = runtime.fit('pairwiseDistance', [a, b], 'float') as [Value, Value];
    const difference = x.sub(y).add(eps);
    return difference.vectorNorm(options?.p ?? 2, -1, { keepDims: options?.keepDims ?? false });
  },
  {
    glyph: '‖x−y‖',
    samples: [
      {
        inputs: [
          { shape: [2, 3], min: 0.5 },
          { shape: [2, 3], max: 0 },
        ],
        call: (x, y) => x.pairwiseDistance(y),
      },
      {
        inputs: [
          { shape: [2, 1, 3], min: 0.5 },
          { shape: [3], max: 0 },
        ],
        call: (x, y) => x.pairwiseDistance(y, { p: 3, eps: 0.1, keepDims: true }),
      },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 1, 'float64').pairwiseDistance(runtime.fill([3], 1, 'float64')),
        error: 'ShapeError',
        message: /pairwiseDistance: cannot broadcast/,
      },
    ],
    gold: 'nn.functional.pairwise_distance',
  },
);
