import { newStorage, type DType, type Storage } from '../../../src/base/dtypes.ts';
import { multiplyStrided } from '../../../src/ops/kernels/product-tree.ts';
import { sumColumns } from '../../../src/ops/kernels/sum-columns.ts';
import { sumStrided } from '../../../src/ops/kernels/sum-tree.ts';

const noise = (dtype: DType, n: number): Storage =>
  newStorage(dtype, n).map((_, i) => (((i * 2654435761) % 4099) / 4099 - 0.5) * (dtype === 'int32' ? 1e10 : 1e3));

/** The order as it is stated: 8 lanes over blocks of 128, lanes pairwise, blocks by a binary counter. */
function fold(xs: readonly number[], empty: number, join: (a: number, b: number) => number): number {
  const block = (part: readonly number[]): number => {
    const lanes = new Array<number>(8).fill(empty);
    part.forEach((x, i) => (lanes[i % 8] = join(lanes[i % 8]!, x)));
    const pairs = [0, 2, 4, 6].map((i) => join(lanes[i]!, lanes[i + 1]!));
    return join(join(pairs[0]!, pairs[1]!), join(pairs[2]!, pairs[3]!));
  };
  const counter: (number | undefined)[] = [];
  for (let i = 0; i < xs.length; i += 128) {
    let carried = block(xs.slice(i, i + 128));
    let slot = 0;
    for (; counter[slot] !== undefined; slot++) {
      carried = join(counter[slot]!, carried);
      counter[slot] = undefined;
    }
    counter[slot] = carried;
  }
  const digits = counter.filter((x) => x !== undefined);
  return digits.length === 0 ? empty : digits.reduce((sum, digit) => join(digit, sum));
}

const rounding = { float64: (x: number) => x, float32: Math.fround } as const;
const counts = [0, 1, 5, 8, 9, 127, 128, 129, 256, 1000, 4097];

describe.each(['float64', 'float32'] as const)('the order of %s', (dtype) => {
  const round = rounding[dtype];

  test.each(counts)('a sum of %i numbers is the stated tree', (n) => {
    const data = noise(dtype, n);
    const expected = fold(Array.from(data), 0, (a, b) => round(a + b));
    expect(sumStrided(data, 0, 1, n, dtype)).toBe(expected);
  });

  test.each(counts)('a product of %i numbers is the same tree', (n) => {
    const data = noise(dtype, n).map((x) => 1 + x / 1e5) as Storage;
    const expected = fold(Array.from(data), 1, (a, b) => round(a * b));
    expect(multiplyStrided(data, 0, 1, n, dtype)).toBe(expected);
  });
});

test.each(['float64', 'float32', 'int32'] as const)('columns of %s have the bits of runs, however wide', (dtype) => {
  for (const rows of [0, 1, 7, 31, 32, 33, 128, 300]) {
    for (const columns of [1, 3, 256, 300]) {
      const data = noise(dtype, rows * columns);
      const out = newStorage(dtype, columns);
      sumColumns(out, 0, data, 0, rows, columns, dtype);
      const expected = newStorage(dtype, columns).map((_, c) => sumStrided(data, c, columns, rows, dtype));
      expect(out).toEqual(expected);
    }
  }
});

test('int32 wraps', () => {
  expect(sumStrided(Int32Array.of(2147483647, 1), 0, 1, 2, 'int32')).toBe(-2147483648);
  expect(multiplyStrided(Int32Array.of(65536, 65536), 0, 1, 2, 'int32')).toBe(0);
});
