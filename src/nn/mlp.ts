/** MLP: linear layers with an activation between them. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { activationOf, type Activation, type ActivationOption } from './activation.ts';
import { ModuleList } from './containers.ts';
import { Linear } from './linear.ts';
import { Module } from './module.ts';

export interface MLPOptions {
  /** Between the layers, not after the last; default relu. */
  readonly activation?: ActivationOption;
  readonly bias?: boolean;
  readonly dtype?: 'float32' | 'float64';
}

/** At least an input and an output width; the layers check the numbers. */
const isWidths = (sizes: unknown): sizes is readonly number[] => Array.isArray(sizes) && sizes.length >= 2;

/**
 * A multi-layer perceptron: `sizes` are the widths, input first. The last layer's result is returned as it is (logits).
 * Its parameters are `layers.0.weight`, `layers.0.bias`, …
 * @example new MLP([784, 256, 10], { activation: 'tanh' })
 */
export class MLP extends Module {
  readonly sizes: readonly number[];
  readonly layers: ModuleList<Linear>;
  readonly #activation: Activation;

  constructor(sizes: readonly number[], options: MLPOptions = {}) {
    super(sizes, options);
    checkOptions('MLP', options, ['activation', 'bias', 'dtype']);
    if (!isWidths(sizes)) {
      throw new OptionError(`sizes needs at least an input and an output width, got [${String(sizes)}]`, {
        op: 'MLP',
        option: 'sizes',
      });
    }
    this.sizes = [...sizes];
    this.#activation = activationOf('MLP', options.activation ?? 'relu');
    const { activation: _, ...linear } = options;
    this.layers = new ModuleList(sizes.slice(1).map((width, i) => new Linear(sizes[i]!, width, linear)));
  }

  override forward(x: Value): Value {
    const last = this.layers.length - 1;
    let y = x;
    let i = 0;
    for (const layer of this.layers) {
      y = layer.forward(y);
      if (i++ < last) y = this.#activation(y);
    }
    return y;
  }
}
