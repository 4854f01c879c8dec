/** Lowerings of the ops that only copy. */
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { Lowering, Part } from '../lowering.ts';

const nonEmpty = (part: Part): readonly Part[] => (sizeOf(part.size) === 0 ? [] : [part]);

const zeros = (size: Shape): number[] => size.map(() => 0);

/** A box of output number `output`, without gaps, of elements of operand number `operand`; none if it is empty. */
export const box = (
  at: Shape,
  size: Shape,
  strides: readonly number[],
  start: number = 0,
  [output, operand]: readonly [output: number, operand: number] = [0, 0],
): readonly Part[] => nonEmpty({ output, operand, at, size, start, strides });

/** One output, all of it read from one operand: element (i, j, …) is number start + i·strides[0] + j·strides[1] + … */
export const gathering = (size: Shape, strides: readonly number[], start: number = 0): Lowering => ({
  kind: 'map',
  parts: box(zeros(size), size, strides, start),
});

/** One operand, row-major with `strides`, laid into zeros: its element (i, j, …) goes to starts + (i, j, …)·steps. */
export function placing(
  starts: readonly number[],
  size: Shape,
  steps: readonly number[],
  strides: readonly number[],
): Lowering {
  // A box is walked upwards; the operand is read from its end where it was laid downwards.
  const down = steps.map((step) => step < 0);
  const at = starts.map((start, i) => (down[i] ? start + (size[i]! - 1) * steps[i]! : start));
  const start = strides.reduce((sum, stride, i) => (down[i] ? sum + (size[i]! - 1) * stride : sum), 0);
  const part: Part = {
    operand: 0,
    at,
    size,
    ...(steps.every((step) => Math.abs(step) === 1) ? {} : { steps: steps.map(Math.abs) }),
    start,
    strides: strides.map((stride, i) => (down[i] ? -stride : stride)),
  };
  return { kind: 'map', parts: nonEmpty(part) };
}
