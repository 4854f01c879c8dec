/** Losses of pairs and triplets: what belongs together is to lie close, the rest apart. */
import { checkOptions, ShapeError, showShape, showShapes } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import {
  asPrediction,
  castLike,
  checkElements,
  fitTarget,
  isAnyNumber,
  numberOption,
  requireEqualShapes,
} from './arguments.ts';
import { checkSigns } from './margins.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

export interface MarginOptions extends LossOptions {
  readonly margin?: number;
}

const marginOf = (name: string, { margin }: MarginOptions, byDefault: number): number =>
  numberOption(name, 'margin', margin ?? byDefault, isAnyNumber, 'a number');

/** Two Values of one shape in one dtype. */
function pair(name: string, first: Value, second: Value, names: string): [Value, Value] {
  const x = asPrediction(name, first);
  const y = castLike(name, second, x);
  requireEqualShapes(name, names, [x.shape, y.shape]);
  return [x, y];
}

/** A target for each pair of vectors. */
function fitPairTarget(name: string, vectors: Value, target: Value): Value {
  const t = castLike(name, target, vectors);
  if (vectors.rank > 0 && sameShape(t.shape, vectors.shape.slice(0, -1))) return t;
  throw new ShapeError(`vectors ${showShape(vectors.shape)} do not go with targets ${showShape(t.shape)}`, {
    op: name,
    shapes: [vectors.shape, t.shape],
    hint: `Vectors lie along the last axis; give a target for each${vectors.rank > 0 ? `, ${showShape(vectors.shape.slice(0, -1))}` : ''}.`,
  });
}

/**
 * Which of two scores should be larger: max(margin − t·(x − y), 0), where t = 1 asks for x > y and t = −1 for x < y.
 * The margin is 0 by default.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
 * @throws ShapeError where shapes differ.
 * @example marginRankingLoss(value([1]), value([3]), constant([1])) // 2
 */
export function marginRankingLoss(first: Value, second: Value, target: Value, options: MarginOptions = {}): Value {
  const name = 'marginRankingLoss';
  checkOptions(name, options, ['reduction', 'margin']);
  const margin = marginOf(name, options, 0);
  return withScope(name, () => {
    const [x, y] = pair(name, first, second, 'the scores');
    const t = fitTarget(name, x, target);
    return reduceLoss(name, t.neg().mul(x.sub(y)).add(margin).clamp(0, null), options.reduction);
  });
}

/**
 * Of distances x: x itself where t = 1 (the pair belongs together), max(margin − x, 0) where t = −1. The margin is 1 by
 * default.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
 * @throws ShapeError where shapes differ; DataError for a target that is neither −1 nor 1.
 * @example hingeEmbeddingLoss(value([0.5, 0.2]), constant([1, -1])) // 0.65
 */
export function hingeEmbeddingLoss(distance: Value, target: Value, options: MarginOptions = {}): Value {
  const name = 'hingeEmbeddingLoss';
  checkOptions(name, options, ['reduction', 'margin']);
  const margin = marginOf(name, options, 1);
  return withScope(name, () => {
    const x = asPrediction(name, distance);
    const t = fitTarget(name, x, target);
    checkSigns(name, t);
    const apart = x.neg().add(margin).clamp(0, null).where(t.ne(1), 0);
    return reduceLoss(name, apart.add(x.where(t.ne(-1), 0)), options.reduction);
  });
}

/** Added to squared lengths, so that the zero vector has an angle. */
const LEAST_SQUARE = 1e-12;

function cosine(x: Value, y: Value): Value {
  const square = (v: Value): Value => v.mul(v).sum(-1).add(LEAST_SQUARE);
  return x
    .mul(y)
    .sum(-1)
    .div(square(x).mul(square(y)).sqrt());
}

/**
 * Of pairs of vectors [..., D] with targets [...]: 1 − cos(x, y) where t = 1 (the pair belongs together),
 * max(cos(x, y) − margin, 0) where t = −1. The margin, mostly in 0 … 0.5, is 0 by default.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
 * @throws ShapeError where shapes do not fit.
 * @example cosineEmbeddingLoss(value([[1, 0]]), value([[0, 1]]), constant([1])) // 1
 */
export function cosineEmbeddingLoss(first: Value, second: Value, target: Value, options: MarginOptions = {}): Value {
  const name = 'cosineEmbeddingLoss';
  checkOptions(name, options, ['reduction', 'margin']);
  const margin = marginOf(name, options, 0);
  return withScope(name, () => {
    const [x, y] = pair(name, first, second, 'the vectors');
    const t = fitPairTarget(name, x, target);
    const similarity = cosine(x, y);
    const together = similarity.neg().add(1).where(t.eq(1), 0);
    const apart = similarity.sub(margin).clamp(0, null).where(t.eq(-1), 0);
    return reduceLoss(name, together.add(apart), options.reduction);
  });
}

export interface ContrastiveOptions extends MarginOptions {
  /** Added to every difference, as in `pairwiseDistance`; default 1e-6. */
  readonly eps?: number;
}

/**
 * Of pairs of vectors [..., D] at distance d, with targets [...]: ½d² where t = 1 (the pair belongs together),
 * ½·max(margin − d, 0)² where t = 0. The margin is 1 by default.
 * Hadsell, Chopra, LeCun: Dimensionality Reduction by Learning an Invariant Mapping, CVPR 2006 (whose Y is 1 − t)
 * @throws ShapeError where shapes do not fit; DataError for a target that is neither 0 nor 1.
 * @example contrastiveLoss(value([[0, 0]]), value([[3, 4]]), constant([1])) // 12.5
 */
export function contrastiveLoss(first: Value, second: Value, target: Value, options: ContrastiveOptions = {}): Value {
  const name = 'contrastiveLoss';
  checkOptions(name, options, ['reduction', 'margin', 'eps']);
  const margin = marginOf(name, options, 1);
  return withScope(name, () => {
    const [x, y] = pair(name, first, second, 'the vectors');
    const t = fitPairTarget(name, x, target);
    checkElements(name, t, (label) => label === 0 || label === 1, {
      what: 'target',
      is: 'is neither 0 nor 1',
      hint: '1 says that a pair belongs together, 0 that it does not.',
    });
    const distance = x.pairwiseDistance(y, { eps: options.eps ?? 1e-6 });
    const apart = distance.neg().add(margin).relu().square();
    return reduceLoss(name, distance.square().where(t.eq(1), apart).mul(0.5), options.reduction);
  });
}

// Triplets ---------------------------------------------------------------------------------------------------------

export interface TripletMarginWithDistanceOptions extends LossOptions {
  /** Takes two Values of vectors, gives one of distances; default `pairwiseDistance`. */
  readonly distanceFunction?: (x: Value, y: Value) => Value;
  /** Default 1. */
  readonly margin?: number;
  /** Whether the negative's distance is that to the positive, where it is the smaller one; default false. */
  readonly swap?: boolean;
}

export interface TripletMarginOptions extends Omit<TripletMarginWithDistanceOptions, 'distanceFunction'> {
  /** The order of the norm; default 2. */
  readonly p?: number;
  /** Added to every difference; default 1e-6. */
  readonly eps?: number;
}

function tripletLoss(
  name: string,
  vectors: readonly [Value, Value, Value],
  distance: (x: Value, y: Value) => Value,
  options: TripletMarginWithDistanceOptions,
): Value {
  const margin = numberOption(name, 'margin', options.margin ?? 1, (m) => m > 0 && m < Infinity, 'a number > 0');
  return withScope(name, () => {
    const a = asPrediction(name, vectors[0]);
    const [p, n] = [castLike(name, vectors[1], a), castLike(name, vectors[2], a)];
    requireEqualShapes(name, 'anchor, positive and negative', [a.shape, p.shape, n.shape]);
    if (a.rank === 0) throw new ShapeError(`vectors need an axis, got ${showShapes([a.shape])}`, { op: name });
    const away = distance(a, n);
    const nearest = options.swap === true ? away.minimum(distance(p, n)) : away;
    return reduceLoss(name, distance(a, p).add(margin).sub(nearest).clamp(0, null), options.reduction);
  });
}

/**
 * Of triplets of vectors [..., D]: max(‖a − p‖ − ‖a − n‖ + margin, 0), which draws the positive p to the anchor a and
 * keeps the negative n away.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
 * @throws ShapeError where shapes differ; OptionError unless margin > 0.
 * @example tripletMarginLoss(value([[0, 0]]), value([[3, 4]]), value([[0, 2]])) // 4
 */
export function tripletMarginLoss(
  anchor: Value,
  positive: Value,
  negative: Value,
  options: TripletMarginOptions = {},
): Value {
  checkOptions('tripletMarginLoss', options, ['reduction', 'margin', 'p', 'eps', 'swap']);
  const { p = 2, eps = 1e-6 } = options;
  const distance = (x: Value, y: Value): Value => x.pairwiseDistance(y, { p, eps });
  return tripletLoss('tripletMarginLoss', [anchor, positive, negative], distance, options);
}

/**
 * `tripletMarginLoss` with a distance of your own.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
 * @throws ShapeError where shapes differ; OptionError unless margin > 0.
 * @example tripletMarginWithDistanceLoss(a, p, n, { distanceFunction: (x, y) => x.sub(y).abs().amax(-1) })
 */
export function tripletMarginWithDistanceLoss(
  anchor: Value,
  positive: Value,
  negative: Value,
  options: TripletMarginWithDistanceOptions = {},
): Value {
  const name = 'tripletMarginWithDistanceLoss';
  checkOptions(name, options, ['reduction', 'margin', 'distanceFunction', 'swap']);
  const distance = options.distanceFunction ?? ((x: Value, y: Value): Value => x.pairwiseDistance(y));
  return tripletLoss(name, [anchor, positive, negative], distance, options);
}
