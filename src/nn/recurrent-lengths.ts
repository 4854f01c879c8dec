/** How many steps of each sequence count. */
import { isFloat } from '../base/dtypes.ts';
import { DataError, ShapeError, showShape } from '../base/errors.ts';
import { stack } from '../ops/joining.ts';
import { arange } from '../value/create.ts';
import { lift } from '../value/lift.ts';
import { isTraced, isValue, type Value } from '../value/value.ts';

/** Whole numbers, one for each sequence: a Value [N], or a list. */
export type SequenceLengths = Value | readonly (number | Value)[];

const requireWhole = (layer: string, lengths: readonly number[]): void => {
  const wrong = lengths.find((n) => !Number.isInteger(n));
  if (wrong === undefined) return;
  throw new DataError(`lengths must be whole numbers, got ${wrong}`, { op: layer });
};

const asVector = (layer: string, given: SequenceLengths): Value => {
  if (isValue(given)) {
    if (isFloat(given.dtype) && !isTraced(given)) requireWhole(layer, Array.from(given.data));
    return given.to('int32');
  }
  const list: unknown = given;
  if (!Array.isArray(list))
    throw new TypeError(`${layer}: lengths are a list of numbers or a Value, got ${typeof given}`);
  requireWhole(
    layer,
    list.filter((n): n is number => typeof n === 'number'),
  );
  return stack(given.map((n) => lift(n, layer).to('int32').reshape([])));
};

/**
 * True where a step of a sequence counts: [T, N, 1].
 * @throws ShapeError unless there is a length for each sequence; DataError for one that is not in 1 … T.
 */
export function countedSteps(layer: string, given: SequenceLengths, steps: number, rows: number): Value {
  const lengths = asVector(layer, given);
  if (lengths.rank > 1 || lengths.size !== rows) {
    throw new ShapeError(`lengths have shape ${showShape(lengths.shape)}, there are ${rows} sequences`, {
      op: layer,
      shapes: [lengths.shape],
      hint: `Give one length for each sequence, [${rows}].`,
    });
  }
  if (!isTraced(lengths)) requireLengths(layer, lengths, steps);
  return arange(0, steps, 1, { dtype: 'int32' })
    .unsqueeze(1)
    .lt(lengths.reshape([rows]))
    .unsqueeze(2);
}

function requireLengths(layer: string, lengths: Value, steps: number): void {
  const wrong = lengths.data.find((n: number) => n < 1 || n > steps);
  if (wrong === undefined) return;
  throw new DataError(`the length ${wrong} is not in 1 … ${steps}`, {
    op: layer,
    hint: 'Sequences have at least one step, and no more than x has.',
  });
}
