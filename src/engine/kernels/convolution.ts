/** Convolutions as tasks. Those that are plain products become products; the others bring windows into panels. */
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Emission, Task } from '../emission.ts';
import type { Access, ConvolutionStep, ProductStep } from '../steps.ts';
import { channelwiseTask } from './convolution-channelwise.ts';
import { inputTask } from './convolution-input.ts';
import { convolutionOf, isInside } from './convolution-shape.ts';
import { outputTask, weightTask } from './convolution-windows.ts';
import { productTask } from './product.ts';

/** The task of a convolution, with the bits of the reference kernel (ops/kernels/convolution.ts). */
export function convolutionTask(step: ConvolutionStep, e: Emission): Task {
  const product = asProduct(step);
  if (product !== undefined) return productTask(product, e);
  const c = convolutionOf(step);
  const { input, weight, output } = step;
  const [x, w, y] = [input.buffer, weight.buffer, output.buffer];
  switch (step.result) {
    case 'output':
      return channelwiseTask(c, 'output', [w, x, y], e) ?? outputTask(c, [w, x, y], e);
    case 'weight':
      return weightTask(c, [y, x, w], e);
    case 'input':
      return channelwiseTask(c, 'input', [w, y, x], e) ?? inputTask(c, [w, y, x], e);
  }
}

/** Some of an access's strides, by position. */
const along = ({ buffer, start, strides }: Access, ...axes: readonly (readonly number[])[]): Access => ({
  buffer,
  start,
  strides: axes.flat().map((axis) => (axis < 0 ? 0 : strides[axis]!)),
});

/** What a convolution is as a product, if nothing has to be padded and no two sums meet at one place. */
function asProduct(step: ConvolutionStep): ProductStep | undefined {
  const { dtype, channels, windows, result, input, weight, output } = step;
  const { batch, groups, incoming, outgoing } = channels;
  const rank = windows.input.length;
  const spatial = Array.from({ length: rank }, (_, i) => i + 3);
  const common = { kind: 'product', dtype } as const;
  const terms = { output: incoming * sizeOf(windows.taps), weight: batch * sizeOf(windows.output), input: outgoing };
  const isEmpty = [windows.taps, windows.output, shapeOf(step)].some((shape) => sizeOf(shape) === 0);
  if (terms[result] === 0 || isEmpty) return nothing(step);
  if (result === 'input') {
    if (!areApart(step)) return undefined;
    // A place of the input is (output place, tap), and a tap is as far from the next as places are.
    const { strides } = input;
    const places = spatial.map((axis) => strides[axis]! * windows.stride[axis - 3]!);
    const taps = spatial.map((axis) => strides[axis]!);
    return {
      ...common,
      batch: [batch, groups],
      m: [incoming, ...windows.taps],
      n: windows.output,
      k: [outgoing],
      a: along(weight, [-1, 0], [2, ...spatial], [1]),
      b: along(output, [0, 1], spatial, [2]),
      to: { ...input, strides: [strides[0]!, strides[1]!, strides[2]!, ...taps, ...places] },
    };
  }
  if (!isInside(windows)) return undefined;
  const { strides, start, buffer } = input;
  const origin = start - windows.padding.reduce((at, p, axis) => at + p * strides[axis + 3]!, 0);
  const steps = (by: readonly number[]): number[] => by.map((factor, axis) => factor * strides[axis + 3]!);
  const [places, taps] = [steps(windows.stride), steps(windows.dilation)];
  const windowed = (leading: readonly number[]): Access => ({ buffer, start: origin, strides: leading });
  if (result === 'output') {
    return {
      ...common,
      batch: [batch, groups],
      m: [outgoing],
      n: windows.output,
      k: [incoming, ...windows.taps],
      a: along(weight, [-1, 0], [1], [2, ...spatial]),
      b: windowed([strides[0]!, strides[1]!, ...places, strides[2]!, ...taps]),
      to: along(output, [0, 1], [2], spatial),
    };
  }
  return {
    ...common,
    batch: [groups],
    m: [outgoing],
    n: [incoming, ...windows.taps],
    k: [batch, ...windows.output],
    a: along(output, [1], [2], [0, ...spatial]),
    b: windowed([strides[1]!, strides[2]!, ...taps, strides[0]!, ...places]),
    to: along(weight, [0], [1], [2, ...spatial]),
  };
}

/** Whether every place of the input meets exactly one tap, and all of them lie within it. */
function areApart({ windows }: ConvolutionStep): boolean {
  const { input, taps, output, stride, padding, dilation } = windows;
  return input.every(
    (n, a) =>
      padding[a] === 0 && stride[a] === taps[a] && (dilation[a] === 1 || taps[a] === 1) && n === output[a]! * taps[a]!,
  );
}

function shapeOf({ channels, windows, result }: ConvolutionStep): Shape {
  const { batch, groups, incoming, outgoing } = channels;
  if (result === 'input') return [batch, groups, incoming, ...windows.input];
  if (result === 'weight') return [groups, outgoing, incoming, ...windows.taps];
  return [batch, groups, outgoing, ...windows.output];
}

/** Sums of nothing, wherever the result lies. */
function nothing(step: ConvolutionStep): ProductStep {
  const { dtype, result } = step;
  const to = step[result];
  const shape = shapeOf(step);
  const none = stridesOf(shape).map(() => 0);
  return {
    kind: 'product',
    dtype,
    batch: [],
    m: [],
    n: shape,
    k: [0],
    a: { ...to, strides: [0] },
    b: { ...to, strides: [...none, 0] },
    to,
  };
}
