/** Penalties: what is added to a loss so that weights stay small, or units mostly silent. */
import { checkOptions, OptionError, ShapeError } from '../base/errors.ts';
import { full } from '../value/create.ts';
import { withScope } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { asPrediction, checkElements, isNonNegative, numberOption } from './arguments.ts';
import { binaryEntropyTerms } from './binary.ts';

/** A Value, or several, such as `model.parameters()`. */
export type Penalised = Value | Iterable<Value>;

/** The sum over all Values of `measure`. @throws OptionError where there is none. */
function total(name: string, values: Penalised, measure: (x: Value) => Value): Value {
  const list = isValue(values) ? [values] : [...values];
  if (list.length === 0) {
    throw new OptionError('there is nothing to penalise: the list of Values is empty', {
      op: name,
      hint: 'Give a Value or several, such as model.parameters().',
    });
  }
  return list.map((x) => measure(asPrediction(name, x))).reduce((sum, x) => sum.add(x));
}

const strengthOf = (name: string, strength: number): number =>
  numberOption(name, 'strength', strength, isNonNegative, 'a number ≥ 0');

const magnitudes = (x: Value): Value => x.abs().sum();
const squares = (x: Value): Value => x.square().sum();

/**
 * strength · Σ |w| (lasso): drives weights to zero, many of them all the way. Of a layer's output it makes units silent.
 * Tibshirani, Regression Shrinkage and Selection via the Lasso, 1996
 * @throws OptionError for an empty list.
 * @example crossEntropy(logits, labels).add(l1Penalty(model.parameters(), 1e-4))
 */
export function l1Penalty(values: Penalised, strength: number = 1): Value {
  const factor = strengthOf('l1Penalty', strength);
  return withScope('l1Penalty', () => total('l1Penalty', values, magnitudes).mul(factor));
}

/**
 * strength · Σ w² (ridge, Tikhonov): keeps weights small. Its gradient is 2·strength·w, so that an optimizer's
 * `weightDecay` λ is a strength of λ/2.
 * https://en.wikipedia.org/wiki/Ridge_regression
 * @throws OptionError for an empty list.
 * @example mseLoss(prediction, target).add(l2Penalty(model.parameters(), 1e-4))
 */
export function l2Penalty(values: Penalised, strength: number = 1): Value {
  const factor = strengthOf('l2Penalty', strength);
  return withScope('l2Penalty', () => total('l2Penalty', values, squares).mul(factor));
}

export interface ElasticNetOptions {
  /** The strength of both together; default 1. */
  readonly alpha?: number;
  /** 0 … 1: from all squares to all magnitudes; default 0.5. */
  readonly l1Ratio?: number;
}

/**
 * alpha · Σ (l1Ratio·|w| + ½·(1 − l1Ratio)·w²): lasso and ridge together, as in scikit-learn.
 * https://scikit-learn.org/stable/modules/linear_model.html#elastic-net
 * @throws OptionError for an empty list, and unless alpha ≥ 0 and 0 ≤ l1Ratio ≤ 1.
 * @example elasticNetPenalty(value([1, -2]), { alpha: 0.1, l1Ratio: 0.5 }) // 0.275
 */
export function elasticNetPenalty(values: Penalised, options: ElasticNetOptions = {}): Value {
  const name = 'elasticNetPenalty';
  checkOptions(name, options, ['alpha', 'l1Ratio']);
  const alpha = numberOption(name, 'alpha', options.alpha ?? 1, isNonNegative, 'a number ≥ 0');
  const ratio = numberOption(name, 'l1Ratio', options.l1Ratio ?? 0.5, (r) => r >= 0 && r <= 1, 'in 0 … 1');
  const mixture = (x: Value): Value =>
    magnitudes(x)
      .mul(ratio)
      .add(squares(x).mul(0.5 * (1 - ratio)));
  return withScope(name, () => total(name, values, mixture).mul(alpha));
}

export interface ActivityOptions {
  /** How active a unit should be on average, between 0 and 1; default 0.05. */
  readonly rho?: number;
  /** Default 1. */
  readonly strength?: number;
}

/**
 * The sparsity penalty of autoencoders: strength · Σ KL(rho ‖ mean activation) over units, of activations [N, …] in
 * 0 … 1 (as sigmoid gives them), averaged over the batch. It is 0 where each unit is active so often as `rho` says.
 * Ng, Sparse autoencoder (CS294A lecture notes), https://web.stanford.edu/class/cs294a/sparseAutoencoder.pdf
 * @throws ShapeError for a scalar; DataError for an activation outside 0 … 1; OptionError unless 0 < rho < 1.
 * @example mseLoss(decoded, x).add(activityPenalty(hidden, { rho: 0.05, strength: 0.1 }))
 */
export function activityPenalty(activations: Value, options: ActivityOptions = {}): Value {
  const name = 'activityPenalty';
  checkOptions(name, options, ['rho', 'strength']);
  const rho = numberOption(name, 'rho', options.rho ?? 0.05, (r) => r > 0 && r < 1, 'between 0 and 1');
  const strength = strengthOf(name, options.strength ?? 1);
  return withScope(name, () => {
    const x = asPrediction(name, activations);
    if (x.rank === 0) throw new ShapeError('activations need a batch axis, got a scalar', { op: name });
    checkElements(name, x, (a) => !(a < 0 || a > 1), {
      what: 'activation',
      is: 'is not in 0 … 1',
      hint: 'It takes the outputs of sigmoid; l1Penalty takes those of any activation.',
    });
    const average = x.mean(0);
    const wanted = full(average.shape, rho, { dtype: x.dtype });
    // KL is the cross-entropy less the entropy.
    return binaryEntropyTerms(average, wanted).sub(binaryEntropyTerms(wanted, wanted)).sum().mul(strength);
  });
}
