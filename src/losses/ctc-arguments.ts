/** What ctcLoss takes, brought to one form: log-probabilities [T, N, C], targets [N, S], lengths [N]. */
import { isFloat } from '../base/dtypes.ts';
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import { stack } from '../ops/joining.ts';
import { arange } from '../value/create.ts';
import { lift } from '../value/lift.ts';
import { isTraced, type Value } from '../value/value.ts';
import { asPrediction, checkElements } from './arguments.ts';

/** How many elements of each sequence count: a Value [N], or a number for each; a scalar for one sequence. */
export type Lengths = Value | number | readonly (Value | number)[];

export interface Sequences {
  /** [T, N, C] */
  readonly logProbabilities: Value;
  /** [N, S] int32, the blank behind each target. */
  readonly targets: Value;
  /** [N] int32 */
  readonly inputLengths: Value;
  readonly targetLengths: Value;
}

const NAME = 'ctcLoss';

/** 0, 1, … n − 1 as indices. */
export const indices = (n: number): Value => arange(0, n, 1, { dtype: 'int32' });

function lengthsOf(option: string, lengths: Lengths, count: number, most: number): Value {
  const given: unknown = lengths;
  const x = Array.isArray(given)
    ? stack(
        given.map((n) =>
          lift(n as Value, NAME)
            .to('int32')
            .reshape([]),
        ),
      )
    : lift(lengths as Value | number, NAME).to('int32');
  if (x.size !== count || x.rank > 1) {
    throw new ShapeError(`${option} has shape ${showShape(x.shape)}, there are ${count} sequences`, {
      op: NAME,
      option,
      shapes: [x.shape],
      hint: `Give one length for each sequence, [${count}].`,
    });
  }
  checkElements(NAME, x, (n) => n >= 0 && n <= most, {
    what: option,
    is: `is not in 0 … ${most}`,
    hint: 'A sequence is no longer than its data.',
  });
  return x.reshape([count]);
}

/** The concatenated targets' total length as the most that one can have, where lengths are traced. */
const longest = (lengths: Value, total: number): number => (isTraced(lengths) ? total : Math.max(0, ...lengths.data));

/** Targets one behind the other as rows; what is behind a row's end is whatever comes next. */
function asRows(targets: Value, lengths: Value): Value {
  const rows = lengths.shape[0]!;
  const width = longest(lengths, targets.size);
  if (!isTraced(lengths)) {
    const total = Array.from(lengths.data).reduce((sum, n) => sum + n, 0);
    if (total !== targets.size) {
      throw new ShapeError(`targets ${showShape(targets.shape)} hold ${targets.size} labels, targetLengths ${total}`, {
        op: NAME,
        shapes: [targets.shape],
        hint: 'Targets are [N, S], or [sum of their lengths] one behind the other.',
      });
    }
  }
  if (width === 0) return targets.reshape([rows, 0]);
  const starts = lengths.cumsum(0).sub(lengths);
  const places = starts.unsqueeze(1).add(indices(width));
  return targets.gather(0, places.clamp(null, targets.size - 1).flatten()).reshape([rows, width]);
}

/** No label is this; it stands behind the end of a target while labels are checked. */
const NO_LABEL = -2147483648;

/** Targets with the blank behind their ends. @throws DataError for a label that is no class, or the blank. */
function endedByBlank(targets: Value, lengths: Value, classes: number, blank: number): Value {
  const width = targets.shape[1]!;
  if (width === 0) return targets;
  const counts = indices(width).lt(lengths.unsqueeze(1));
  const isLabel = (label: number): boolean => label === NO_LABEL || (label >= 0 && label < classes && label !== blank);
  checkElements(NAME, targets.where(counts, NO_LABEL), isLabel, {
    what: 'target',
    is: `is no class of 0 … ${classes - 1}, or is the blank (${blank})`,
    hint: 'Labels count from 0, and one class, `blank`, is for steps that say nothing.',
  });
  return targets.where(counts, blank);
}

/** @throws ShapeError where things do not fit; DataError for lengths and labels out of range; OptionError for the blank. */
export function sequences(
  given: Value,
  labels: Value,
  inputs: Lengths,
  outputs: Lengths,
  blank: number,
): Sequences & { readonly single: boolean } {
  const x = asPrediction(NAME, given);
  const t = lift(labels, NAME);
  const single = x.rank === 2;
  if (!(single || x.rank === 3) || x.shape[0] === 0) {
    throw new ShapeError(`log-probabilities are [T, N, C] or [T, C] with T ≥ 1, got ${showShape(x.shape)}`, {
      op: NAME,
      shapes: [x.shape],
    });
  }
  const logProbabilities = single ? x.unsqueeze(1) : x;
  const [steps, count, classes] = logProbabilities.shape as [number, number, number];
  if (!Number.isInteger(blank) || blank < 0 || blank >= classes) {
    throw new OptionError(`blank must be a class of 0 … ${classes - 1}, got ${String(blank)}`, {
      op: NAME,
      option: 'blank',
    });
  }
  if (isFloat(t.dtype) || t.rank > 2 || t.rank < 1 || (t.rank === 2 && t.shape[0] !== count)) {
    throw new ShapeError(
      `log-probabilities ${showShape(x.shape)} do not go with ${t.dtype} targets ${showShape(t.shape)}`,
      {
        op: NAME,
        shapes: [x.shape, t.shape],
        hint: `Give int32 labels [${count}, S], or one target behind the other, [sum of their lengths].`,
      },
    );
  }
  const inputLengths = lengthsOf('inputLengths', inputs, count, steps);
  const targetLengths = lengthsOf('targetLengths', outputs, count, t.rank === 2 ? t.shape[1]! : t.size);
  const index = t.to('int32');
  const rows = index.rank === 2 ? index : single ? index.unsqueeze(0) : asRows(index, targetLengths);
  return {
    logProbabilities,
    targets: endedByBlank(rows, targetLengths, classes, blank),
    inputLengths,
    targetLengths,
    single,
  };
}
