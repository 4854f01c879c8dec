/** A convolution step in bytes: its axes as products see them, and which part of an image a block of places touches. */
import { bytesPerElement } from '../../base/dtypes.ts';
import type { TileDType } from '../../base/products/tile.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Channels, Windows } from '../../ops/kernels/convolution.ts';
import type { Access, ConvolutionStep } from '../steps.ts';

/** The strides of one of the three arrays, in bytes: its leading axes and the spatial ones. */
export interface Lie {
  readonly start: number;
  readonly leading: readonly [number, number, number];
  readonly spatial: readonly number[];
}

export interface Convolution extends Channels {
  readonly dtype: TileDType;
  readonly bytes: 4 | 8;
  readonly windows: Windows;
  readonly input: Lie;
  readonly weight: Lie;
  readonly output: Lie;
}

const LEADING = 3;

/** @throws RangeError for bool: products of truth values are not defined. */
export function convolutionOf(step: ConvolutionStep): Convolution {
  const { dtype, channels, windows } = step;
  if (dtype === 'bool') throw new RangeError('convolution: is not defined for bool');
  const bytes = bytesPerElement(dtype) as 4 | 8;
  const lie = ({ start, strides }: Access): Lie => {
    const steps = strides.map((stride) => stride * bytes);
    return {
      start: start * bytes,
      leading: steps.slice(0, LEADING) as unknown as readonly [number, number, number],
      spatial: steps.slice(LEADING),
    };
  };
  return {
    dtype,
    bytes,
    ...channels,
    windows,
    input: lie(step.input),
    weight: lie(step.weight),
    output: lie(step.output),
  };
}

/** Whether every window lies within the input. */
export const isInside = ({ input, taps, output, stride, padding, dilation }: Windows): boolean =>
  input.every(
    (n, a) => padding[a]! <= 0 && (output[a]! - 1) * stride[a]! + (taps[a]! - 1) * dilation[a]! - padding[a]! < n,
  );

/** One spatial axis of an array, and how it lies in a plane. */
export interface PlaneAxis {
  readonly size: number;
  /** Bytes from one index to the next in the array. */
  readonly step: number;
  /** Places in front of the array's first one in the plane; negative where the plane starts further on. */
  readonly front: number;
  /** Places in the plane. */
  readonly extent: number;
}

/**
 * A part of an image with whatever windows need around it: along the first axis as many places as a block touches, from
 * any place on; along the others always the same ones. What lies outside of the array is +0.
 */
export interface Plane {
  readonly bytes: 4 | 8;
  readonly axes: readonly PlaneAxis[];
  /** Bytes from one channel to the next: in the array, and in the plane. */
  readonly channelStep: number;
  readonly planeStep: number;
  /** Bytes from one place to the next in the plane, along each axis. */
  readonly steps: readonly number[];
  /** A last channel behind the others: all bits set where the array is. */
  readonly marks: boolean;
}

export function planeOf(bytes: 4 | 8, axes: readonly PlaneAxis[], channelStep: number, marks: boolean): Plane {
  const extents = axes.map(({ extent }) => extent);
  const size = sizeOf(extents) * bytes;
  // Channels that lie a power of two apart would share few sets of the first cache.
  const planeStep = Math.ceil(size / 64) * 64 + 64;
  return { bytes, axes, channelStep, planeStep, steps: stridesOf(extents).map((n) => n * bytes), marks };
}

/** Bytes of a plane of so many channels; vectors may be read a little further. */
export const planeBytes = ({ planeStep, marks }: Plane, channels: number): number =>
  (channels + (marks ? 1 : 0)) * planeStep + 64;

/** Along the first axis, how many indices `count` places in a row may touch. */
export function leadingSpan(shape: Shape, count: number): number {
  const inner = Math.max(1, sizeOf(shape.slice(1)));
  if (count >= sizeOf(shape)) return shape[0]!;
  return Math.min(shape[0]!, Math.floor((count + inner - 2) / inner) + 1);
}

/** The plane of an input for `count` places of the output in a row. */
export function inputPlane({ bytes, windows, input }: Convolution, count: number): Plane {
  const { output, taps, stride, padding, dilation } = windows;
  const axes = windows.input.map((size, a): PlaneAxis => {
    const places = a === 0 ? leadingSpan(output, count) : output[a]!;
    const extent = (places - 1) * stride[a]! + (taps[a]! - 1) * dilation[a]! + 1;
    return { size, step: input.spatial[a]!, front: padding[a]!, extent };
  });
  return planeOf(bytes, axes, input.leading[2], false);
}
