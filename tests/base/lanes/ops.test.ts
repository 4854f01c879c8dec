import { castNumber, newStorage, type DType } from '../../../src/base/dtypes.ts';
import { laneKernel } from '../../../src/base/lanes/compile.ts';
import type { LaneFunction } from '../../../src/base/lanes/lanes.ts';
import { differences, randomArray } from './bits.ts';

type Model = (x: number, y: number, z: number) => number;
type Case = readonly [
  name: string,
  dtypes: readonly DType[],
  inputs: number | readonly DType[],
  f: LaneFunction,
  model: Model,
  output?: DType,
];

const FLOATS: readonly DType[] = ['float64', 'float32'];
const NUMBERS: readonly DType[] = ['float64', 'float32', 'int32'];
const INT: readonly DType[] = ['int32'];

const nearest = (x: number): number => {
  if (!Number.isFinite(x) || Math.abs(x) >= 4503599627370496) return x;
  const low = Math.floor(x);
  const rest = x - low;
  const up = rest > 0.5 || (rest === 0.5 && low % 2 !== 0);
  const y = up ? low + 1 : low;
  return y === 0 ? (x < 0 || Object.is(x, -0) ? -0 : 0) : y;
};
const sign = (x: number): boolean => x < 0 || Object.is(x, -0);
const bool = (p: boolean): number => (p ? 1 : 0);
const bits32 = (x: number): number => new Int32Array(new Float32Array([x]).buffer)[0]!;
const bits64 = (x: number): bigint => new BigInt64Array(new Float64Array([x]).buffer)[0]!;
const number64 = (x: bigint): number => new Float64Array(new BigInt64Array([x]).buffer)[0]!;

const cases: Case[] = [
  ['add', FLOATS, 2, (k, x, y) => k.add(x, y), (x, y) => x + y],
  ['sub', FLOATS, 2, (k, x, y) => k.sub(x, y), (x, y) => x - y],
  ['mul', FLOATS, 2, (k, x, y) => k.mul(x, y), (x, y) => x * y],
  ['div', FLOATS, 2, (k, x, y) => k.div(x, y), (x, y) => x / y],
  ['add wraps', INT, 2, (k, x, y) => k.add(x, y), (x, y) => (x + y) | 0],
  ['sub wraps', INT, 2, (k, x, y) => k.sub(x, y), (x, y) => (x - y) | 0],
  ['mul wraps', INT, 2, (k, x, y) => k.mul(x, y), Math.imul],
  ['div truncates', INT, 1, (k, x) => k.div(x, -7), (x) => (x / -7) | 0],
  ['neg', FLOATS, 1, (k, x) => k.neg(x), (x) => -x],
  ['neg wraps', INT, 1, (k, x) => k.neg(x), (x) => -x | 0],
  ['abs', FLOATS, 1, (k, x) => k.abs(x), Math.abs],
  ['abs wraps', INT, 1, (k, x) => k.abs(x), (x) => Math.abs(x) | 0],
  ['sqrt', FLOATS, 1, (k, x) => k.sqrt(x), Math.sqrt],
  ['min', NUMBERS, 2, (k, x, y) => k.min(x, y), (x, y) => Math.min(x, y)],
  ['max', NUMBERS, 2, (k, x, y) => k.max(x, y), (x, y) => Math.max(x, y)],
  ['floor', NUMBERS, 1, (k, x) => k.floor(x), Math.floor],
  ['ceil', NUMBERS, 1, (k, x) => k.ceil(x), Math.ceil],
  ['trunc', NUMBERS, 1, (k, x) => k.trunc(x), Math.trunc],
  ['nearest', FLOATS, 1, (k, x) => k.nearest(x), nearest],
  [
    'copySign',
    FLOATS,
    2,
    // A NaN has no sign that anyone could see.
    (k, x, y) => k.select(k.isNaN(y), NaN, k.copySign(x, y)),
    (x, y) => (Number.isNaN(y) ? NaN : sign(y) ? -Math.abs(x) : Math.abs(x)),
  ],
  ['eq', NUMBERS, 2, (k, x, y) => k.eq(x, y), (x, y) => bool(x === y), 'bool'],
  ['ne', NUMBERS, 2, (k, x, y) => k.ne(x, y), (x, y) => bool(x !== y), 'bool'],
  ['lt', NUMBERS, 2, (k, x, y) => k.lt(x, y), (x, y) => bool(x < y), 'bool'],
  ['le', NUMBERS, 2, (k, x, y) => k.le(x, y), (x, y) => bool(x <= y), 'bool'],
  ['gt', NUMBERS, 2, (k, x, y) => k.gt(x, y), (x, y) => bool(x > y), 'bool'],
  ['ge', NUMBERS, 2, (k, x, y) => k.ge(x, y), (x, y) => bool(x >= y), 'bool'],
  ['isNaN', FLOATS, 1, (k, x) => k.isNaN(x), (x) => bool(Number.isNaN(x)), 'bool'],
  ['comparison as a number', NUMBERS, 2, (k, x, y) => k.lt(x, y), (x, y) => bool(x < y)],
  [
    'and, or, not',
    NUMBERS,
    2,
    (k, x, y) => k.and(k.or(k.lt(x, y), k.gt(x, 1)), k.not(k.eq(y, 0))),
    (x, y) => bool((x < y || x > 1) && !(y === 0)),
    'bool',
  ],
  ['equal masks', NUMBERS, 2, (k, x, y) => k.eq(k.lt(x, 0), k.lt(y, 0)), (x, y) => bool(x < 0 === y < 0), 'bool'],
  ['select', NUMBERS, 3, (k, x, y, z) => k.select(k.lt(x, y), y, z), (x, y, z) => (x < y ? y : z)],
  [
    'select a mask',
    NUMBERS,
    2,
    (k, x, y) => k.select(k.lt(x, 0), k.lt(y, 0), k.gt(y, 5)),
    (x, y) => bool(x < 0 ? y < 0 : y > 5),
    'bool',
  ],
  ['pick the smaller', FLOATS, 2, (k, x, y) => k.select(k.lt(y, x), y, x), (x, y) => (y < x ? y : x)],
  ['pick the larger', FLOATS, 2, (k, x, y) => k.select(k.lt(x, y), y, x), (x, y) => (x < y ? y : x)],
  ['keep or zero', FLOATS, 2, (k, x, y) => k.select(k.lt(x, y), y, 0), (x, y) => (x < y ? y : 0)],
  ['zero or keep', FLOATS, 2, (k, x, y) => k.select(k.lt(x, y), 0, y), (x, y) => (x < y ? 0 : y)],
  ['keep or minus zero', FLOATS, 2, (k, x, y) => k.select(k.lt(x, y), y, -0), (x, y) => (x < y ? y : -0)],
  ['where, by bytes', NUMBERS, [], (k, p, x, y) => k.select(p, x, y), (p, x, y) => (p ? x : y)],
  [
    'mask of bytes',
    ['bool'],
    2,
    (k, p, q) => k.or(k.and(p, q), k.not(q)),
    (p, q) => bool((p !== 0 && q !== 0) || q === 0),
  ],
  ['bit operations', INT, 2, (k, x, y) => k.bitXor(k.bitOr(x, 12), k.bitAnd(y, -256)), (x, y) => (x | 12) ^ (y & -256)],
  [
    'shifts',
    INT,
    1,
    (k, x) => k.add(k.shiftLeft(x, 5), k.add(k.shiftRight(x, 3), k.shiftRightUnsigned(x, 7))),
    (x) => ((x << 5) + ((x >> 3) + (x >>> 7))) | 0,
  ],
  [
    'float bits',
    ['float32'],
    1,
    (k, x) => k.fromBits(k.bitXor(k.bits(k.abs(x)), 0x00400001)),
    (x) => new Float32Array(new Int32Array([bits32(Math.abs(x)) ^ 0x00400001]).buffer)[0]!,
  ],
  [
    'double bits',
    ['float64'],
    1,
    (k, x) => k.fromBits(k.add(k.shiftRightUnsigned(k.bits(x), 3), k.int64(0x1234567n))),
    (x) => number64(BigInt.asUintN(64, bits64(Number.isNaN(x) ? x : x)) / 8n + 0x1234567n),
  ],
  [
    'int64 arithmetic',
    ['float64'],
    1,
    (k, x) => k.fromBits(k.mul(k.sub(k.int64(5n), k.shiftRight(k.bits(x), 40)), k.int64(3n))),
    (x) => number64((5n - (bits64(x) >> 40n)) * 3n),
  ],
  [
    'int64 comparison',
    ['float64'],
    2,
    (k, x, y) => k.select(k.lt(k.bits(x), k.bits(y)), x, y),
    (x, y) => (bits64(x) < bits64(y) ? x : y),
  ],
];

const inputsOf = (name: string, inputs: Case[2], dtype: DType): readonly DType[] =>
  name === 'where, by bytes'
    ? ['bool', dtype, dtype]
    : typeof inputs === 'number'
      ? Array<DType>(inputs).fill(dtype)
      : inputs;

const named = cases.map(([name, dtypes, inputs, f, model, output]) => ({ name, dtypes, inputs, f, model, output }));

describe.each(named)('$name', ({ name, dtypes, inputs: given, f, model, output }) => {
  test.each(dtypes)('of %s: one by one, in vectors, with numbers among the operands', (dtype) => {
    const inputs = inputsOf(name, given, dtype);
    const result = output ?? dtype;
    const kernel = laneKernel(f, inputs, result);
    const xs = inputs.map((d, k) => randomArray(d, 1003, 17 + k));
    const wanted = newStorage(result, 1003);
    for (let i = 0; i < wanted.length; i++) {
      const [a = 0, b = 0, c = 0] = xs.map((x) => x[i]!);
      wanted[i] = castNumber(model(a, b, c), result);
    }
    const scalars = newStorage(result, 1003);
    for (let i = 0; i < wanted.length; i++) scalars[i] = kernel.scalar(...xs.map((x) => x[i]!));
    expect(differences(scalars, wanted, xs)).toEqual([]);
    for (const length of [0, 1, 11, 12, 13, 15, 1003]) {
      const out = newStorage(result, length);
      kernel.run(
        out,
        xs.map((x) => x.slice(0, length)),
      );
      expect(differences(out, scalars.slice(0, length), xs)).toEqual([]);
    }
    for (let k = 0; k < inputs.length; k++) {
      const mixed = xs.map((x, j) => (j === k ? x[5]! : x));
      const out = newStorage(result, 1003);
      kernel.run(out, mixed);
      const one = newStorage(result, 1003);
      for (let i = 0; i < 1003; i++) one[i] = kernel.scalar(...mixed.map((x) => (typeof x === 'number' ? x : x[i]!)));
      expect(differences(out, one, mixed)).toEqual([]);
    }
  });
});

describe('conversions', () => {
  const pairs = (['float64', 'float32', 'int32', 'bool'] as const).flatMap((from) =>
    (['float64', 'float32', 'int32', 'bool'] as const).map((to) => [from, to] as const),
  );
  test.each(pairs)('%s to %s, as castNumber says', (from, to) => {
    const kernel = laneKernel((_, x) => x, [from], to);
    const x = randomArray(from, 500, 3);
    const out = newStorage(to, 500);
    kernel.run(out, [x]);
    const wanted = newStorage(to, 500);
    for (let i = 0; i < 500; i++) wanted[i] = castNumber(x[i]!, to);
    expect(differences(out, wanted, [x])).toEqual([]);
  });
});

describe('rare', () => {
  const slow: LaneFunction = (k, x, y) => k.sub(k.mul(x, 3), y);
  test.each(FLOATS)('%s: only the lanes that ask for it', (dtype) => {
    const f: LaneFunction = (k, x, y) => k.rare(k.gt(x, y), k.add(x, y), slow, x, y);
    const kernel = laneKernel(f, [dtype, dtype], dtype);
    const xs = [randomArray(dtype, 203, 5), randomArray(dtype, 203, 6)];
    const out = newStorage(dtype, 203);
    kernel.run(out, xs);
    const wanted = newStorage(dtype, 203);
    for (let i = 0; i < 203; i++) {
      const [x, y] = [xs[0]![i]!, xs[1]![i]!];
      wanted[i] = castNumber(x > y ? castNumber(x * 3, dtype) - y : x + y, dtype);
    }
    expect(differences(out, wanted, xs)).toEqual([]);
  });
});
