/** RNN, LSTM, GRU: layers that go through sequences step by step. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { concat, stack } from '../ops/joining.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, checkFlag, checkProbability, type ParameterDType } from './arguments.ts';
import { dropped } from './dropout.ts';
import { castTo, Module } from './module.ts';
import {
  checkNonlinearity,
  partsOfState,
  recurrentWeights,
  startingState,
  type LstmState,
  type Nonlinearity,
} from './recurrent-arguments.ts';
import { countedSteps, type SequenceLengths } from './recurrent-lengths.ts';
import { runLoop } from './recurrent-loop.ts';
import {
  elmanKinds,
  gruKind,
  lstmKind,
  type RecurrentKind,
  type RecurrentWeights,
  type State,
} from './recurrent-steps.ts';

export interface RecurrentOptions {
  /** Layers one on top of the other; default 1. */
  readonly numLayers?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** x and the output are [N, T, …] instead of [T, N, …]; states are [layers, N, …] either way. */
  readonly batchFirst?: boolean;
  /** While training, of what goes from layer to layer; default 0. One layer has no place for it. */
  readonly dropout?: number;
  /** Each layer goes through the sequence in both directions; the outputs of both are joined. */
  readonly bidirectional?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

export interface RNNOptions extends RecurrentOptions {
  /** Default tanh. */
  readonly nonlinearity?: Nonlinearity;
}

export interface LSTMOptions extends RecurrentOptions {
  /** The hidden state is projected to this size (Sak et al. 2014); default 0: it is not. */
  readonly projSize?: number;
}

export interface RecurrentCallOptions {
  /**
   * So many steps of each sequence count, the rest is padding behind them: outputs there are zeros, the states returned
   * are those at each length, and the backward direction starts there. In a compiled function, an int32 Value [N], or a
   * list among its arguments, may change from call to call; a list that it captures is a part of the program.
   */
  readonly lengths?: SequenceLengths | null;
}

export interface RecurrentResult {
  /** [T, N, directions · size] (or [N, T, …], [T, …]): the last layer's hidden states at all steps. */
  output: Value;
  /** [layers · directions, N, size]: after the last step, layer by layer, forwards before backwards. */
  hidden: Value;
}

export interface LSTMResult extends RecurrentResult {
  /** [layers · directions, N, hiddenSize]. */
  cell: Value;
}

type Inputs<Initial> = [x: Value, initial?: Initial | null, options?: RecurrentCallOptions];

const KNOWN = ['numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional', 'dtype'];

/** What the three share. */
abstract class Recurrent<Initial, Result> extends Module<Inputs<Initial>, Result> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;
  /** One for each direction of each layer, in the order of `hidden`. Their names end in `_l0`, `_l0_reverse`, `_l1`, … */
  readonly weights: readonly RecurrentWeights[];
  readonly #layer: string;
  readonly #kind: RecurrentKind;

  constructor(
    [layer, kind, known]: readonly [string, RecurrentKind, readonly string[]],
    inputSize: number,
    hiddenSize: number,
    options: LSTMOptions,
  ) {
    super(inputSize, hiddenSize, options);
    checkOptions(layer, options, [...KNOWN, ...known]);
    this.#layer = layer;
    this.#kind = kind;
    this.inputSize = checkCount(layer, 'inputSize', inputSize);
    this.hiddenSize = checkCount(layer, 'hiddenSize', hiddenSize);
    this.numLayers = checkCount(layer, 'numLayers', options.numLayers ?? 1);
    this.bias = checkFlag(layer, 'bias', options.bias, true);
    this.batchFirst = checkFlag(layer, 'batchFirst', options.batchFirst, false);
    this.bidirectional = checkFlag(layer, 'bidirectional', options.bidirectional, false);
    this.dropout = checkProbability(layer, 'dropout', options.dropout ?? 0);
    this.projSize = checkProjection(layer, options.projSize ?? 0, hiddenSize);
    this.weights = this.#makeWeights(checkDType(layer, options.dtype));
  }

  get #directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  get #outputSize(): number {
    return this.projSize === 0 ? this.hiddenSize : this.projSize;
  }

  #makeWeights(dtype: ParameterDType): RecurrentWeights[] {
    const { hiddenSize, projSize, bias } = this;
    return Array.from({ length: this.numLayers * this.#directions }, (_, i) => {
      const layer = Math.floor(i / this.#directions);
      const inputs = layer === 0 ? this.inputSize : this.#directions * this.#outputSize;
      const suffix = `_l${layer}${i % this.#directions === 1 ? '_reverse' : ''}`;
      const sizes = { inputs, gates: this.#kind.gates, hiddenSize, projSize, bias, dtype };
      return recurrentWeights(sizes, suffix, (name, leaf) => this.parameter(name, leaf));
    });
  }

  /** The last layer's output in the layout of x, and the states after all steps, [layers · directions, N, …]. */
  protected run(x: Value, initial: State | null, options: RecurrentCallOptions = {}): { output: Value; states: State } {
    checkOptions(this.#layer, options, ['lengths']);
    const single = this.#requireSequences(x);
    const dtype = this.weights[0]!.weightIh.dtype as ParameterDType;
    const cast = castTo(x, dtype);
    const timeFirst = single ? cast.unsqueeze(1) : this.batchFirst ? cast.transpose(0, 1) : cast;
    const [steps, rows] = timeFirst.shape as unknown as [number, number];
    const given = startingState(this.#layer, initial, this.#stateShapes(single ? [] : [rows]), dtype);
    const start = single ? given.map((v) => v.unsqueeze(1)) : given;
    const { lengths } = options;
    const counts = lengths === undefined || lengths === null ? null : countedSteps(this.#layer, lengths, steps, rows);
    const { output, states } = this.#runLayers(timeFirst, start, counts);
    if (single) return { output: output.squeeze(1), states: states.map((v) => v.squeeze(1)) };
    return { output: this.batchFirst ? output.transpose(0, 1) : output, states };
  }

  #runLayers(x: Value, start: State, counts: Value | null): { output: Value; states: State } {
    const starts = start.map((v) => v.unbind(0));
    const lasts: State[] = [];
    // What lies behind a sequence's end may be anything, NaN too: it must not get into sums.
    let output = counts === null ? x : x.where(counts, 0);
    for (let layer = 0; layer < this.numLayers; layer++) {
      const input =
        layer > 0 && this.training && this.dropout > 0 ? dropped(output, this.dropout, output.shape) : output;
      const results = Array.from({ length: this.#directions }, (_, direction) => {
        const at = layer * this.#directions + direction;
        const loop = { kind: this.#kind, weights: this.weights[at]!, counts, reverse: direction === 1 };
        return runLoop(
          input,
          starts.map((v) => v[at]!),
          loop,
        );
      });
      output =
        results.length === 1
          ? results[0]!.output
          : concat(
              results.map((r): Value => r.output),
              2,
            );
      lasts.push(...results.map(({ last }) => last));
    }
    return {
      output,
      states: start.map((_, i) =>
        stack(
          lasts.map((last): Value => last[i]!),
          0,
        ),
      ),
    };
  }

  #stateShapes(batch: readonly number[]): readonly (readonly number[])[] {
    const leading = [this.numLayers * this.#directions, ...batch];
    const hidden = [...leading, this.#outputSize];
    return this.#kind.hasCell ? [hidden, [...leading, this.hiddenSize]] : [hidden];
  }

  /** Whether x is one sequence. @throws ShapeError unless it is one, or a batch of them. */
  #requireSequences(x: Value): boolean {
    const [n, form] = [this.inputSize, this.batchFirst ? 'N, T' : 'T, N'];
    const fits = (x.rank === 2 || x.rank === 3) && x.shape.at(-1) === n;
    if (fits && x.shape[x.rank === 3 && this.batchFirst ? 1 : 0]! > 0) return x.rank === 2;
    throw new ShapeError(`takes [${form}, ${n}] or [T, ${n}]${fits ? ' with T ≥ 1' : ''}, got ${showShape(x.shape)}`, {
      op: this.#layer,
      shapes: [x.shape, this.weights[0]!.weightIh.shape],
      hint: `T are the steps, N the sequences${this.batchFirst ? '' : '; with { batchFirst: true } sequences come first'}.`,
    });
  }

  override extraRepr(): string {
    const { numLayers, bidirectional, batchFirst, dropout, projSize } = this;
    const shown = [`${this.inputSize}`, `${this.hiddenSize}`];
    if (numLayers > 1) shown.push(`numLayers=${numLayers}`);
    if (projSize > 0) shown.push(`projSize=${projSize}`);
    if (dropout > 0) shown.push(`dropout=${dropout}`);
    if (batchFirst) shown.push('batchFirst');
    if (bidirectional) shown.push('bidirectional');
    return shown.join(', ');
  }
}

function checkProjection(layer: string, size: unknown, hiddenSize: number): number {
  if (Number.isInteger(size) && (size as number) >= 0 && (size as number) < hiddenSize) return size as number;
  throw new OptionError(`projSize must be a whole number from 0 to ${hiddenSize - 1}, got ${String(size)}`, {
    op: layer,
    option: 'projSize',
    hint: 'The projection is smaller than hiddenSize; 0 is none.',
  });
}

const alone = (hidden: Value | null | undefined): State | null =>
  hidden === undefined || hidden === null ? null : [hidden];

/**
 * An Elman network: hₜ = tanh(Wₓ·xₜ + bₓ + Wₕ·hₜ₋₁ + bₕ), or relu of that, along sequences x [T, N, inputSize]
 * ([N, T, inputSize] with batchFirst; [T, inputSize] for one). Gives { output, hidden }.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.RNN.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and states that do not fit; DataError for lengths
 * out of range.
 * @example const { output, hidden } = new RNN(8, 16, { batchFirst: true }).forward(sequences)
 */
export class RNN extends Recurrent<Value, RecurrentResult> {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions = {}) {
    const nonlinearity = checkNonlinearity('RNN', options.nonlinearity);
    super(['RNN', elmanKinds[nonlinearity], ['nonlinearity']], inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  override forward(x: Value, initial?: Value | null, options?: RecurrentCallOptions): RecurrentResult {
    const { output, states } = this.run(x, alone(initial), options);
    return { output, hidden: states[0]! };
  }
}

/**
 * Long short-term memory along sequences x [T, N, inputSize] ([N, T, inputSize] with batchFirst; [T, inputSize] for
 * one), from { hidden, cell } (default zeros). Gives { output, hidden, cell }, which may be the next call's initial
 * state. Gates lie in the order input, forget, cell, output. Hochreiter & Schmidhuber 1997.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and states that do not fit; DataError for lengths
 * out of range.
 * @example const { output, hidden, cell } = new LSTM(64, 128, { batchFirst: true }).forward(sequences, null, { lengths })
 */
export class LSTM extends Recurrent<LstmState, LSTMResult> {
  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions = {}) {
    super(['LSTM', lstmKind, ['projSize']], inputSize, hiddenSize, options);
  }

  override forward(x: Value, initial?: LstmState | null, options?: RecurrentCallOptions): LSTMResult {
    const start = initial === undefined || initial === null ? null : partsOfState('LSTM', initial);
    const { output, states } = this.run(x, start, options);
    return { output, hidden: states[0]!, cell: states[1]! };
  }
}

/**
 * Gated recurrent units along sequences x [T, N, inputSize] ([N, T, inputSize] with batchFirst; [T, inputSize] for
 * one). Gives { output, hidden }. Gates lie in the order reset, update, new. Cho et al. 2014.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.GRU.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and states that do not fit; DataError for lengths
 * out of range.
 * @example const { output, hidden } = new GRU(8, 16, { numLayers: 2, bidirectional: true }).forward(sequences)
 */
export class GRU extends Recurrent<Value, RecurrentResult> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(['GRU', gruKind, []], inputSize, hiddenSize, options);
  }

  override forward(x: Value, initial?: Value | null, options?: RecurrentCallOptions): RecurrentResult {
    const { output, states } = this.run(x, alone(initial), options);
    return { output, hidden: states[0]! };
  }
}
