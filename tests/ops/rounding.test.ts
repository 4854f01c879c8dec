import { constant, grad, value, type Value } from 'chainrule';

const x = constant([-1.5, -0.5, -0, 0.5, 1.5, 2.5, Infinity, NaN]);
const flat = (v: Value): number[] => Array.from(v.data);

test('to integers; ties of round go to the even one, signs of zero stay', () => {
  expect(flat(x.floor())).toEqual([-2, -1, -0, 0, 1, 2, Infinity, NaN]);
  expect(flat(x.ceil())).toEqual([-1, -0, -0, 1, 2, 3, Infinity, NaN]);
  expect(flat(x.trunc())).toEqual([-1, -0, -0, 0, 1, 2, Infinity, NaN]);
  expect(flat(x.round())).toEqual([-2, -0, -0, 0, 2, 2, Infinity, NaN]);
});

test('to decimals', () => {
  expect(flat(constant([0.125, -0.375, 2.5]).round({ decimals: 2 }))).toEqual([0.12, -0.38, 2.5]);
  expect(flat(constant([1250, 1350, -50]).round({ decimals: -2 }))).toEqual([1200, 1400, -0]);
});

test('the part behind the point has the sign of x', () => {
  expect(flat(constant([1.5, -1.5, -2, Infinity]).frac())).toEqual([0.5, -0.5, 0, NaN]);
});

test('integers are integers already', () => {
  const n = constant([-3, 4], { dtype: 'int32' });
  for (const y of [n.floor(), n.ceil(), n.round(), n.trunc()]) {
    expect(y.dtype).toBe('int32');
    expect(flat(y)).toEqual([-3, 4]);
  }
});

test('steps have derivative 0 and can be part of a differentiated graph; frac has derivative 1', () => {
  const slope = (f: (v: Value) => Value): number[] => flat(grad((v: Value) => f(v).sum())(value([1.5, -2])));
  expect(slope((v) => v.floor())).toEqual([0, 0]);
  expect(slope((v) => v.round().mul(v))).toEqual([2, -2]);
  expect(slope((v) => v.frac())).toEqual([1, 1]);
});
