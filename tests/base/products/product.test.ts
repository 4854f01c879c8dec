import fc from 'fast-check';
import { newStorage, type Storage } from '../../../src/base/dtypes.ts';
import { gatheredOperand, matrixOperand, type Matrix, type Operand } from '../../../src/base/products/index.ts';
import { plainProduct, product } from '../../../src/ops/kernels/product.ts';
import { differences, randomArray } from '../lanes/bits.ts';

const FLOATS = ['float64', 'float32'] as const;
type FloatDType = (typeof FLOATS)[number];

/** A matrix in its own array, in one of the ways it may lie: by rows, by columns, or with gaps. */
type Lie = 'rows' | 'columns' | 'gaps';

function matrix(dtype: FloatDType, lie: Lie, m: number, n: number, seed: number): Matrix {
  const [rows, columns] = lie === 'rows' ? [n, 1] : lie === 'columns' ? [1, m] : [3 * n + 1, 3];
  const start = seed % 5;
  return { data: randomArray(dtype, start + m * rows + n * columns, seed), start, rows, columns };
}

const byRows = (data: Storage, k: number): Operand => matrixOperand({ data, start: 0, rows: k, columns: 1 });

function expectSame(dtype: FloatDType, m: number, n: number, k: number, lies: readonly Lie[], seed: number): void {
  const a = matrix(dtype, lies[0]!, m, k, seed);
  const b = matrix(dtype, lies[1]!, n, k, seed + 1);
  const found = matrix(dtype, lies[2]!, m, n, seed + 2);
  const wanted = { ...found, data: found.data.slice() };
  product(dtype, found, matrixOperand(a), matrixOperand(b), m, n, k);
  plainProduct(dtype, wanted, matrixOperand(a), matrixOperand(b), m, n, k);
  expect(differences(found.data, wanted.data, [])).toEqual([]);
}

const size = fc.integer({ min: 1, max: 70 });
const anyLie = fc.constantFrom<Lie>('rows', 'columns', 'gaps');
const anyLies = fc.tuple(anyLie, anyLie, anyLie);
const anySeed = fc.integer({ min: 1, max: 1 << 30 });

describe.each(FLOATS)('products of %s have the bits of the plain loop, and touch nothing else', (dtype) => {
  test('any bits, any shape, however the matrices lie', () => {
    const property = fc.property(size, size, size, anyLies, anySeed, (m, n, k, lies, seed) =>
      expectSame(dtype, m, n, k, lies, seed),
    );
    fc.assert(property, { numRuns: 150 });
  });

  test('around the ends of blocks along k', () => {
    const depth = fc.constantFrom(255, 256, 257, 511, 512, 513, 1023, 1024, 1025, 1300, 2049);
    const few = fc.integer({ min: 1, max: 12 });
    const property = fc.property(few, few, depth, anyLies, anySeed, (m, n, k, lies, seed) =>
      expectSame(dtype, m, n, k, lies, seed),
    );
    fc.assert(property, { numRuns: 60 });
  });

  test.each([
    [257, 3, 5],
    [3, 513, 5],
    [300, 600, 7],
    [1, 1030, 1],
    [1030, 1, 1],
    [2, 2, 1025],
  ])('blocks of the result: %i × %i over %i', (m, n, k) => {
    for (const lie of ['rows', 'columns', 'gaps'] as const) expectSame(dtype, m, n, k, [lie, lie, lie], 7 * m + n);
  });

  test.each([
    [0, 3, 4],
    [3, 0, 4],
    [3, 4, 0],
  ])('nothing to add up: %i × %i over %i', (m, n, k) => {
    expectSame(dtype, m, n, k, ['rows', 'rows', 'rows'], 3);
  });

  test('a sum of −0 is +0; NaN and ∞ stay in their row and column', () => {
    const [m, n, k] = [9, 17, 3];
    const a = { data: newStorage(dtype, m * k).fill(1), start: 0, rows: k, columns: 1 };
    const b = { data: newStorage(dtype, n * k).fill(-0), start: 0, rows: k, columns: 1 };
    a.data[0] = NaN;
    a.data[(m - 1) * k] = Infinity;
    const out = { data: newStorage(dtype, m * n), start: 0, rows: n, columns: 1 };
    product(dtype, out, matrixOperand(a), matrixOperand(b), m, n, k);
    const row = (i: number): number[] => Array.from(out.data.subarray(i * n, (i + 1) * n));
    expect(row(0)).toEqual(new Array(n).fill(NaN));
    expect(row(m - 1)).toEqual(new Array(n).fill(NaN));
    for (let i = 1; i < m - 1; i++) expect(row(i)).toEqual(new Array(n).fill(0));
  });

  test('operands may be gathered from anywhere', () => {
    const property = fc.property(size, size, size, fc.boolean(), anySeed, (m, n, k, side, seed) => {
      const data = randomArray(dtype, 600, seed);
      const places = (length: number, step: number): Int32Array =>
        Int32Array.from({ length }, (_, i) => (i * step + (i > 5 ? 11 : 0)) % 290);
      const [rows, depth] = [places(m, side ? 1 : 7), places(k, side ? 5 : 1)];
      const written = newStorage(dtype, m * k);
      for (let i = 0; i < m * k; i++) written[i] = data[3 + rows[Math.floor(i / k)]! + depth[i % k]!]!;
      const right = byRows(randomArray(dtype, n * k, seed + 1), k);
      const run = (left: Operand): Storage => {
        const out = newStorage(dtype, m * n);
        product(dtype, { data: out, start: 0, rows: n, columns: 1 }, left, right, m, n, k);
        return out;
      };
      const found = run(gatheredOperand(data, 3, rows, depth));
      expect(differences(found, run(byRows(written, k)), [])).toEqual([]);
    });
    fc.assert(property, { numRuns: 40 });
  });
});
