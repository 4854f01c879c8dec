/** A reduction seen by its generator: axes folded, what is not read left out, and the axis chosen along which vectors lie. */
import { bytesPerElement, type DType } from '../../base/dtypes.ts';
import type { Node } from '../../base/lanes/graph.ts';
import { laneWidth, type LaneWidth } from '../../base/lanes/vector-form.ts';
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { ReduceStep } from '../steps.ts';

/** How one input of the expression is read. Strides are in elements. */
export interface Read {
  readonly input: Node;
  readonly dtype: DType;
  readonly start: number;
  /** Along the axes of the units, the axis of the lanes, and the reduced axes. */
  readonly units: readonly number[];
  readonly lane: number;
  readonly inner: readonly number[];
}

/**
 * `rows`: lanes lie along the last reduced axis, a unit is one result. `columns`: they lie along an axis that stays, a
 * unit is a tile of neighbouring results. `single`: the same with a tile of one, computed without vectors.
 */
export type Way = 'rows' | 'columns' | 'single';

export interface Layout {
  readonly way: Way;
  /** The nodes of the expression, its root last. */
  readonly order: readonly Node[];
  readonly value: Node;
  /** Bytes per lane; undefined for `single`. */
  readonly width: LaneWidth | undefined;
  /** Axes whose index tuples, times the tiles of the columns, are the units. */
  readonly units: Shape;
  /** How many results lie along the axis of the lanes; 1 but for `columns`. */
  readonly columns: number;
  readonly inner: Shape;
  /** Elements reduced into one result. */
  readonly count: number;
  readonly reads: readonly Read[];
  readonly to: {
    readonly dtype: DType;
    readonly start: number;
    readonly units: readonly number[];
    readonly lane: number;
  };
}

/** Elements per vector. */
export const lanesOf = (width: LaneWidth | undefined): number => (width === undefined ? 1 : 16 / width);

interface Axes {
  readonly shape: Shape;
  /** For each access the strides along the axes. */
  readonly strides: readonly (readonly number[])[];
}

/** Without axes of length 1, and with those joined that every access walks as if they were one. */
export function foldAxes({ shape, strides }: Axes): Axes {
  const sizes: number[] = [];
  const folded: number[][] = strides.map(() => []);
  shape.forEach((size, axis) => {
    if (size === 1) return;
    const last = sizes.length - 1;
    const joins = last >= 0 && strides.every((s, k) => folded[k]![last] === s[axis]! * size);
    if (joins) sizes[last]! *= size;
    else sizes.push(size);
    strides.forEach((s, k) => {
      if (joins) folded[k]![last] = s[axis]!;
      else folded[k]!.push(s[axis]!);
    });
  });
  return { shape: sizes, strides: folded };
}

interface Choice {
  readonly way: Way;
  /** `columns`: which of the outer axes. */
  readonly axis: number;
}

/** Vectors of neighbours are best, then vectors put together from afar, then no vectors. */
function choose(width: LaneWidth | undefined, outer: Axes, inner: Axes, count: number): Choice {
  if (width === undefined || count === 0) return { way: 'single', axis: -1 };
  const lanes = lanesOf(width);
  const apart = (axes: Axes, axis: number): number =>
    axes.strides.filter((s) => s[axis] !== undefined && s[axis] !== 0 && s[axis] !== 1).length;
  const last = inner.shape.length - 1;
  const rows = inner.shape.length === 1 || (last > 0 && inner.shape[last]! % lanes === 0);
  if (rows && apart(inner, last) === 0) return { way: 'rows', axis: -1 };
  let best = -1;
  outer.shape.forEach((size, axis) => {
    if (size >= lanes && (best < 0 || apart(outer, axis) < apart(outer, best))) best = axis;
  });
  const across = best < 0 ? Infinity : apart(outer, best);
  if (rows && count >= 2 * lanes && apart(inner, last) < across) return { way: 'rows', axis: -1 };
  if (best >= 0) return { way: 'columns', axis: best };
  return rows && count >= lanes ? { way: 'rows', axis: -1 } : { way: 'single', axis: -1 };
}

const without = <T>(list: readonly T[], at: number): readonly T[] => list.filter((_, i) => i !== at);

/** `vectors`: whether vectors of this width may be used. */
export function layoutOf(step: ReduceStep, value: Node, vectors: (width: LaneWidth) => boolean): Layout {
  const order = step.graph.reachable(value);
  const used = order.filter((node) => node.op === 'input');
  const accesses = used.map((input) => step.reads[input.value as number]!);
  const rank = step.outer.length;
  const outer = foldAxes({
    shape: step.outer,
    strides: [...accesses.map((a) => a.strides.slice(0, rank)), step.to.strides],
  });
  const inner = foldAxes({ shape: step.inner, strides: accesses.map((a) => a.strides.slice(rank)) });
  const count = sizeOf(step.inner);
  const possible = laneWidth(order);
  const width = possible !== undefined && vectors(possible) ? possible : undefined;
  const { way, axis } = choose(width, outer, inner, count);
  const last = inner.shape.length - 1;
  const lane = (k: number): number => (way === 'rows' ? inner.strides[k]![last]! : (outer.strides[k]![axis] ?? 0));
  return {
    way,
    order,
    value,
    width: way === 'single' ? undefined : width,
    units: without(outer.shape, axis),
    columns: outer.shape[axis] ?? 1,
    inner: inner.shape,
    count,
    reads: used.map((input, k) => ({
      input,
      dtype: accesses[k]!.buffer.dtype,
      start: accesses[k]!.start,
      units: without(outer.strides[k]!, axis),
      lane: lane(k),
      inner: inner.strides[k]!,
    })),
    to: {
      dtype: step.to.buffer.dtype,
      start: step.to.start,
      units: without(outer.strides[used.length]!, axis),
      lane: outer.strides[used.length]![axis] ?? 0,
    },
  };
}

/** Of one read. */
export const bytesOf = (read: { readonly dtype: DType }): number => bytesPerElement(read.dtype);
