import fc from 'fast-check';
import { makeSorter, sortPlaces } from '../../../src/ops/kernels/order.ts';

/** The specification: NaN above all, equal ones (−0 and 0 too) in their order. */
function expectedOrder(data: Float64Array, descending: boolean): number[] {
  const rank = (x: number): number => (Number.isNaN(x) ? Infinity : 0);
  const compare = (a: number, b: number): number => rank(a) - rank(b) || (a < b ? -1 : a > b ? 1 : 0);
  const safe = (a: number, b: number): number => (Number.isNaN(a) && Number.isNaN(b) ? 0 : compare(a, b));
  return Array.from(data.keys()).sort((p, q) => safe(data[p]!, data[q]!) * (descending ? -1 : 1) || p - q);
}

const sorted = (data: Float64Array, descending: boolean): number[] => {
  const sorter = makeSorter(data.length);
  sortPlaces(sorter, data, 0, 1, data.length, descending);
  return Array.from(sorter.order);
};

const special = fc.constantFrom(0, -0, 1, -1, NaN, Infinity, -Infinity, 5e-324, -5e-324);

test.each([
  ['short rows, merged', 0, 60],
  ['long rows, by digits', 300, 700],
])('%s: stable, NaN above all', (_, minLength, maxLength) => {
  const element = fc.oneof(special, fc.double(), fc.integer({ min: -3, max: 3 }));
  const rows = fc.array(element, { minLength, maxLength }).map((xs) => Float64Array.from(xs));
  fc.assert(
    fc.property(rows, fc.boolean(), (row, descending) => {
      expect(sorted(row, descending)).toEqual(expectedOrder(row, descending));
    }),
    { numRuns: 60 },
  );
});

test('numbers that differ in their last digits only', () => {
  const row = Float64Array.from({ length: 1000 }, (_, i) => 1 + ((i * 389) % 1000) * 2 ** -50);
  expect(sorted(row, false)).toEqual(expectedOrder(row, false));
  expect(sorted(row, true)).toEqual(expectedOrder(row, true));
});

test('columns are read by their stride, and one sorter serves many rows', () => {
  const data = Float64Array.of(3, 30, 1, 10, 2, 20);
  const sorter = makeSorter(3);
  sortPlaces(sorter, data, 0, 2, 3, false);
  expect(Array.from(sorter.order)).toEqual([1, 2, 0]);
  sortPlaces(sorter, data, 1, 2, 3, true);
  expect(Array.from(sorter.order)).toEqual([0, 2, 1]);
});
