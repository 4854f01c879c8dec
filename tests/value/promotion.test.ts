import { constant, full, setDefaultDtype, value, where, type DType, type Value } from 'chainrule';

// torch.result_type with default dtype float64; PyTorch's int64 (a number beside bool) is int32 here.
const COLUMNS = [
  'T bool',
  'T int32',
  'T float32',
  'T float64',
  'S bool',
  'S int32',
  'S float32',
  'S float64',
  'true',
  '2',
  '2.5',
];
const B = 'bool', I = 'int32', F = 'float32', D = 'float64'; // prettier-ignore
const TABLE: Record<string, DType[]> = {
  'T bool': [B, I, F, D, B, I, F, D, B, I, D],
  'T int32': [I, I, F, D, I, I, F, D, I, I, D],
  'T float32': [F, F, F, D, F, F, F, F, F, F, F],
  'T float64': [D, D, D, D, D, D, D, D, D, D, D],
  'S bool': [B, I, F, D, B, I, F, D, B, I, D],
  'S int32': [I, I, F, D, I, I, F, D, I, I, D],
  'S float32': [F, F, F, D, F, F, F, D, F, F, F],
  'S float64': [D, D, F, D, D, D, D, D, D, D, D],
};

/** `T int32`: a tensor; `S int32`: 0-d; anything else a JavaScript value. */
function operand(name: string): Value | number | boolean {
  const [kind, dtype] = name.split(' ') as [string, DType];
  if (dtype === undefined) return JSON.parse(kind) as number | boolean;
  return full(kind === 'T' ? [2] : [], 1, { dtype });
}

const pairs = Object.entries(TABLE).flatMap(([row, dtypes]) =>
  dtypes.map((dtype, i) => [row, COLUMNS[i]!, dtype] as const),
);

test.each(pairs)('%s with %s gives %s, either way round', (row, column, dtype) => {
  const [x, y] = [operand(row) as Value, operand(column)];
  expect(where(true, x, y).dtype).toBe(dtype);
  expect(where(true, y, x).dtype).toBe(dtype);
});

test('the dtype does not depend on which way an op goes: scalars, arrays, recorded or not', () => {
  const f32 = (requiresGrad: boolean): Value => value([1, 2], { dtype: 'float32', requiresGrad });
  for (const x of [f32(true), f32(false)]) {
    expect([x.add(0.1).dtype, x.add(value(0.1)).dtype, x.add(constant([0.1])).dtype]).toEqual([
      'float32',
      'float32',
      'float64',
    ]);
  }
  expect(value(1, { dtype: 'float32' }).mul(0.1).item()).toBe(Math.fround(Math.fround(0.1)));
});

test('int32 wraps, float → int32 truncates and saturates, NaN → 0, anything but 0 is true', () => {
  const top = constant(2147483647, { dtype: 'int32' });
  expect(top.add(1).item()).toBe(-2147483648);
  expect(constant([1.9, -1.9, 1e10, -1e10, NaN]).to('int32').toArray()).toEqual([1, -1, 2147483647, -2147483648, 0]);
  expect(constant([0, -0, 2, NaN]).to('bool').toArray()).toEqual([false, false, true, true]);
});

test('floats from integers take the default dtype', () => {
  const two = constant([2], { dtype: 'int32' });
  expect(two.exp().dtype).toBe('float64');
  setDefaultDtype('float32');
  try {
    expect([two.exp().dtype, value(1).dtype, two.mul(0.5).dtype]).toEqual(['float32', 'float32', 'float32']);
  } finally {
    setDefaultDtype('float64');
  }
  expect(() => setDefaultDtype('int32' as 'float32')).toThrow(/default dtype is float64 or float32, not "int32"/);
});

test('gradients come back in the dtype of what they belong to', () => {
  const w = value([1, 2], { dtype: 'float32' });
  const x = value([3, 4]);
  w.mul(x).sum().backward();
  expect([w.grad!.dtype, x.grad!.dtype]).toEqual(['float32', 'float64']);
});
