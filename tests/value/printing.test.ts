import { inspect } from 'node:util';
import { constant, full, trace, value, zeros, type Value } from 'chainrule';

test('shape, dtype, numbers; never the graph', () => {
  expect(String(value(3))).toBe('Value(3, float64, requiresGrad)');
  expect(String(constant([1, 2.5], { dtype: 'float32' }))).toBe('Value([1, 2.5], [2] float32)');
  expect(inspect(value(1).add(2).mul(3))).toBe('Value(9, float64, requiresGrad)');
  expect(inspect({ w: constant(true).named('flag') })).toBe('{ w: Value(flag true, bool) }');
});

test('numbers are abbreviated, long axes too', () => {
  expect(String(constant([1 / 3, 1e-10, -0, NaN, -Infinity]))).toBe(
    'Value([0.333333, 1e-10, -0, NaN, -Infinity], [5] float64)',
  );
  expect(String(zeros([100]))).toBe('Value([0, 0, 0, …, 0, 0, 0], [100] float64)');
  expect(String(zeros([1000, 1000])).length).toBeLessThan(400);
});

test('no shape prints more than a screenful', () => {
  expect(String(zeros(new Array<number>(6).fill(8)))).toMatch(/^Value\(\[{6}0, 0, 0.*…/s);
  for (const shape of [new Array<number>(20).fill(2), new Array<number>(6).fill(8)]) {
    expect(String(zeros(shape)).length).toBeLessThan(20_000);
  }
  // Filled, it takes no memory; nor does its text.
  expect(String(zeros([1e6, 1e6]))).toMatch(/\[1000000, 1000000\] float64\)$/);
});

test('never throws, whatever there is to print', () => {
  let kept: Value | undefined;
  trace((x: Value) => (kept = x.mul(2)), zeros([2, 3]));
  const strange = [zeros([0]), zeros([2, 0, 3]), full([1, 1, 1, 1], NaN), constant([]), kept!];
  for (const x of strange) expect(() => [String(x), inspect(x), `${x as unknown as string}`]).not.toThrow();
  expect(String(kept)).toMatch(/Value\(\[2, 3\] float64, traced by trace\)/);
});

test('text in templates; arithmetic operators are refused with what to use', () => {
  const x = value(3);
  expect(`${x as unknown as string}`).toBe('Value(3, float64, requiresGrad)');
  const operators: ((y: never) => unknown)[] = [(y) => +y, (y) => y > 1, (y) => y * y, (y) => y - 1];
  for (const f of operators) expect(() => f(x as never)).toThrow(/use a\.add\(b\).*x\.item\(\)/);
});

test('Values are not iterable', () => {
  expect(() => [...(value([1, 2]) as never as Iterable<number>)]).toThrow(TypeError);
});
