/** What the lowering of a convolution means, in plain loops. */
import { newStorage, type Storage } from '../../base/dtypes.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';
import type { Lowering } from '../../ops/lowering.ts';
import type { Aval } from '../../ops/primitive.ts';
import { along, eachIndex } from './lowered.ts';

type ConvolutionLowering = Extract<Lowering, { readonly kind: 'convolution' }>;

/** One output, exact but for rounding. */
export function runConvolution(
  { result, operands, channels, windows }: ConvolutionLowering,
  inputs: readonly Dense[],
  [out]: readonly Aval[],
): Storage[] {
  const { batch, groups, incoming, outgoing } = channels;
  const { input, taps, output, stride, padding, dilation } = windows;
  const shapes: Readonly<Record<typeof result, Shape>> = {
    input: [batch, groups, incoming, ...input],
    weight: [groups, outgoing, incoming, ...taps],
    output: [batch, groups, outgoing, ...output],
  };
  const dataOf = (role: typeof result): Storage | undefined => inputs[operands.indexOf(role)]?.data;
  const sums = new Float64Array(sizeOf(shapes[result]));
  const isWhole = out!.dtype === 'int32';
  const rank = input.length;
  eachIndex([batch, groups, incoming, outgoing, ...taps, ...output], (index) => {
    const [n, g, c, o] = index as [number, number, number, number];
    const [k, j] = [index.slice(4, 4 + rank), index.slice(4 + rank)];
    const i = j.map((place, a) => place * stride[a]! + k[a]! * dilation[a]! - padding[a]!);
    const isPadding = i.some((place, a) => place < 0 || place >= input[a]!);
    if (isPadding && result === 'input') return;
    const places = { input: [n, g, c, ...i], weight: [g, o, c, ...k], output: [n, g, o, ...j] };
    const at = (role: typeof result): number => along(places[role], stridesOf(shapes[role]));
    const read = (role: typeof result): number => (isPadding && role === 'input' ? 0 : dataOf(role)![at(role)]!);
    const [x, y] = operands.map(read) as [number, number];
    const to = at(result);
    sums[to] = isWhole ? (sums[to]! + Math.imul(x, y)) | 0 : sums[to]! + x * y;
  });
  const data = newStorage(out!.dtype, sums.length);
  data.set(sums);
  return [data];
}
