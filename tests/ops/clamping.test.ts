import { constant, grad, type Value } from 'chainrule';

const flat = (x: Value): number[] => Array.from(x.data);
const slope = (f: (x: Value) => Value, ...x: number[]): number[] => flat(grad((v: Value) => f(v).sum())(constant(x)));

describe('clamp', () => {
  test('the gradient passes at the bounds and between them, and not at NaN', () => {
    expect(flat(constant([-2, -1, 0, 1, 2, NaN]).clamp(-1, 1))).toEqual([-1, -1, 0, 1, 1, NaN]);
    expect(slope((v) => v.clamp(-1, 1), -2, -1, 0, 1, 2, NaN)).toEqual([0, 1, 1, 1, 0, 0]);
  });

  test('either bound may be missing', () => {
    expect(flat(constant([-2, 5, -Infinity]).clamp(0))).toEqual([0, 5, 0]);
    expect(flat(constant([-2, 5, -Infinity]).clamp(null, 0))).toEqual([-2, 0, -Infinity]);
    expect(slope((v) => v.clamp(null, 0), -Infinity, 0, 1)).toEqual([1, 1, 0]);
  });

  test('bounds are operands: a bound in the place of x gets its gradient; where they cross, the upper one wins', () => {
    const x = constant([-2, -1, 0, 2, 2]);
    const low = constant([-1, -1, -1, -1, 5]);
    const gs = grad((...vs: Value[]) => vs[0]!.clamp(vs[1], vs[2]).sum(), { argnums: [0, 1, 2] })(
      x,
      low,
      constant([1, 1, 1, 1, 1]),
    ) as Value[];
    expect(gs.map(flat)).toEqual([
      [0, 1, 1, 0, 0],
      [1, 0, 0, 0, 0],
      [0, 0, 0, 1, 1],
    ]);
  });

  test('integers stay integers beside integers', () => {
    const n = constant([-5, 5], { dtype: 'int32' });
    expect(n.clamp(-2, 2).dtype).toBe('int32');
    expect(flat(n.clamp(null, 2))).toEqual([-5, 2]);
    expect(n.clamp(null, 2).dtype).toBe('int32');
    expect(n.clamp(null, constant([2, 3], { dtype: 'int32' })).dtype).toBe('int32');
    expect(flat(n.clamp(0.5, 2.5))).toEqual([0.5, 2.5]);
  });
});

test('lerp meets both ends exactly, and goes beyond', () => {
  const [a, b] = [constant([0.1, 0.3]), constant([0.7, 0.9])];
  expect(flat(a.lerp(b, 0))).toEqual(flat(a));
  expect(flat(a.lerp(b, 1))).toEqual(flat(b));
  expect(constant(10).lerp(20, 1.5).item()).toBe(25);
});

describe('nanToNum', () => {
  const x = constant([NaN, Infinity, -Infinity, -0, 3]);

  test('has the largest numbers in the place of infinities, or what it is told', () => {
    expect(flat(x.nanToNum())).toEqual([0, Number.MAX_VALUE, -Number.MAX_VALUE, -0, 3]);
    expect(flat(x.to('float32').nanToNum())).toEqual([0, 3.4028234663852886e38, -3.4028234663852886e38, -0, 3]);
    expect(flat(x.nanToNum({ nan: 1, posInf: 2, negInf: -2 }))).toEqual([1, 2, -2, -0, 3]);
  });

  test('where it puts a number the gradient ends', () => {
    expect(slope((v) => v.nanToNum(), NaN, Infinity, -Infinity, 0, 3)).toEqual([0, 0, 0, 1, 1]);
  });
});
