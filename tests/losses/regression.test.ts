/** Losses between numbers: what they count, where they are kind, what they refuse. */
import { describe, expect, test } from '@jest/globals';
import { constant, grad, value, type Value } from 'chainrule';
import {
  epsilonInsensitiveLoss,
  huberLoss,
  l1Loss,
  logCoshLoss,
  mseLoss,
  msleLoss,
  quantileLoss,
  rmseLoss,
  smoothL1Loss,
} from 'chainrule/losses';
import { arbitraryValue, valueMatchers } from 'chainrule/testing';
import fc from 'fast-check';

expect.extend(valueMatchers);

const ZERO = constant([0]);
const errors = arbitraryValue({ shape: [4], min: -5, max: 5 });
const none = { reduction: 'none' } as const;
const of = (loss: (x: Value, t: Value, options: object) => Value, d: Value, options: object = {}): Value =>
  loss(d, d.mul(0).detach(), { ...none, ...options });

const holds = (property: (d: Value) => void): void => fc.assert(fc.property(errors, property));

describe('relations', () => {
  test('Huber’s loss is half the square, then a line that touches it; smooth L1 is Huber’s over beta', () =>
    holds((d) => {
      expect(of(huberLoss, d, { delta: 100 })).toBeCloseToValue(d.square().mul(0.5));
      expect(of(huberLoss, d, { delta: 1e-9 }).div(1e-9)).toBeCloseToValue(d.abs(), { absolute: 1e-8 });
      expect(of(smoothL1Loss, d, { beta: 0.5 })).toBeCloseToValue(of(huberLoss, d, { delta: 0.5 }).div(0.5));
      expect(of(smoothL1Loss, d, { beta: 0 })).toBeCloseToValue(d.abs());
    }));

  test('the median’s loss is half the absolute error; other quantiles weigh the sides', () =>
    holds((d) => {
      expect(of(quantileLoss, d)).toBeCloseToValue(d.abs().mul(0.5));
      const both = of(quantileLoss, d, { quantile: 0.9 }).add(of(quantileLoss, d.neg(), { quantile: 0.9 }));
      expect(both).toBeCloseToValue(d.abs());
    }));

  test('log cosh lies below both half the square and the absolute error', () =>
    holds((d) => {
      const loss = of(logCoshLoss, d);
      expect(loss).toBeCloseToValue(d.cosh().log());
      expect(loss.le(d.square().mul(0.5).add(1e-12)).all().item()).toBe(1);
      expect(loss.le(d.abs().add(1e-12)).all().item()).toBe(1);
    }));

  test('RMSE is the root of MSE', () =>
    holds((d) => expect(rmseLoss(d, d.neg()).square()).toBeCloseToValue(mseLoss(d, d.neg()))));
});

describe('edges', () => {
  test('log cosh keeps the digits of small errors, in float32 too', () => {
    const d = value([1e-4], { dtype: 'float32' });
    expect(logCoshLoss(d, ZERO).item()).toBeCloseTo(5e-9, 14);
    expect(grad((x: Value) => logCoshLoss(x, ZERO))(d).toArray()).toEqual([Math.fround(1e-4)]);
  });

  test('at a perfect fit RMSE has the gradient 0', () => {
    expect(grad((x: Value) => rmseLoss(x, ZERO))(value([0])).toArray()).toEqual([0]);
  });

  test('second derivatives of Huber and log cosh at 0 are 1', () => {
    for (const loss of [huberLoss, logCoshLoss, smoothL1Loss]) {
      expect(grad(grad((x: Value) => loss(x.reshape([1]), ZERO)))(0).item()).toBe(1);
    }
  });

  test('the elements of MSLE that have no logarithm count as nearly −1', () => {
    expect(msleLoss(value([-5]), ZERO).item()).toBeCloseTo(Math.log(1e-7) ** 2, 6);
  });

  test('small errors cost nothing', () => {
    expect(of(epsilonInsensitiveLoss, value([0.05, -0.1, 0.5])).toArray()).toEqual([0, 0, 0.4]);
  });
});

describe('weights', () => {
  const [x, t, weight] = [value([[1, 2], [3, 5]]), constant([[0, 0], [0, 0]]), constant([[1], [3]])]; // prettier-ignore

  test('broadcast; the mean divides by their sum', () => {
    expect(mseLoss(x, t, { weight }).item()).toBe((1 + 4 + 27 + 75) / 8);
    expect(l1Loss(x, t, { weight, reduction: 'sum' }).item()).toBe(27);
  });

  test('but Huber’s mean divides by the number of elements, as in PyTorch', () => {
    expect(huberLoss(x, t, { weight, delta: 100 }).item()).toBe((1 + 4 + 27 + 75) / 8);
  });
});

describe('errors', () => {
  const x = value([[1], [2]]);
  test.each<[string, () => unknown, RegExp]>([
    ['to broadcast', () => mseLoss(x, value([1, 2])), /mseLoss: prediction and target have shapes \[2, 1\] and \[2\].*equal/s],
    ['things that are no Values', () => mseLoss([1] as never, ZERO), /mseLoss: an operand must be a Value/],
    ['weights that do not go with it', () => l1Loss(x, x, { weight: value([1, 2]) }), /l1Loss: weight of shape \[2\] does not go with \[2, 1\]/],
    ['delta 0', () => huberLoss(x, x, { delta: 0 }), /huberLoss: delta must be a number > 0, got 0/],
    ['beta below 0', () => smoothL1Loss(x, x, { beta: -1 }), /smoothL1Loss: beta must be a number ≥ 0, got -1/],
    ['quantile 1', () => quantileLoss(x, x, { quantile: 1 }), /quantileLoss: quantile must be between 0 and 1, got 1/],
    ['epsilon NaN', () => epsilonInsensitiveLoss(x, x, { epsilon: NaN }), /epsilon must be a number ≥ 0, got NaN/],
  ])('refuses %s', (_, call, message) => expect(call).toThrow(message)); // prettier-ignore
});
