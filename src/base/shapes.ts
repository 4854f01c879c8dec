/** Shapes at run time: sizes, strides, broadcasting, axes. Their counterparts in the type system are in shape-types.ts. */
import { AxisError, ShapeError, showShape } from './errors.ts';

export type Shape = readonly number[];

/** The shape of every scalar: one shared object, so that identity is a quick test. */
export const SCALAR: Shape = Object.freeze([] as number[]);

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let i = 0; i < shape.length; i++) size *= shape[i]!;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let step = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
}

/**
 * The common shape of two under NumPy's rule: aligned from the last axis, 1 stretches.
 * @throws ShapeError naming both shapes and the axis that does not fit.
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const rank = Math.max(a.length, b.length);
  const out = new Array<number>(rank);
  for (let i = 1; i <= rank; i++) {
    const m = i <= a.length ? a[a.length - i]! : 1;
    const n = i <= b.length ? b[b.length - i]! : 1;
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(
        `cannot broadcast ${showShape(a)} with ${showShape(b)}: axis ${rank - i} is ${m} against ${n}`,
        {
          op,
          shapes: [a, b],
          axis: rank - i,
          hint: 'Axes are aligned from the last; they must be equal, or one of them 1. Use reshape or unsqueeze to line them up.',
        },
      );
    }
    out[rank - i] = m === 1 ? n : m;
  }
  return out;
}

/**
 * An axis as 0 … rank−1; negative ones count from the end.
 * @throws AxisError
 */
export function normalizeAxis(op: string, axis: number, rank: number, shape?: Shape): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    const of = shape === undefined ? `rank ${rank}` : `shape ${showShape(shape)}`;
    throw new AxisError(`axis ${String(axis)} is out of range for ${of}`, {
      op,
      axis,
      ...(shape === undefined ? {} : { shapes: [shape] }),
      hint: rank === 0 ? 'A scalar has no axes.' : `Valid axes are ${-rank} … ${rank - 1}.`,
    });
  }
  return axis < 0 ? axis + rank : axis;
}

/** As `normalizeAxis`; a scalar counts as having one axis, as in PyTorch. */
export const normalizeAxisOrScalar = (op: string, axis: number, shape: Shape): number =>
  shape.length === 0 ? normalizeAxis(op, axis, 1) : normalizeAxis(op, axis, shape.length, shape);

/**
 * A list of axes, sorted and without repeats; absent means all of them.
 * @throws AxisError for one out of range or given twice.
 */
export function normalizeAxes(op: string, axes: number | readonly number[] | null | undefined, shape: Shape): number[] {
  const rank = shape.length;
  if (axes === undefined || axes === null) return Array.from({ length: rank }, (_, i) => i);
  // As in PyTorch, a scalar may be reduced along "its only axis".
  if (rank === 0 && [axes].flat().every((axis) => axis === 0 || axis === -1)) return [];
  if (typeof axes === 'number') return [normalizeAxis(op, axes, rank, shape)];
  const out = axes.map((axis) => normalizeAxis(op, axis, rank, shape)).sort((a, b) => a - b);
  for (let i = 1; i < out.length; i++) {
    if (out[i] === out[i - 1]) {
      throw new AxisError(`axis ${out[i]} is given twice in ${showShape(axes)}`, {
        op,
        axis: out[i]!,
        shapes: [shape],
      });
    }
  }
  return out;
}

/** The shape after reducing `axes` (normalised): dropped, or kept as 1. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  if (keepDims) return shape.map((n, i) => (axes.includes(i) ? 1 : n));
  return axes.length === shape.length ? SCALAR : shape.filter((_, i) => !axes.includes(i));
}

/**
 * A shape given by a caller, checked: whole numbers ≥ 0.
 * @throws ShapeError
 */
export function checkShape(op: string, shape: readonly number[]): Shape {
  if (!Array.isArray(shape)) throw new ShapeError(`a shape is an array of numbers, got ${typeof shape}`, { op });
  const axes: readonly number[] = shape;
  for (const n of axes) {
    if (!Number.isInteger(n) || n < 0) {
      throw new ShapeError(`${showShape(shape)} is not a shape: ${String(n)} is not a whole number ≥ 0`, {
        op,
        shapes: [shape],
      });
    }
  }
  if (!Number.isSafeInteger(sizeOf(axes))) {
    throw new ShapeError(`${showShape(shape)} has more elements than can be counted`, { op, shapes: [shape] });
  }
  return axes.length === 0 ? SCALAR : [...axes];
}
