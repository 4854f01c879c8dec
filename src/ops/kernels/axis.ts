/** A shape seen from one axis. */
import { sizeOf, type Shape } from '../../base/shapes.ts';

export interface AroundAxis {
  /** Elements of the axes in front: that many matrices of `length` rows and `behind` columns lie one after the other. */
  readonly before: number;
  readonly length: number;
  readonly behind: number;
}

export const aroundAxis = (shape: Shape, axis: number): AroundAxis => ({
  before: sizeOf(shape.slice(0, axis)),
  length: shape[axis]!,
  behind: sizeOf(shape.slice(axis + 1)),
});
