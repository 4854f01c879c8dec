/** Sequences cut up: windows over time, blocks of text, parts in their order. */
import { newStorage } from '../base/dtypes.ts';
import { checkOptions, DataError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { arrayOf, isValue, makeCell, type Value } from '../value/value.ts';
import { requireBetween, requireCount } from './arguments.ts';
import { checkIndex, Dataset } from './dataset.ts';

/** A sequence: a Value whose first axis is the time, or its numbers. */
export type Sequence = Value | readonly number[] | Int32Array | Float32Array | Float64Array;

/** @throws ShapeError for a scalar. */
export const sequenceOf = (op: string, x: Sequence): Value => {
  const steps: Value = isValue(x) ? x : constant(x);
  if (steps.rank > 0) return steps;
  throw new ShapeError('takes a sequence, whose first axis is the time; got a scalar', { op, shapes: [[]] });
};

/** The pieces [count, length, …] of x that start at these steps. */
function pieces(x: Value, starts: ArrayLike<number>, length: number): Value {
  const step = x.shape.slice(1).reduce((a, b) => a * b, 1);
  const from = arrayOf(x);
  const data = newStorage(x.dtype, starts.length * length * step);
  for (let i = 0; i < starts.length; i++) {
    const at = starts[i]! * step;
    data.set(from.subarray(at, at + length * step), i * length * step);
  }
  return makeCell(Object.freeze([starts.length, length, ...x.shape.slice(1)]), x.dtype, data, false);
}

/** How many pieces of this span there are, one every `stride` steps. */
const countOf = (steps: number, span: number, stride: number): number =>
  steps < span ? 0 : Math.floor((steps - span) / stride) + 1;

export interface WindowOptions {
  /** How many steps the model sees. */
  readonly length: number;
  /** How many steps after them it is to say; default 1. */
  readonly horizon?: number;
  /** How far the next window starts behind this one; default 1. */
  readonly stride?: number;
}

/**
 * What was seen and what came next, all along a series [time] or [time, …]: x [n, length, …] and y [n, horizon, …].
 * Split the series first (`splitSequence`): windows that overlap a later part would tell of it.
 * @throws DataError for a series shorter than one window and its horizon; OptionError for a count below 1.
 * @example const { x, y } = windows(co2, { length: 12, horizon: 1 }) // a year, and the month after it
 */
export function windows(series: Sequence, options: WindowOptions): { readonly x: Value; readonly y: Value } {
  const op = 'windows';
  checkOptions(op, options, ['length', 'horizon', 'stride']);
  const length = requireCount(op, 'length', options.length);
  const horizon = requireCount(op, 'horizon', options.horizon ?? 1);
  const stride = requireCount(op, 'stride', options.stride ?? 1);
  const steps = sequenceOf(op, series);
  const count = countOf(steps.shape[0]!, length + horizon, stride);
  if (count === 0) {
    throw new DataError(
      `length ${length} and horizon ${horizon} need ${length + horizon} steps, got ${steps.shape[0]}`,
      {
        op,
      },
    );
  }
  const starts = Float64Array.from({ length: count }, (_, i) => i * stride);
  return {
    x: pieces(steps, starts, length),
    y: pieces(
      steps,
      starts.map((start) => start + length),
      horizon,
    ),
  };
}

export interface BlockOptions {
  /** How many tokens a block has. */
  readonly length: number;
  /** How far the next block starts behind this one; default `length`: the blocks follow one another. */
  readonly stride?: number;
}

class Blocks extends Dataset<[x: Value, y: Value]> {
  readonly length: number;
  readonly #tokens: Value;
  readonly #size: number;
  readonly #stride: number;

  constructor(tokens: Value, size: number, stride: number) {
    super();
    this.#tokens = tokens;
    this.#size = size;
    this.#stride = stride;
    this.length = countOf(tokens.shape[0]!, size + 1, stride);
  }

  get(index: number): [x: Value, y: Value] {
    const [x, y] = this.gather([index]);
    return [x.reshape([this.#size]).detach(), y.reshape([this.#size]).detach()];
  }

  gather(indices: ArrayLike<number>): [x: Value, y: Value] {
    const starts = Float64Array.from(indices, (i) => checkIndex('textBlocks', i, this.length) * this.#stride);
    const next = starts.map((start) => start + 1);
    return [pieces(this.#tokens, starts, this.#size), pieces(this.#tokens, next, this.#size)];
  }
}

/**
 * Text for a language model, as a tokenizer encodes it: examples [x, y] of `length` tokens each, y being the token after
 * each of x. With `stride: 1` a block starts at every token; a DataLoader with `shuffle` and `samples` then draws random
 * ones. Hold text out by `splitSequence` before cutting it into blocks.
 * @throws DataError for a text of fewer than length + 1 tokens; ShapeError for more than one axis.
 * @example
 * const { train, validation } = splitSequence(tokenizer.encode(text), { validation: 0.1 });
 * const blocks = textBlocks(train, { length: 64, stride: 1 });
 * const loader = new DataLoader(blocks, { batchSize: 32, shuffle: true, samples: 3200, seed: 0 });
 */
export function textBlocks(tokens: Sequence, options: BlockOptions): Dataset<[x: Value, y: Value]> {
  const op = 'textBlocks';
  checkOptions(op, options, ['length', 'stride']);
  const length = requireCount(op, 'length', options.length);
  const stride = requireCount(op, 'stride', options.stride ?? length);
  const ids = sequenceOf(op, tokens);
  if (ids.rank !== 1) {
    throw new ShapeError(`takes the ids of tokens [n], got ${showShape(ids.shape)}`, { op, shapes: [ids.shape] });
  }
  const blocks = new Blocks(ids, length, stride);
  if (blocks.length > 0) return blocks;
  throw new DataError(`a block of ${length} tokens and the one after it need ${length + 1}, got ${ids.size}`, { op });
}

export interface SplitSequenceOptions {
  /** The share of the steps to validate on; default 0. */
  readonly validation?: number;
  /** The share of the steps to test on; default 0. */
  readonly test?: number;
}

/** What `splitSequence` cuts. */
type Sliceable = Value | string | Int32Array | Float32Array | Float64Array;

/**
 * A text or a series in three, in its order: the beginning to train on, then what to validate and to test on. Nothing
 * that comes later is seen in training.
 * @throws OptionError where nothing is left to train on.
 * @example const { train, test } = splitSequence(text, { test: 0.1 }) // the last tenth of the characters
 */
export function splitSequence<S extends Sliceable>(
  sequence: S,
  options: SplitSequenceOptions = {},
): { readonly train: S; readonly validation: S; readonly test: S } {
  const op = 'splitSequence';
  checkOptions(op, options, ['validation', 'test']);
  const [validation, test] = [options.validation ?? 0, options.test ?? 0];
  requireBetween(op, 'validation', validation, 0, 1);
  requireBetween(op, 'test', test, 0, 1);
  const steps = isValue(sequence) ? sequence.shape[0]! : (sequence as string).length;
  const testFrom = steps - Math.round(test * steps);
  const validationFrom = testFrom - Math.round(validation * steps);
  if (validationFrom <= 0) {
    throw new OptionError(`validation ${validation} and test ${test} leave none of ${steps} steps to train on`, {
      op,
      option: 'validation',
    });
  }
  const cut = (from: number, to: number): S =>
    (isValue(sequence) ? sequence.narrow(0, from, to - from).detach() : sequence.slice(from, to)) as S;
  return { train: cut(0, validationFrom), validation: cut(validationFrom, testFrom), test: cut(testFrom, steps) };
}
