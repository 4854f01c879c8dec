/** RNNCell, LSTMCell, GRUCell: one step in time. */
import { checkOptions, ShapeError, showShape } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, checkFlag, type ParameterDType } from './arguments.ts';
import { castTo, Module } from './module.ts';
import {
  checkNonlinearity,
  partsOfState,
  recurrentWeights,
  startingState,
  type LstmState,
  type Nonlinearity,
} from './recurrent-arguments.ts';
import {
  elmanKinds,
  gruKind,
  lstmKind,
  type RecurrentKind,
  type RecurrentWeights,
  type State,
} from './recurrent-steps.ts';

export interface RecurrentCellOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

export interface RNNCellOptions extends RecurrentCellOptions {
  /** Default tanh. */
  readonly nonlinearity?: Nonlinearity;
}

/** What the cells share: parameters, and a step of a batch or of one example. */
abstract class RecurrentCell<Initial, Result> extends Module<[x: Value, initial?: Initial | null], Result> {
  readonly inputSize: number;
  readonly hiddenSize: number;
  /** [gates · hiddenSize, inputSize]. */
  readonly weightIh: Value;
  /** [gates · hiddenSize, hiddenSize]. */
  readonly weightHh: Value;
  /** [gates · hiddenSize]. */
  readonly biasIh: Value | null;
  /** [gates · hiddenSize]. */
  readonly biasHh: Value | null;
  readonly #layer: string;
  readonly #kind: RecurrentKind;

  constructor(
    [layer, kind, known]: readonly [string, RecurrentKind, readonly string[]],
    inputSize: number,
    hiddenSize: number,
    options: RecurrentCellOptions,
  ) {
    super(inputSize, hiddenSize, options);
    checkOptions(layer, options, known);
    this.#layer = layer;
    this.#kind = kind;
    this.inputSize = checkCount(layer, 'inputSize', inputSize);
    this.hiddenSize = checkCount(layer, 'hiddenSize', hiddenSize);
    const bias = checkFlag(layer, 'bias', options.bias, true);
    const dtype = checkDType(layer, options.dtype);
    const sizes = { inputs: inputSize, gates: kind.gates, hiddenSize, projSize: 0, bias, dtype };
    const weights = recurrentWeights(sizes, '', (name, leaf) => this.parameter(name, leaf));
    this.weightIh = weights.weightIh;
    this.weightHh = weights.weightHh;
    this.biasIh = weights.biasIh;
    this.biasHh = weights.biasHh;
  }

  /** The state after x [N, inputSize] or [inputSize]. */
  protected step(x: Value, initial: State | null): State {
    const { inputSize, hiddenSize } = this;
    if (x.rank < 1 || x.rank > 2 || x.shape.at(-1) !== inputSize) {
      throw new ShapeError(`takes [N, ${inputSize}] or [${inputSize}], got ${showShape(x.shape)}`, {
        op: this.#layer,
        shapes: [x.shape, this.weightIh.shape],
        hint: 'A cell makes one step; a layer takes whole sequences.',
      });
    }
    const shape = [...x.shape.slice(0, -1), hiddenSize];
    const dtype = this.weightIh.dtype as ParameterDType;
    const before = startingState(this.#layer, initial, this.#kind.hasCell ? [shape, shape] : [shape], dtype);
    const weights: RecurrentWeights = { ...this.#weights(), weightHr: null };
    const single = x.rank === 1;
    const batch = (v: Value): Value => (single ? v.unsqueeze(0) : v);
    const rows = single ? 1 : x.shape[0]!;
    const { inputBias, next } = this.#kind.bind(weights, rows);
    const products = batch(castTo(x, dtype)).linear(this.weightIh, inputBias ?? undefined);
    const after = next(products, before.map(batch));
    return single ? after.map((v) => v.squeeze(0)) : after;
  }

  #weights(): Omit<RecurrentWeights, 'weightHr'> {
    const { weightIh, weightHh, biasIh, biasHh } = this;
    return { weightIh, weightHh, biasIh, biasHh };
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}`;
  }
}

const KNOWN = ['bias', 'dtype'];

/**
 * One step of an Elman network: x [N, inputSize] (or [inputSize]) and the hidden state [N, hiddenSize] before (default
 * zeros) give the hidden state tanh(Wₓ·x + bₓ + Wₕ·h + bₕ), or relu of that.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and states that do not fit.
 * @example hidden = cell.forward(x, hidden)
 */
export class RNNCell extends RecurrentCell<Value, Value> {
  readonly nonlinearity: Nonlinearity;

  constructor(inputSize: number, hiddenSize: number, options: RNNCellOptions = {}) {
    const nonlinearity = checkNonlinearity('RNNCell', options.nonlinearity);
    super(['RNNCell', elmanKinds[nonlinearity], [...KNOWN, 'nonlinearity']], inputSize, hiddenSize, options);
    this.nonlinearity = nonlinearity;
  }

  override forward(x: Value, hidden?: Value | null): Value {
    return this.step(x, hidden === undefined || hidden === null ? null : [hidden])[0]!;
  }
}

/**
 * One step of a long short-term memory: x [N, inputSize] (or [inputSize]) and { hidden, cell } before, [N, hiddenSize]
 * each (default zeros), give { hidden, cell }. Gates lie in the order input, forget, cell, output.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and states that do not fit.
 * @example state = cell.forward(x, state)
 */
export class LSTMCell extends RecurrentCell<LstmState, { hidden: Value; cell: Value }> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super(['LSTMCell', lstmKind, KNOWN], inputSize, hiddenSize, options);
  }

  override forward(x: Value, initial?: LstmState | null): { hidden: Value; cell: Value } {
    const before = initial === undefined || initial === null ? null : partsOfState('LSTMCell', initial);
    const [hidden, cell] = this.step(x, before) as [Value, Value];
    return { hidden, cell };
  }
}

/**
 * One step of a gated recurrent unit: x [N, inputSize] (or [inputSize]) and the hidden state [N, hiddenSize] before
 * (default zeros) give the hidden state. Gates lie in the order reset, update, new.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and states that do not fit.
 * @example hidden = cell.forward(x, hidden)
 */
export class GRUCell extends RecurrentCell<Value, Value> {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentCellOptions = {}) {
    super(['GRUCell', gruKind, KNOWN], inputSize, hiddenSize, options);
  }

  override forward(x: Value, hidden?: Value | null): Value {
    return this.step(x, hidden === undefined || hidden === null ? null : [hidden])[0]!;
  }
}
