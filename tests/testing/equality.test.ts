import { describe, expect, test } from '@jest/globals';
import { constant, trace, value, zeros, type Value } from 'chainrule';
import { equalValues, toBeCloseToValue, valueMatchers, type ValueMatchers } from 'chainrule/testing';

declare module 'expect' {
  // eslint-disable-next-line @typescript-eslint/no-empty-object-type, @typescript-eslint/no-unused-vars -- as a user opts in
  interface Matchers<R extends void | Promise<void>, T = unknown> extends ValueMatchers<R> {}
}

expect.addEqualityTesters([equalValues]);
expect.extend(valueMatchers);

describe('equalValues', () => {
  test('same shape, dtype and bits', () => {
    expect(value([1, 2]).add(0)).toEqual(constant([1, 2]));
    expect({ y: [value(NaN)] }).toEqual({ y: [constant(NaN)] });
    expect(zeros([2])).toEqual(constant([0, 0]));
    expect(value(0)).not.toEqual(value(-0));
    expect(value([1, 2])).not.toEqual(value([[1, 2]]));
    expect(value([1, 2])).not.toEqual(value([1, 2], { dtype: 'float32' }));
    expect(value([1, 2])).not.toEqual([1, 2]);
  });

  test('has no say where neither is a Value', () => {
    expect(equalValues(1, 1)).toBeUndefined();
    expect(equalValues(value(1), 1)).toBe(false);
  });
});

describe('toBeCloseToValue', () => {
  test('Values, numbers, nested arrays', () => {
    expect(value([0.1, 0.2]).sum()).toBeCloseToValue(0.3);
    expect(value([1, 2]).exp()).toBeCloseToValue([Math.E, Math.E ** 2]);
    expect(value([1, NaN, Infinity])).toBeCloseToValue(constant([1, NaN, Infinity]));
    expect(value([1, 2])).not.toBeCloseToValue([1, 2.1]);
    expect(value(1)).toBeCloseToValue(1.05, { absolute: 0.1 });
    expect(constant([1, 2], { dtype: 'int32' })).toBeCloseToValue([1, 2]);
  });

  test('says what differs', () => {
    const said = (got: unknown, want: unknown): string => toBeCloseToValue(got, want).message();
    expect(said(value([1, 2]), [1, 2.5])).toMatch(/element 1 is 2, expected 2.5 \(off by 5.00e-1\)/);
    expect(said(value([1, 2]), [[1, 2]])).toMatch(/expected shape \[1, 2\], got \[2\]/);
    expect(said(value(1), constant(1, { dtype: 'float32' }))).toMatch(/expected float32, got float64/);
    expect(said(3, 3)).toMatch(/expected a Value, got 3/);
    expect(toBeCloseToValue(value(Infinity), 1).pass).toBe(false);
    expect(toBeCloseToValue(value(1), Infinity).pass).toBe(false);
    expect(() => toBeCloseToValue(value(1), 1, { rel: 1 } as object)).toThrow(/unknown option "rel"/);
  });

  test('refuses what has no numbers', () => {
    let kept: Value | undefined;
    trace((x: Value) => (kept = x), value(1));
    expect(toBeCloseToValue(kept, 1).message()).toMatch(/with numbers/);
  });
});
