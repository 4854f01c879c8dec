/** Bilinear: yₒ = x₁ᵀ·Wₒ·x₂ + bₒ. */
import { checkOptions, ShapeError, showShapes } from '../base/errors.ts';
import { bilinear } from '../ops/products-affine.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType } from './arguments.ts';
import { defaultUniform } from './init.ts';
import type { LinearOptions } from './linear.ts';
import { castTo, Module } from './module.ts';

/**
 * A bilinear map of the last axes: [..., in1Features] and [..., in2Features] → [..., outFeatures].
 * `weight` is [outFeatures, in1Features, in2Features], `bias` [outFeatures], as in PyTorch.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Bilinear.html
 * @throws ShapeError (from forward) where the inputs do not fit.
 * @example new Bilinear(20, 30, 40).forward(x1, x2)
 */
export class Bilinear extends Module {
  readonly in1Features: number;
  readonly in2Features: number;
  readonly outFeatures: number;
  readonly weight: Value;
  readonly bias: Value | null;

  constructor(in1Features: number, in2Features: number, outFeatures: number, options: LinearOptions = {}) {
    super(in1Features, in2Features, outFeatures, options);
    checkOptions('Bilinear', options, ['bias', 'dtype']);
    const m = (this.in1Features = checkCount('Bilinear', 'in1Features', in1Features));
    const n = (this.in2Features = checkCount('Bilinear', 'in2Features', in2Features));
    const o = (this.outFeatures = checkCount('Bilinear', 'outFeatures', outFeatures));
    const dtype = checkDType('Bilinear', options.dtype);
    this.weight = this.parameter('weight', defaultUniform([o, m, n], m, dtype));
    this.bias = options.bias === false ? null : this.parameter('bias', defaultUniform([o], m, dtype));
  }

  override forward(x1: Value, x2: Value): Value {
    if (x1.shape.at(-1) !== this.in1Features || x2.shape.at(-1) !== this.in2Features) {
      throw new ShapeError(
        `takes last axes of ${this.in1Features} and ${this.in2Features}, got ${showShapes([x1.shape, x2.shape])}`,
        { op: 'Bilinear', shapes: [x1.shape, x2.shape, this.weight.shape] },
      );
    }
    const { dtype } = this.weight;
    return bilinear(castTo(x1, dtype), castTo(x2, dtype), this.weight, this.bias ?? undefined);
  }
}
