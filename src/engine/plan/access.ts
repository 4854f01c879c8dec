/** How arrays are walked: views of views, worked out without moving anything. */
import { sameShape, sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Part } from '../../ops/lowering.ts';
import type { Access, Buffer } from '../steps.ts';

/** An access of a known shape: element (i, j, …) of something is number start + i·strides[0] + … of a buffer. */
export interface Walk extends Access {
  readonly shape: Shape;
}

/** All of a buffer, row-major. */
export const wholeOf = (buffer: Buffer, shape: Shape): Walk => ({ buffer, start: 0, strides: stridesOf(shape), shape });

/** Whether a walk visits all of its buffer, element by element. */
export function isWhole({ buffer, start, strides, shape }: Walk): boolean {
  if (start !== 0 || buffer.size !== sizeOf(shape)) return false;
  if (buffer.size <= 1) return true;
  const rowMajor = stridesOf(shape);
  return strides.every((stride, i) => shape[i] === 1 || stride === rowMajor[i]);
}

/** The same elements in the same order under another shape of the same size; undefined where that takes a copy. */
export function reshaped(walk: Walk, shape: Shape): Walk | undefined {
  if (sameShape(walk.shape, shape)) return walk;
  if (sizeOf(shape) === 0) return { ...walk, shape, strides: stridesOf(shape) };
  const axes = merged(walk);
  const strides = new Array<number>(shape.length).fill(0);
  // From the last axis on, every new axis has to fit into what is left of an old one.
  let old = axes.length - 1;
  let left = axes[old]?.size ?? 1;
  let step = axes[old]?.stride ?? 0;
  for (let i = shape.length - 1; i >= 0; i--) {
    const size = shape[i]!;
    if (size === 1) continue;
    if (left === 1 && old > 0) {
      old--;
      left = axes[old]!.size;
      step = axes[old]!.stride;
    }
    if (left % size !== 0) return undefined;
    strides[i] = step;
    step *= size;
    left /= size;
  }
  return { ...walk, shape, strides };
}

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** Axes that follow each other like the axes of a row-major array, as one; those of length 1 left out. */
function merged({ shape, strides }: Walk): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const stride = strides[i]!;
    const last = axes[axes.length - 1];
    if (last !== undefined && last.stride === stride * size) axes[axes.length - 1] = { size: last.size * size, stride };
    else axes.push({ size, stride });
  });
  return axes;
}

/** The digits of an element's number: its index along each axis. */
function digitsOf(element: number, rowMajor: readonly number[]): number[] {
  let rest = element;
  return rowMajor.map((weight) => {
    const digit = Math.trunc(rest / weight);
    rest -= digit * weight;
    return digit;
  });
}

/**
 * A part of an operand that is itself walked: undefined where a step of the part would carry over from one axis of the
 * operand to the next, and the operand has to be copied first.
 */
export function partOf(walk: Walk, part: Part): Walk | undefined {
  if (sizeOf(part.size) === 0) return { ...walk, start: 0, shape: part.size, strides: part.size.map(() => 0) };
  if (isWhole(walk)) return { buffer: walk.buffer, start: part.start, strides: part.strides, shape: part.size };
  const rowMajor = stridesOf(walk.shape);
  const first = digitsOf(part.start, rowMajor);
  const [low, high] = [[...first], [...first]];
  const strides = part.strides.map((stride, axis) => {
    if (part.size[axis] === 1) return 0;
    const digits = digitsOf(stride, rowMajor);
    digits.forEach((digit, a) => {
      const reach = digit * (part.size[axis]! - 1);
      if (reach > 0) high[a]! += reach;
      else low[a]! += reach;
    });
    return dot(digits, walk.strides);
  });
  const fits = walk.shape.every((size, a) => low[a]! >= 0 && high[a]! < size);
  return fits
    ? { buffer: walk.buffer, start: walk.start + dot(first, walk.strides), strides, shape: part.size }
    : undefined;
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
