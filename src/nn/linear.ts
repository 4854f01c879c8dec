/** Linear: y = x·Wᵀ + b. */
import type { DType } from '../base/dtypes.ts';
import { checkOptions, ShapeError, showShape } from '../base/errors.ts';
import { linear } from '../ops/products-affine.ts';
import type { Value } from '../value/value.ts';
import { checkCount } from './arguments.ts';
import { defaultUniform } from './init.ts';
import { castTo, Module } from './module.ts';

export interface LinearOptions {
  /** Default true. */
  readonly bias?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: 'float32' | 'float64';
}

/**
 * An affine map of the last axis: [..., inFeatures] → [..., outFeatures].
 * `weight` is [outFeatures, inFeatures], `bias` [outFeatures], as in PyTorch.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 * @example new Linear(784, 10).forward(images)
 */
export class Linear extends Module {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly weight: Value;
  readonly bias: Value | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions = {}) {
    super(inFeatures, outFeatures, options);
    checkOptions('Linear', options, ['bias', 'dtype']);
    this.inFeatures = checkCount('Linear', 'inFeatures', inFeatures);
    this.outFeatures = checkCount('Linear', 'outFeatures', outFeatures);
    const dtype: DType = options.dtype ?? 'float32';
    this.weight = this.parameter('weight', defaultUniform([outFeatures, inFeatures], inFeatures, dtype));
    this.bias =
      options.bias === false ? null : this.parameter('bias', defaultUniform([outFeatures], inFeatures, dtype));
  }

  override forward(x: Value): Value {
    if (x.shape.at(-1) !== this.inFeatures) {
      throw new ShapeError(`takes a last axis of ${this.inFeatures}, got ${showShape(x.shape)}`, {
        op: 'Linear',
        shapes: [x.shape, this.weight.shape],
        hint: 'Flatten or permute the input so that its features come last.',
      });
    }
    return linear(castTo(x, this.weight.dtype), this.weight, this.bias ?? undefined);
  }
}
