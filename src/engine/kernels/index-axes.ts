/** The axes of steps that follow an index: folded, and sorted by what may happen at the same time. */
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { PickStep, PutStep } from '../steps.ts';
import { foldAxes } from './reduce-layout.ts';

/** Axes walked together, with the strides of source, index and target. */
export interface Axes {
  readonly shape: Shape;
  readonly source: readonly number[];
  readonly index: readonly number[];
  readonly to: readonly number[];
}

/** The innermost axis, where one place of the index serves all of it; of length 1 and stride 0 where there is none. */
export interface Row {
  readonly length: number;
  readonly source: number;
  readonly to: number;
}

const pick = (step: PickStep | PutStep, keep: (axis: number) => boolean): Axes => {
  const of = (list: readonly number[]): number[] => list.filter((_, axis) => keep(axis));
  const strides = [step.source.strides, step.index.strides, step.to.strides].map(of);
  const folded = foldAxes({ shape: of(step.domain), strides });
  const [source, index, to] = folded.strides as [readonly number[], readonly number[], readonly number[]];
  return { shape: folded.shape, source, index, to };
};

/** The axes along which places never repeat, and those along which they may. */
export const freeAxes = (step: PutStep): Axes => pick(step, (axis) => step.to.strides[axis] !== 0);
export const boundAxes = (step: PutStep): Axes => pick(step, (axis) => step.to.strides[axis] === 0);
export const allAxes = (step: PickStep): Axes => pick(step, () => true);

/** Takes the innermost axis off if it is a row. */
export function splitRow(axes: Axes): { readonly outer: Axes; readonly row: Row } {
  const last = axes.shape.length - 1;
  if (last < 0 || axes.index[last] !== 0) return { outer: axes, row: { length: 1, source: 0, to: 0 } };
  const outer = {
    shape: axes.shape.slice(0, last),
    source: axes.source.slice(0, last),
    index: axes.index.slice(0, last),
    to: axes.to.slice(0, last),
  };
  return { outer, row: { length: axes.shape[last]!, source: axes.source[last]!, to: axes.to[last]! } };
}

/** Units of about so many elements. */
const UNIT = 512;

/** How many rows make a unit, and how many units there are. */
export function unitsOf(outer: Shape, rowLength: number): { readonly rows: number; readonly units: number } {
  const rows = Math.max(1, Math.ceil(UNIT / Math.max(1, rowLength)));
  return { rows, units: Math.ceil(sizeOf(outer) / rows) };
}
