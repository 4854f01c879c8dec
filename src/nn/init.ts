/** Initialisers: leaves filled at random, float32 unless told otherwise. */
import type { DType } from '../base/dtypes.ts';
import type { Shape } from '../base/shape-types.ts';
import { rand } from '../ops/random.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';

/** Uniform in [−bound, bound). */
export const uniform = (shape: Shape, bound: number, dtype: DType = 'float32'): Value =>
  noGrad(() =>
    rand(shape, { dtype })
      .mul(2 * bound)
      .sub(bound),
  ).detach();

/**
 * PyTorch's default for linear and convolution layers: uniform in ±1/√fanIn, for weights and biases alike
 * (Kaiming's rule with a = √5). https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html
 */
export const defaultUniform = (shape: Shape, fanIn: number, dtype: DType = 'float32'): Value =>
  uniform(shape, fanIn > 0 ? 1 / Math.sqrt(fanIn) : 0, dtype);
