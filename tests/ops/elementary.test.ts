import { constant, grad, type Value } from 'chainrule';

const flat = (x: Value): number[] => Array.from(x.data);
const derivative =
  (f: (x: Value) => Value): ((x: Value) => Value) =>
  (x) =>
    grad((v: Value) => f(v).sum())(x);
const slope = (f: (x: Value) => Value, ...x: number[]): number[] => flat(derivative(f)(constant(x)));
const curvature = (f: (x: Value) => Value, ...x: number[]): number[] => flat(derivative(derivative(f))(constant(x)));
const gradients = (f: (x: Value, y: Value) => Value, x: number[], y: number[]): number[][] => {
  const gs = grad((a: Value, b: Value) => f(a, b).sum(), { argnums: [0, 1] })(constant(x), constant(y)) as Value[];
  return gs.map(flat);
};

test('transcendental functions of integers and bools give the default float', () => {
  const n = constant([0, 1], { dtype: 'int32' });
  for (const y of [n.exp(), n.sin(), n.sigmoid(), n.erf(), n.lgamma(), n.atan2(1), constant([true]).log()]) {
    expect(y.dtype).toBe('float64');
  }
});

describe('derivatives where the function ends or jumps', () => {
  test('logarithms at 0', () => {
    expect(slope((v) => v.log(), 0, -0)).toEqual([Infinity, -Infinity]);
    expect(slope((v) => v.log1p(), -1)).toEqual([Infinity]);
  });

  test('arcs at ±1: infinite slopes, and infinite curvatures of the right sign', () => {
    expect(slope((v) => v.asin(), 1, -1)).toEqual([Infinity, Infinity]);
    expect(curvature((v) => v.asin(), 1, -1)).toEqual([Infinity, -Infinity]);
    expect(slope((v) => v.acos(), 1)).toEqual([-Infinity]);
    expect(slope((v) => v.acosh(), 1)).toEqual([Infinity]);
    expect(curvature((v) => v.acosh(), 1)).toEqual([-Infinity]);
    expect(slope((v) => v.atanh(), 1, -1)).toEqual([Infinity, Infinity]);
  });

  test('the slope of the arc sine keeps its digits near 1', () => {
    const x = 1 - 2 ** -40;
    expect(slope((v) => v.asin(), x)[0]! / (1 / Math.sqrt((1 - x) * (1 + x)))).toBeCloseTo(1, 15);
  });

  test('functions level off: slopes 0, never NaN', () => {
    for (const f of [
      (v: Value) => v.tanh(),
      (v: Value) => v.sigmoid(),
      (v: Value) => v.atan(),
      (v: Value) => v.erf(),
    ]) {
      expect(slope(f, Infinity, -Infinity, 1e300).map(Math.abs)).toEqual([0, 0, 0]);
    }
  });

  test('logit is NaN outside 0 … 1, and so is its slope; eps clamps', () => {
    expect(flat(constant([0, 0.5, 1, 2]).logit())).toEqual([-Infinity, 0, Infinity, NaN]);
    expect(slope((v) => v.logit(), 0, 0.5, 2, -1)).toEqual([Infinity, 4, NaN, NaN]);
    expect(slope((v) => v.logit(0.25), 0, 0.5, 2, -1)).toEqual([0, 4, 0, 0]);
    expect(flat(constant([-1, 2]).logit(0.25))).toEqual(flat(constant([0.25, 0.75]).logit()));
  });
});

describe('functions of two', () => {
  test('the angle at the origin has derivative 0; far out nothing overflows', () => {
    expect(gradients((y, x) => y.atan2(x), [0, 0, 1e200], [0, -1, 1e200])).toEqual([
      [0, -1, expect.closeTo(5e-201, 210)],
      [-0, -0, expect.closeTo(-5e-201, 210)],
    ]);
  });

  test('the angle at the origin has second derivatives of 0, too', () => {
    const inY = grad((y: Value, x: Value) => y.atan2(x));
    const mixed = grad((x: Value) => inY(constant(0), x))(constant(0));
    expect(mixed.item()).toBe(0);
  });

  test('hypot', () => {
    expect(flat(constant([3, 1e200, Infinity]).hypot(constant([4, 1e200, NaN])))).toEqual([
      5,
      Math.SQRT2 * 1e200,
      Infinity,
    ]);
    expect(gradients((x, y) => x.hypot(y), [3], [4])).toEqual([[0.6], [0.8]]);
  });

  test('xlogy is 0 at x = 0, with PyTorch’s derivatives', () => {
    expect(flat(constant([0, 0, 0, 2]).xlogy(constant([0, 2, NaN, -1])))).toEqual([0, 0, NaN, NaN]);
    const [inX, inY] = gradients((x, y) => x.xlogy(y), [0, 0, 2], [0, 2, 0]);
    expect(inX).toEqual([0, Math.LN2, -Infinity]);
    expect(inY).toEqual([NaN, 0, Infinity]);
  });

  test('logAddExp never overflows; its derivatives are the two shares', () => {
    expect(flat(constant([1000, -Infinity]).logAddExp(constant([1000, 3])))).toEqual([1000 + Math.LN2, 3]);
    expect(gradients((x, y) => x.logAddExp(y), [1000, -Infinity], [1000, 3])).toEqual([
      [0.5, 0],
      [0.5, 1],
    ]);
  });
});

describe('the gamma family', () => {
  test('each function is the derivative of the one before', () => {
    const x = [0.7, 2.5, -1.4];
    expect(slope((v) => v.lgamma(), ...x)).toEqual(flat(constant(x).digamma()));
    expect(slope((v) => v.digamma(), ...x)).toEqual(flat(constant(x).polygamma(1)));
    expect(slope((v) => v.polygamma(2), ...x)).toEqual(flat(constant(x).polygamma(3)));
    expect(flat(constant(x).polygamma(0))).toEqual(flat(constant(x).digamma()));
  });

  test('at the poles', () => {
    expect(flat(constant([0, -1, 1, 2]).lgamma())).toEqual([Infinity, Infinity, 0, 0]);
    expect(flat(constant([0, -0, -1]).digamma())).toEqual([-Infinity, Infinity, NaN]);
  });
});
