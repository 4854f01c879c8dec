/** Sequences of different lengths in one batch. */
import { castNumber, newStorage } from '../base/dtypes.ts';
import { checkOptions, DataError, ShapeError, showShape } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { arrayOf, makeCell, type Value } from '../value/value.ts';
import { requireOneOf } from './arguments.ts';
import { sequenceOf, type Sequence } from './sequences.ts';

export interface PadOptions {
  /** What fills the shorter ones up; default 0. */
  readonly value?: number;
  /** Whether the batch is the first axis, [n, longest, …] (default), or the second. */
  readonly batchFirst?: boolean;
  /** Where it is filled up: at the 'right' (default) or the 'left'. */
  readonly side?: 'right' | 'left';
}

/**
 * Sequences of different lengths, [length, …] each, as one batch and their lengths [n] (int32): what recurrent layers
 * take. https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.rnn.pad_sequence.html (where the time comes first
 * unless told.)
 * @throws DataError without sequences; ShapeError where they differ in more than their lengths, or in dtype.
 * @example
 * const collate = (names: Int32Array[]) => padSequence(names, { value: 0 });
 * for (const { padded, lengths } of new DataLoader(names, { batchSize: 32, collate })) …
 */
export function padSequence(
  sequences: readonly Sequence[],
  options: PadOptions = {},
): { readonly padded: Value; readonly lengths: Value } {
  const op = 'padSequence';
  checkOptions(op, options, ['value', 'batchFirst', 'side']);
  const side = requireOneOf(op, 'side', options.side ?? 'right', ['right', 'left']);
  const list = sequences.map((x) => sequenceOf(op, x));
  const first = list[0];
  if (first === undefined) throw new DataError('there are no sequences', { op });
  const [step, longest] = [first.shape.slice(1), Math.max(...list.map((x) => x.shape[0]!))];
  const size = step.reduce((a, b) => a * b, 1);
  const data = newStorage(first.dtype, list.length * longest * size);
  data.fill(castNumber(options.value ?? 0, first.dtype));
  list.forEach((x, i) => {
    if (x.dtype !== first.dtype || x.shape.slice(1).join() !== step.join()) {
      throw new ShapeError(
        `sequence 0 is ${showShape(first.shape)} ${first.dtype}, sequence ${i} ${showShape(x.shape)} ${x.dtype}`,
        { op, shapes: [first.shape, x.shape], hint: 'They may differ in their first axis alone.' },
      );
    }
    const missing = side === 'left' ? longest - x.shape[0]! : 0;
    data.set(arrayOf(x), (i * longest + missing) * size);
  });
  const padded = makeCell(Object.freeze([list.length, longest, ...step]), first.dtype, data, false);
  const lengths = constant(Int32Array.from(list, (x) => x.shape[0]!));
  return { padded: (options.batchFirst ?? true) ? padded : padded.transpose(0, 1).detach(), lengths };
}
