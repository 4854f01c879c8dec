import { constant, full, grad, setDefaultDtype, trace, value, interpret, vmap, type Value } from 'chainrule';

const ints = (...xs: number[]): Value => constant(xs, { dtype: 'int32' });
const bools = (...xs: boolean[]): Value => constant(xs);
const flat = (x: Value): number[] => Array.from(x.data);
/** The gradients of Σ f(x, y) with respect to both. */
const gradients = (f: (x: Value, y: Value) => Value, x: number[], y: number[]): number[][] => {
  const gs = grad((a: Value, b: Value) => f(a, b).sum(), { argnums: [0, 1] })(constant(x), constant(y)) as Value[];
  return gs.map(flat);
};
const slope = (f: (x: Value) => Value, ...x: number[]): number[] => flat(grad((v: Value) => f(v).sum())(constant(x)));
const curvature = (f: (x: Value) => Value, ...x: number[]): number[] =>
  slope((v) => grad((w: Value) => f(w).sum())(v), ...x);

describe('dtypes', () => {
  test('bools add as "or" and multiply as "and"; their difference is refused', () => {
    const [a, b] = [bools(true, true, false), bools(true, false, false)];
    expect(a.add(b).toArray()).toEqual([true, true, false]);
    expect(a.mul(b).toArray()).toEqual([true, false, false]);
    expect(a.maximum(b).toArray()).toEqual([true, true, false]);
    expect(() => a.sub(b)).toThrow('sub: is not defined for bool');
    expect(flat(a.add(1))).toEqual([2, 2, 1]);
  });

  test('int32 stays int32 and wraps', () => {
    const x = ints(2147483647, -3);
    for (const y of [x.add(1), x.neg(), x.abs(), x.sign(), x.square(), x.pow(3), x.maximum(0)])
      expect(y.dtype).toBe('int32');
    expect(flat(x.add(1))).toEqual([-2147483648, -2]);
    expect(flat(x.abs())).toEqual([2147483647, 3]);
    expect(flat(x.sign())).toEqual([1, -1]);
    expect(flat(ints(-3, 65536).square())).toEqual([9, 0]);
  });

  test('division and roots of integers give the default float', () => {
    expect(ints(1, 2).div(4).dtype).toBe('float64');
    expect(flat(ints(1, 2).div(4))).toEqual([0.25, 0.5]);
    expect(flat(ints(0, 4).reciprocal())).toEqual([Infinity, 0.25]);
    setDefaultDtype('float32');
    try {
      expect(ints(1, 4).sqrt().dtype).toBe('float32');
    } finally {
      setDefaultDtype('float64');
    }
  });

  test('float32 arithmetic rounds each result to float32', () => {
    const x = constant([0.1, 1 / 3], { dtype: 'float32' });
    const y = constant([0.7, 3], { dtype: 'float32' });
    const each = (f: (a: number, b: number) => number): number[] =>
      flat(x).map((a, i) => Math.fround(f(a, flat(y)[i]!)));
    expect(flat(x.add(y))).toEqual(each((a, b) => a + b));
    expect(flat(x.mul(y))).toEqual(each((a, b) => a * b));
    expect(flat(x.div(y))).toEqual(each((a, b) => a / b));
    expect(flat(x.sqrt())).toEqual(each((a) => Math.sqrt(a)));
    expect(flat(x.pow(2))).toEqual(each((a) => a * a));
  });
});

describe('division with remainder', () => {
  test('floorDivide and remainder go with the divisor, fmod with the dividend', () => {
    const [x, y] = [constant([7, -7, 7, -7, 6]), constant([3, 3, -3, -3, 3])];
    expect(flat(x.floorDivide(y))).toEqual([2, -3, -3, 2, 2]);
    expect(flat(x.remainder(y))).toEqual([1, 2, -2, -1, 0]);
    expect(flat(x.fmod(y))).toEqual([1, -1, 1, -1, 0]);
    const [m, n] = [x.to('int32'), y.to('int32')];
    expect(flat(m.floorDivide(n))).toEqual([2, -3, -3, 2, 2]);
    expect(flat(m.remainder(n))).toEqual([1, 2, -2, -1, 0]);
    expect(flat(m.fmod(n))).toEqual([1, -1, 1, -1, 0]);
  });

  test('floats at the edges as in PyTorch', () => {
    const [x, y] = [constant([0, -0, Infinity, 1, 1, -1]), constant([1, 1, 1, Infinity, 0, Infinity])];
    expect(flat(x.floorDivide(y))).toEqual([0, -0, NaN, 0, Infinity, -1]);
    expect(flat(x.remainder(y))).toEqual([0, -0, NaN, 1, NaN, Infinity]);
    expect(flat(x.fmod(y))).toEqual([0, -0, NaN, 1, NaN, -1]);
  });

  test('integers by zero are refused wherever they meet; −2³¹ by −1 wraps', () => {
    const refused = /: integer division by zero/;
    expect(() => ints(1, 2).floorDivide(0)).toThrow(refused);
    expect(() => ints(1).remainder(ints(0))).toThrow(refused);
    expect(() => full([100], 1, { dtype: 'int32' }).fmod(full([100], 0, { dtype: 'int32' }))).toThrow(/fmod.*division/);
    const program = trace((x: Value) => x.floorDivide(ints(1, 0)), ints(1, 2));
    expect(() => interpret(program, [ints(1, 2)])).toThrow(refused);
    expect(() => void vmap((x: Value) => x.remainder(0))(ints(1, 2))).toThrow(refused);
    expect(flat(ints(-2147483648).floorDivide(-1))).toEqual([-2147483648]);
    expect(flat(ints(-2147483648).remainder(-1))).toEqual([0]);
  });

  test('the derivative in the divisor is minus the quotient', () => {
    const [x, y] = [
      [7, -7, 7, -7],
      [3, 3, -3, -3],
    ];
    expect(gradients((a, b) => a.remainder(b), x, y)).toEqual([
      [1, 1, 1, 1],
      [-2, 3, 3, -2],
    ]);
    expect(gradients((a, b) => a.fmod(b), x, y)).toEqual([
      [1, 1, 1, 1],
      [-2, 2, 2, -2],
    ]);
    expect(gradients((a, b) => a.floorDivide(b), x, y).flat()).toEqual(new Array(8).fill(0));
  });
});

describe('powers', () => {
  test('x⁰ = 1 with derivative 0, for every x', () => {
    const x = [0, -0, -2, Infinity, NaN];
    expect(flat(constant(x).pow(0))).toEqual([1, 1, 1, 1, 1]);
    expect(slope((v) => v.pow(0), ...x).map(Math.abs)).toEqual([0, 0, 0, 0, 0]);
  });

  test('derivatives of whole powers exist at 0, to any order', () => {
    expect(slope((v) => v.pow(1), 0)).toEqual([1]);
    expect(slope((v) => v.pow(3), 0, -2)).toEqual([0, 12]);
    expect(curvature((v) => v.pow(1), 0, 3)).toEqual([0, 0]);
    expect(curvature((v) => v.pow(2), 0, -1, Infinity)).toEqual([2, 2, 2]);
    const third = (v: Value): Value => grad((w: Value) => grad((u: Value) => u.pow(3).sum())(w).sum())(v);
    expect(slope(third, 0, 5)).toEqual([6, 6]);
    expect(curvature(third, 0, 5)).toEqual([0, 0]);
  });

  test('a negative base needs an integral exponent', () => {
    expect(flat(constant([-2, -2, -2]).pow(constant([2, 3, 0.5])))).toEqual([4, -8, NaN]);
    expect(slope((v) => v.pow(3), -2)).toEqual([12]);
  });

  test('the derivative in the exponent is 0 at base 0, unless the power is infinite', () => {
    const [, inExponent] = gradients((a, b) => a.pow(b), [0, 0, 2, 0], [0, 2, 0, -1]);
    expect(inExponent).toEqual([0, 0, Math.LN2, -Infinity]);
  });

  test('the mixed derivative at 0⁰ is 0, not what a replaced base would give', () => {
    const inBase = grad((a: Value, b: Value) => a.pow(b));
    const mixed = grad((b: Value) => inBase(constant(0), b))(constant(0));
    expect(mixed.item()).toBe(0);
  });

  test('integers to the power of integers', () => {
    const power = ints(2, -3, 0, 1, -1, 3).pow(ints(31, 3, 0, 9, 7, 21));
    expect(flat(power)).toEqual([-2147483648, -27, 1, 1, -1, 10460353203 | 0]);
    expect(flat(ints(2, -3, 1, -1, -1, 0).pow(ints(-1, -2, -3, -3, -4, -1)))).toEqual([0, 0, 1, -1, 1, 0]);
    expect(() => ints(2).pow(-1)).toThrow(/negative power/);
    expect(flat(ints(4).pow(0.5))).toEqual([2]);
  });

  test('the square has the same bits whether or not the exponent is known beforehand', () => {
    const x = constant(Array.from({ length: 50 }, (_, i) => i / 7 - 3));
    expect(flat(x.pow(constant(2)))).toEqual(flat(x.pow(2)));
    expect(x.pow(2).data).toEqual(x.mul(x).data);
  });
});

describe('kinks and ties', () => {
  test('sign and |x|′ are 0 at 0 and at NaN', () => {
    expect(flat(constant([-2, -0, 0, NaN, Infinity]).sign())).toEqual([-1, 0, 0, 0, 1]);
    expect(slope((v) => v.abs(), -2, 0, 3)).toEqual([-1, 0, 1]);
  });

  test('equal operands of maximum and minimum share the gradient; NaN wins', () => {
    const [x, y] = [
      [1, 1, NaN, 1],
      [1, 2, 1, NaN],
    ];
    expect(flat(constant(x).maximum(constant(y)))).toEqual([1, 2, NaN, NaN]);
    expect(flat(constant(x).minimum(constant(y)))).toEqual([1, 1, NaN, NaN]);
    expect(gradients((a, b) => a.maximum(b), x, y)).toEqual([
      [0.5, 0, 1, 1],
      [0.5, 1, 1, 1],
    ]);
    expect(gradients((a, b) => a.minimum(b), x, y)).toEqual([
      [0.5, 1, 1, 1],
      [0.5, 0, 1, 1],
    ]);
  });

  test('roots and reciprocals at 0', () => {
    expect(flat(constant([0, -0, -1]).sqrt())).toEqual([0, -0, NaN]);
    expect(slope((v) => v.sqrt(), 0)).toEqual([Infinity]);
    expect(flat(constant([0, -0, Infinity]).reciprocal())).toEqual([Infinity, -Infinity, 0]);
    expect(flat(constant([0, Infinity, -1]).rsqrt())).toEqual([Infinity, 0, NaN]);
  });
});

test('operands of any shape broadcast, empty ones too', () => {
  expect(
    value([[1], [2]])
      .add(value([10, 20]))
      .toArray(),
  ).toEqual([
    [11, 21],
    [12, 22],
  ]);
  expect(full([0, 3], 1).mul(value([1, 2, 3])).shape).toEqual([0, 3]);
  expect(value(2).sub(3).item()).toBe(-1);
});
