/** MLP: linear layers with an activation between them. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { activationOf, type Activation, type ActivationOption } from './activation.ts';
import { checkProbability, type ParameterDType } from './arguments.ts';
import { ModuleList } from './containers.ts';
import { Dropout } from './dropout.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';
import { BatchNorm1d } from './normalisation-channels.ts';
import { LayerNorm } from './normalisation-features.ts';

export interface MLPOptions {
  /** Between the layers, not after the last; default relu. */
  readonly activation?: ActivationOption;
  /** After the last layer; default identity: logits, or any numbers. */
  readonly outputActivation?: ActivationOption;
  /** While training, of the hidden units; default 0. */
  readonly dropout?: number;
  /** Of the hidden layers, in front of their activation: `batch` norm, `layer` norm, or null, none (default). */
  readonly norm?: 'batch' | 'layer' | null;
  readonly bias?: boolean;
  readonly dtype?: ParameterDType;
}

const OPTIONS = ['activation', 'outputActivation', 'dropout', 'norm', 'bias', 'dtype'];

/** At least an input and an output width; the layers check the numbers. */
const isWidths = (sizes: unknown): sizes is readonly number[] => Array.isArray(sizes) && sizes.length >= 2;

/**
 * A multi-layer perceptron: `sizes` are the widths, input first. Each hidden layer is a linear map, a norm if there is
 * one, the activation and dropout. The last layer's result is returned as it is (logits) unless there is an
 * outputActivation. Parameters are `layers.0.weight`, `layers.0.bias`, …, of norms `norms.0.weight`, ….
 * @throws OptionError for fewer than two widths, and bad options.
 * @example new MLP([784, 256, 10], { activation: 'gelu', dropout: 0.2 })
 * @example new MLP([8, 64, 64, 1], { norm: 'batch', outputActivation: 'sigmoid' })
 */
export class MLP extends Module {
  readonly sizes: readonly number[];
  readonly layers: ModuleList<Linear>;
  readonly norms: ModuleList<BatchNorm1d | LayerNorm> | null;
  readonly dropout: Dropout | null;
  readonly #activation: Activation;
  readonly #outputActivation: Activation;

  constructor(sizes: readonly number[], options: MLPOptions = {}) {
    super(sizes, options);
    checkOptions('MLP', options, OPTIONS);
    if (!isWidths(sizes)) {
      throw new OptionError(`sizes needs at least an input and an output width, got [${String(sizes)}]`, {
        op: 'MLP',
        option: 'sizes',
      });
    }
    this.sizes = [...sizes];
    const { activation = 'relu', outputActivation = 'identity', dropout = 0, norm = null, ...linear } = options;
    this.#activation = activationOf('MLP', activation);
    this.#outputActivation = activationOf('MLP', outputActivation, 'outputActivation');
    this.layers = new ModuleList(sizes.slice(1).map((width, i) => new Linear(sizes[i]!, width, linear)));
    this.norms = norm === null ? null : new ModuleList(sizes.slice(1, -1).map((width) => normOf(norm, width, options)));
    this.dropout = checkProbability('MLP', 'dropout', dropout) > 0 ? new Dropout(dropout) : null;
  }

  override forward(x: Value): Value {
    const last = this.layers.length - 1;
    let y = x;
    for (let i = 0; i < last; i++) y = this.#hidden(this.layers.at(i)!.forward(y), i);
    return this.#outputActivation(this.layers.at(last)!.forward(y));
  }

  #hidden(x: Value, i: number): Value {
    const y = this.#activation(this.norms === null ? x : this.norms.at(i)!.forward(x));
    return this.dropout === null ? y : this.dropout.forward(y);
  }
}

function normOf(norm: unknown, width: number, { dtype = 'float32' }: MLPOptions): BatchNorm1d | LayerNorm {
  if (norm === 'batch') return new BatchNorm1d(width, { dtype });
  if (norm === 'layer') return new LayerNorm(width, { dtype });
  throw new OptionError(`norm must be 'batch', 'layer' or null, got ${JSON.stringify(norm)}`, {
    op: 'MLP',
    option: 'norm',
  });
}
