/** Kullback and Leibler's divergence between distributions. */
import { checkOptions } from '../base/errors.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { asPrediction, checkElements, fitTarget } from './arguments.ts';
import { reduceLoss, unknownReduction, type Reduction } from './reduction.ts';

export interface KlDivOptions {
  /**
   * Default mean, over all elements, as in PyTorch. `batchmean` divides the sum by the length of the first axis: the
   * mean of the divergences of a batch of distributions.
   */
  readonly reduction?: Reduction | 'batchmean';
  /** Whether the target holds logarithms of probabilities, too; default false. */
  readonly logTarget?: boolean;
}

/** t·(log t − x), and 0 for t = 0. */
function terms(x: Value, t: Value, logTarget: boolean): Value {
  if (logTarget) return t.exp().mul(t.sub(x));
  checkElements('klDiv', t, (p) => !(p < 0), {
    what: 'target',
    is: 'is no probability',
    hint: 'For logarithms of probabilities set { logTarget: true }.',
  });
  return t.xlogy(t).sub(t.mul(x));
}

/**
 * Kullback and Leibler's divergence Σ t·(log t − x) of the distribution t from the one whose log-probabilities are x (as
 * `logSoftmax` gives them).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
 * @throws ShapeError where shapes differ; DataError for a target below 0.
 * @example klDiv(value([[0, 0]]).logSoftmax(1), constant([[0.9, 0.1]]), { reduction: 'batchmean' }) // 0.3681
 */
export function klDiv(logProbabilities: Value, target: Value, options: KlDivOptions = {}): Value {
  checkOptions('klDiv', options, ['reduction', 'logTarget']);
  const { reduction = 'mean', logTarget = false } = options;
  if (!['mean', 'sum', 'none', 'batchmean'].includes(reduction)) {
    unknownReduction('klDiv', reduction, ['mean', 'sum', 'none', 'batchmean']);
  }
  return withScope('klDiv', () => {
    const x = asPrediction('klDiv', logProbabilities);
    const losses = terms(x, fitTarget('klDiv', x, target), logTarget);
    return reduction === 'batchmean' ? losses.sum().div(x.shape[0] ?? 1) : reduceLoss('klDiv', losses, reduction);
  });
}
