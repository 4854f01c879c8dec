/** Which elements each window of a pool covers: regular windows by kernel and stride, adaptive ones by result size. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { perAxis, requireImage, spatialOf, type PerAxis } from './convolution-arguments.ts';
import type { AxisWindows } from './kernels/pooling.ts';

/** Along one axis, with how far each window reaches into the padding. */
export interface PoolWindows extends AxisWindows {
  /** Elements of each window, padding included, but not what hangs over behind it. */
  readonly padded: readonly number[];
}

export interface WindowOptions {
  readonly stride?: PerAxis | null;
  readonly padding?: PerAxis;
  readonly dilation?: PerAxis;
  readonly ceilMode?: boolean;
}

interface Axis {
  readonly length: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly dilation: number;
  readonly ceil: boolean;
}

const isList = (x: unknown): x is readonly (number | null)[] => Array.isArray(x);

const spanOf = ({ kernel, dilation }: Axis): number => (kernel - 1) * dilation + 1;

/** With `ceil` a last window may hang over the end, if it starts inside x or the padding in front. */
function countOf(axis: Axis): number {
  const { length, stride, padding, ceil } = axis;
  const room = length + 2 * padding - spanOf(axis);
  const count = Math.floor((room + (ceil ? stride - 1 : 0)) / stride) + 1;
  return ceil && (count - 1) * stride >= length + padding ? count - 1 : count;
}

function windowsAlong(axis: Axis): PoolWindows {
  const { length, stride, padding, dilation } = axis;
  const firsts = Array.from({ length: countOf(axis) }, (_, i) => i * stride - padding);
  const ends = firsts.map((first) => first + spanOf(axis));
  return {
    starts: firsts.map((first) => (first >= 0 ? first : first + Math.ceil(-first / dilation) * dilation)),
    stops: ends.map((end) => Math.min(end, length)),
    step: dilation,
    padded: ends.map((end, i) => Math.min(end, length + padding) - firsts[i]!),
  };
}

function checkAxes(name: string, x: Value, axes: readonly Axis[]): void {
  const list = (f: (axis: Axis) => number): string => showShape(axes.map(f));
  axes.forEach((axis, i) => {
    if (2 * axis.padding > spanOf(axis)) {
      throw new OptionError(
        `padding ${list((a) => a.padding)} is more than half of the kernel, which spans ${list(spanOf)}`,
        { op: name, option: 'padding', axis: i, hint: 'A window would lie in the padding alone.' },
      );
    }
    if (countOf(axis) >= 1) return;
    throw new ShapeError(
      `the kernel spans ${list(spanOf)}, more than the padded input ${list((a) => a.length + 2 * a.padding)}: x ${showShape(x.shape)}`,
      { op: name, shapes: [x.shape], axis: i, hint: 'Use a smaller kernel or dilation, or more padding.' },
    );
  });
}

/**
 * The windows over the last `rank` axes of x, one entry for each.
 * @throws ShapeError or OptionError where kernel, stride, padding and dilation do not fit x.
 */
export function poolWindows(
  name: string,
  rank: number,
  x: Value,
  kernelSize: PerAxis,
  options: WindowOptions,
): readonly PoolWindows[] {
  requireImage(name, x, rank);
  const kernel = perAxis(name, 'kernelSize', kernelSize, rank, 1);
  // PyTorch also writes "the kernel's size" as an empty list.
  const steps = isList(options.stride) && options.stride.length === 0 ? null : options.stride;
  const stride = perAxis(name, 'stride', steps ?? kernel, rank, 1);
  const padding = perAxis(name, 'padding', options.padding ?? 0, rank, 0);
  const dilation = perAxis(name, 'dilation', options.dilation ?? 1, rank, 1);
  const axes = spatialOf(x, rank).map((length, a): Axis => ({
    length,
    kernel: kernel[a]!,
    stride: stride[a]!,
    padding: padding[a]!,
    dilation: dilation[a]!,
    ceil: options.ceilMode ?? false,
  }));
  checkAxes(name, x, axes);
  return axes.map(windowsAlong);
}

/** A size for each axis; null keeps the operand's. */
export type AdaptiveSize = number | null | readonly (number | null)[];

function adaptiveShape(name: string, size: AdaptiveSize, spatial: Shape): Shape {
  const list = isList(size) ? size : [size];
  const wanted = list.length === 1 ? new Array<number | null>(spatial.length).fill(list[0]!) : list;
  const fits = wanted.length === spatial.length && wanted.every((n) => n === null || (Number.isInteger(n) && n >= 0));
  if (fits) return wanted.map((n, a) => n ?? spatial[a]!);
  throw new OptionError(
    `the size is a whole number (or null, to keep it) for each of ${spatial.length} axes, got ${JSON.stringify(size)}`,
    { op: name, option: 'size' },
  );
}

/** Windows i·n/size … (i + 1)·n/size, rounded outwards: they cover the axis and may overlap. */
export function adaptiveWindows(name: string, rank: number, x: Value, size: AdaptiveSize): readonly AxisWindows[] {
  requireImage(name, x, rank);
  const spatial = spatialOf(x, rank);
  const wanted = adaptiveShape(name, size, spatial);
  if (spatial.includes(0)) {
    throw new ShapeError(`the spatial axes of ${showShape(x.shape)} are empty`, { op: name, shapes: [x.shape] });
  }
  return spatial.map((n, a) => {
    const places = [...new Array<number>(wanted[a]!).keys()];
    return {
      starts: places.map((i) => Math.floor((i * n) / wanted[a]!)),
      stops: places.map((i) => Math.ceil(((i + 1) * n) / wanted[a]!)),
      step: 1,
    };
  });
}
