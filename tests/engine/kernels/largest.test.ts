import fc from 'fast-check';
import { newStorage, type DType } from '../../../src/base/dtypes.ts';
import { largestTask } from '../../../src/engine/kernels/largest.ts';
import type { LargestStep } from '../../../src/engine/steps.ts';
import { largestPlaces, type AxisWindows } from '../../../src/ops/kernels/pooling.ts';
import { backwards, buffer, runTask } from './harness.ts';

/** Windows as pools have them: at equal distances, cut off at both ends; or, as adaptive ones do, of any sizes. */
const windows = (length: number): fc.Arbitrary<AxisWindows> =>
  fc.oneof(
    fc
      .record({
        kernel: fc.integer({ min: 1, max: 4 }),
        stride: fc.integer({ min: 1, max: 4 }),
        step: fc.constantFrom(1, 1, 2),
        padding: fc.nat(2),
      })
      .map(({ kernel, stride, step, padding }) => {
        const reach = (kernel - 1) * step + 1;
        const firsts = Array.from({ length: length + padding }, (_, i) => i * stride - padding).filter(
          (first) => first + reach <= length + padding,
        );
        const starts = firsts.map((first) => (first >= 0 ? first : first + Math.ceil(-first / step) * step));
        return { starts, stops: firsts.map((first) => Math.min(length, first + reach)), step };
      }),
    fc.array(fc.tuple(fc.nat(length - 1), fc.integer({ min: 1, max: 5 })), { maxLength: 5 }).map((list) => ({
      starts: list.map(([start]) => start),
      stops: list.map(([start, count]) => Math.min(length, start + count)),
      step: 1,
    })),
  );

const cases = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 19 })).chain(([height, width]) =>
  fc.record({
    height: fc.constant(height),
    width: fc.constant(width),
    rows: windows(height),
    columns: windows(width),
    planes: fc.nat(3),
    dtype: fc.constantFrom<DType[]>('float32', 'float64', 'int32'),
    seed: fc.nat(),
  }),
);

const EDGES = [NaN, -Infinity, Infinity, 0, -0, 1, 1, -3];

test('the places that the reference kernel finds: ties, NaNs, −∞, windows cut off', () => {
  fc.assert(
    fc.property(cases, ({ height, width, rows, columns, planes, dtype, seed }) => {
      const [down, across] = [rows.starts.length, columns.starts.length];
      const source = buffer(dtype, planes * height * width);
      const to = buffer('int32', planes * down * across);
      const data = newStorage(dtype, source.size).map((_, i) => EDGES[(seed + i * i * 7 + i * 3) % EDGES.length]!);
      const wanted = new Int32Array(to.size);
      const shape = [planes, height, width];
      largestPlaces(
        { data: wanted, shape: [planes, down, across], dtype: 'int32' },
        { data, shape, dtype },
        rows,
        columns,
      );
      const step: LargestStep = { kind: 'largest', planes, height, width, rows, columns, source, to };
      const contents = new Map([
        [source, data],
        [to, new Int32Array(to.size)],
      ]);
      for (const parts of [1, 3]) {
        const after = runTask((e) => largestTask(step, e), contents, { ranges: backwards(parts) });
        expect([...after.get(to)!]).toEqual([...wanted]);
      }
    }),
    { numRuns: 100 },
  );
});
