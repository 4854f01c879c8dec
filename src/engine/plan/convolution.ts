/** A convolution as a step: which array is which. */
import type { Lowering } from '../../ops/lowering.ts';
import type { Aval } from '../../ops/primitive.ts';
import type { Access, ConvolutionStep } from '../steps.ts';

export function convolutionStep(
  { result, operands, channels, windows }: Extract<Lowering, { readonly kind: 'convolution' }>,
  { dtype }: Aval,
  a: Access,
  b: Access,
  to: Access,
): ConvolutionStep {
  const access = ({ buffer, start, strides }: Access): Access => ({ buffer, start, strides });
  const arrays = { [operands[0]]: access(a), [operands[1]]: access(b), [result]: access(to) };
  const { input, weight, output } = arrays as Record<'input' | 'weight' | 'output', Access>;
  return { kind: 'convolution', dtype, result, channels, windows, input, weight, output };
}
