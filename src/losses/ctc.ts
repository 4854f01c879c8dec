/** Connectionist temporal classification: sequences of labels whose places in time are not known. */
import { checkOptions } from '../base/errors.ts';
import { concat, stack } from '../ops/joining.ts';
import { scan } from '../transform/scan.ts';
import { full } from '../value/create.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { indices, sequences, type Lengths, type Sequences } from './ctc-arguments.ts';
import { reduceLoss, type LossOptions } from './reduction.ts';

export { type Lengths };

export interface CtcOptions extends LossOptions {
  /** The class that says nothing; default 0. */
  readonly blank?: number;
  /** Losses of targets that no alignment can spell count as 0, not as Infinity; default false. */
  readonly zeroInfinity?: boolean;
}

/** The logarithm of 0 here: finite, so that sums and derivatives of impossible paths are no NaN. */
const NEVER = -1e30;

/** Below this a path is impossible: sums of a million log-probabilities are far above. */
const IMPOSSIBLE = -1e29;

/** Labels with blanks around them: [N, S] → [N, 2S + 1]. */
function withBlanks(targets: Value, blank: number): Value {
  const [rows, labels] = targets.shape as [number, number];
  const blanks = full([rows, 1], blank, { dtype: 'int32' });
  if (labels === 0) return blanks;
  return concat([stack([blanks.broadcastTo([rows, labels]), targets], 2).reshape([rows, 2 * labels]), blanks], 1);
}

/** Elements moved k places behind along the last axis; NEVER comes in. */
function shifted(x: Value, k: number): Value {
  const by = Math.min(k, x.shape.at(-1)!);
  return x.pad([by, -by], { value: NEVER });
}

/**
 * log of the summed probability of all paths that end in each state (a label or a blank around them), after the last step
 * that counts: [N, 2S + 1]. A path stays, goes on by one, or skips the blank between two different labels.
 */
function forwardVariables({ logProbabilities, inputLengths }: Sequences, states: Value, blank: number): Value {
  const [steps, rows] = logProbabilities.shape as [number, number];
  const count = states.shape[1]!;
  const emissions = logProbabilities
    .gather(2, states.unsqueeze(0).broadcastTo([steps, rows, count]))
    .clamp(NEVER, null);
  const by = Math.min(2, count);
  const maySkip = states.ne(blank).logicalAnd(states.ne(states.pad([by, -by], { value: blank })));
  const starts = indices(count).lt(2);
  const first = emissions.at(0).where(starts, NEVER);
  if (steps === 1) return first;
  const goesOn = indices(steps)
    .narrow(0, 1, steps - 1)
    .unsqueeze(1)
    .lt(inputLengths)
    .unsqueeze(2);
  const step = (paths: Value, [emission, alive]: readonly [Value, Value]): [Value, null] => {
    const arrived = paths.logAddExp(shifted(paths, 1)).logAddExp(shifted(paths, 2).where(maySkip, NEVER));
    return [arrived.add(emission).where(alive, paths), null];
  };
  return scan(step, first, [emissions.narrow(0, 1, steps - 1), goesOn] as never)[0];
}

/** log of the summed probability of all alignments of each target: [N]. */
function logLikelihoods(given: Sequences, blank: number): Value {
  const { targets, inputLengths, targetLengths } = given;
  const paths = forwardVariables(given, withBlanks(targets, blank), blank);
  const last = targetLengths.mul(2).unsqueeze(1);
  const inBlank = paths.gather(1, last).squeeze(1);
  const inLabel = paths.gather(1, last.sub(1).clamp(0, null)).squeeze(1);
  const none = targetLengths.eq(0);
  const total = inBlank.logAddExp(inLabel.where(none.logicalNot(), NEVER));
  // No steps spell nothing.
  return total.where(inputLengths.gt(0), none.to(total.dtype).sub(1).mul(-NEVER));
}

/**
 * Connectionist temporal classification: −log of the probability that T steps of log-probabilities [T, N, C] (or [T, C])
 * spell the target, summed over all alignments, in which labels may be repeated and blanks put between them. Targets are
 * int32 [N, S], of which `targetLengths` count, or one behind the other [sum of the lengths]. The mean is that of each
 * loss divided by its target's length. A target that cannot be spelt in so few steps has the loss Infinity. The gradient
 * is that of this formula; PyTorch's has the share of a logSoftmax in it, behind which both are the same.
 * Graves et al. 2006; https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 * @throws ShapeError where shapes do not fit; DataError for a label or a length out of range; OptionError for the blank.
 * @example ctcLoss(logits.logSoftmax(2), targets, inputLengths, targetLengths)
 */
export function ctcLoss(
  logProbabilities: Value,
  targets: Value,
  inputLengths: Lengths,
  targetLengths: Lengths,
  options: CtcOptions = {},
): Value {
  checkOptions('ctcLoss', options, ['reduction', 'blank', 'zeroInfinity']);
  const { blank = 0, zeroInfinity = false, reduction = 'mean' } = options;
  return withScope('ctcLoss', () => {
    const given = sequences(logProbabilities, targets, inputLengths, targetLengths, blank);
    const likelihoods = logLikelihoods(given, blank);
    const losses = likelihoods.neg().where(likelihoods.gt(IMPOSSIBLE), zeroInfinity ? 0 : Infinity);
    if (reduction !== 'mean') return reduceLoss('ctcLoss', given.single ? losses.squeeze(0) : losses, reduction);
    return losses.div(given.targetLengths.clamp(1, null).to(losses.dtype)).mean();
  });
}
