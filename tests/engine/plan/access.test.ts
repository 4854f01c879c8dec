import * as fc from 'fast-check';
import { sizeOf, stridesOf, type Shape } from '../../../src/base/shapes.ts';
import { isWhole, partOf, reshaped, wholeOf, type Walk } from '../../../src/engine/plan/access.ts';
import type { Buffer } from '../../../src/engine/steps.ts';
import type { Part } from '../../../src/ops/lowering.ts';

const bufferOf = (size: number): Buffer => ({ id: 0, dtype: 'float64', size });

/** Which elements of the buffer a walk visits, in order. */
function visited({ start, strides, shape }: Pick<Walk, 'start' | 'strides' | 'shape'>): number[] {
  const rowMajor = stridesOf(shape);
  return Array.from({ length: sizeOf(shape) }, (_, i) => {
    let [rest, at] = [i, start];
    rowMajor.forEach((weight, axis) => {
      at += Math.floor(rest / weight) * strides[axis]!;
      rest %= weight;
    });
    return at;
  });
}

const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 4 });

/** A box in an array of some shape: permuted, sliced with steps of either sign, broadcast along new axes, diagonal. */
const partsOf = (shape: Shape): fc.Arbitrary<Part> =>
  fc
    .array(
      fc.record({
        axes: fc.subarray([...shape.keys()], { maxLength: Math.min(2, shape.length) }),
        size: fc.integer({ min: 1, max: 4 }),
        step: fc.constantFrom(-2, -1, 1, 2),
      }),
      { maxLength: 3 },
    )
    .map((axes) => {
      const rowMajor = stridesOf(shape);
      const room = [...shape];
      let start = 0;
      const [size, strides]: [number[], number[]] = [[], []];
      for (const axis of axes) {
        const reach = Math.min(...axis.axes.map((a) => room[a]! - 1), Infinity);
        const n = axis.axes.length === 0 ? axis.size : Math.min(axis.size, Math.floor(reach / Math.abs(axis.step)) + 1);
        for (const a of axis.axes) {
          room[a]! -= (n - 1) * Math.abs(axis.step);
          if (axis.step < 0) start += (n - 1) * -axis.step * rowMajor[a]!;
        }
        size.push(n);
        strides.push(axis.axes.reduce((sum, a) => sum + axis.step * rowMajor[a]!, 0));
      }
      return { operand: 0, at: size.map(() => 0), size, start, strides };
    });

const walks: fc.Arbitrary<Walk> = shapes.chain((shape) =>
  partsOf(shape).map((part) => partOf(wholeOf(bufferOf(sizeOf(shape)), shape), part)!),
);

describe('a part of a walk', () => {
  test('visits what the part of a copy would visit, or asks for the copy', () => {
    fc.assert(
      fc.property(
        walks.chain((walk) => fc.tuple(fc.constant(walk), partsOf(walk.shape))),
        ([walk, part]) => {
          const composed = partOf(walk, part);
          if (composed === undefined) return;
          const elements = visited(walk);
          const direct = visited({ start: part.start, strides: part.strides, shape: part.size });
          expect(visited(composed)).toEqual(direct.map((i) => elements[i]));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('a slice, a permutation and a broadcast of a permutation take no copy', () => {
    const permuted: Walk = { ...wholeOf(bufferOf(6), [2, 3]), shape: [3, 2], strides: [1, 3] };
    expect(partOf(permuted, { operand: 0, at: [0, 0], size: [2, 2], start: 2, strides: [2, 1] })).toEqual({
      ...permuted,
      start: 1,
      shape: [2, 2],
      strides: [1, 3],
    });
    expect(
      partOf(permuted, { operand: 0, at: [0, 0, 0], size: [5, 2, 3], start: 0, strides: [0, 1, 2] }),
    ).toBeDefined();
  });
});

describe('a reshaped walk', () => {
  test('visits the same elements in the same order, or asks for a copy', () => {
    fc.assert(
      fc.property(walks, fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), (walk, factors) => {
        const size = sizeOf(walk.shape);
        const shape = [...factors.filter((n) => size % n === 0).slice(0, 1)];
        shape.push(size / sizeOf(shape));
        const other = reshaped(walk, shape);
        if (other !== undefined) expect(visited(other)).toEqual(visited(walk));
        else expect(isWhole(walk)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('of a whole array never takes a copy', () => {
    expect(reshaped(wholeOf(bufferOf(24), [2, 3, 4]), [4, 6])).toEqual(wholeOf(bufferOf(24), [4, 6]));
    expect(reshaped(wholeOf(bufferOf(0), [0, 3]), [3, 0, 2])?.shape).toEqual([3, 0, 2]);
  });

  test('keeps what is broadcast broadcast', () => {
    const walk: Walk = { ...wholeOf(bufferOf(3), [3]), shape: [4, 3], strides: [0, 1] };
    expect(reshaped(walk, [2, 2, 3])?.strides).toEqual([0, 0, 1]);
    expect(reshaped(walk, [12])).toBeUndefined();
  });
});
