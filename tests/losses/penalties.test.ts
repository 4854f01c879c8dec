/** Penalties: what they sum, where they vanish, that parameters feel them, what they refuse. */
import { describe, expect, test } from '@jest/globals';
import { compile, constant, conv2d, jacobian, manualSeed, matmul, randn, value, type Value } from 'chainrule';
import { activityPenalty, elasticNetPenalty, jacobianPenalty, l1Penalty, l2Penalty } from 'chainrule/losses';
import { Linear, MLP } from 'chainrule/nn';
import { checkGradients, equalValues, valueMatchers } from 'chainrule/testing';

expect.addEqualityTesters([equalValues]);
expect.extend(valueMatchers);

const W = [value([1, -2]), value(3)];

describe('of weights', () => {
  test('sums of magnitudes, of squares, and of both', () => {
    expect(l1Penalty(W, 0.5).item()).toBe(3);
    expect(l2Penalty(W, 0.5).item()).toBe(7);
    expect(l2Penalty(W[1]!).item()).toBe(9);
    expect(elasticNetPenalty(W, { alpha: 2, l1Ratio: 0.5 }).item()).toBe(6 + 7);
    expect(elasticNetPenalty(W, { l1Ratio: 1 }).item()).toBe(l1Penalty(W).item());
  });

  test('take the parameters of a model, and feel like weight decay', () => {
    const model = new Linear(2, 1);
    l2Penalty(model.parameters(), 0.05).backward();
    expect(model.weight.grad!).toBeCloseToValue(model.weight.mul(0.1));
  });

  test('lasso has no opinion at 0', () => {
    const w = value([0, 2]);
    l1Penalty(w).backward();
    expect(w.grad!.toArray()).toEqual([0, 1]);
  });
});

describe('of activities', () => {
  const H = value([[0.1, 0.9], [0.3, 0.5]]); // prettier-ignore

  test('is the divergence of mean activations from rho: 0 where they agree', () => {
    const kl = (p: number, q: number): number => p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
    expect(activityPenalty(H, { rho: 0.1, strength: 2 })).toBeCloseToValue(2 * (kl(0.1, 0.2) + kl(0.1, 0.7)));
    expect(activityPenalty(H.mul(0).add(0.25), { rho: 0.25 }).item()).toBe(0);
  });

  test('has the right derivatives, and is finite for silent units', () => {
    checkGradients((h: Value) => activityPenalty(h), [H]);
    expect(activityPenalty(value([[0, 1]])).item()).toBeLessThan(200);
  });
});

describe('of Jacobians', () => {
  const model = new MLP([3, 4, 2], { activation: 'tanh', dtype: 'float64' });
  const x = constant([[0.1, 0.5, -1], [2, 0, 1], [0.3, -0.4, 0.2]]); // prettier-ignore
  const f = (rows: Value): Value => model.forward(rows);

  test('is the mean of each row’s squared Jacobian', () => {
    const squares = [0, 1, 2].map((i) =>
      jacobian(f)(x.at(i) as Value)
        .square()
        .sum()
        .item(),
    );
    const mean = squares.reduce((a, b) => a + b) / 3;
    expect(jacobianPenalty(f, x, { strength: 0.5 })).toBeCloseToValue(0.5 * mean);
  });

  test('reaches parameters, also compiled, bit for bit', () => {
    const step = (rows: Value): (Value | null)[] => {
      model.zeroGrad();
      jacobianPenalty(f, rows).backward();
      return model.parameters().map((p) => p.grad);
    };
    const gradients = step(x);
    expect(gradients[0]!.data.some((g) => g !== 0)).toBe(true);
    expect(compile(step as never)(x as never)).toEqual(gradients);
  });

  test('has the right derivatives', () => {
    const encode = (rows: Value, w: Value): Value => jacobianPenalty((y) => matmul(y, w).tanh(), rows);
    checkGradients(encode as never, [value([[0.1, 0.5], [2, 0]]), value([[0.3, 0.1, 1], [1, -1, 0.5]])]); // prettier-ignore
  });

  test('can be estimated by random projections', () => {
    manualSeed(1);
    const estimates = Array.from({ length: 200 }, () => jacobianPenalty(f, x, { projections: 4 }).item());
    const mean = estimates.reduce((a, b) => a + b) / estimates.length;
    expect(mean / jacobianPenalty(f, x).item()).toBeCloseTo(1, 1);
  });

  test('images to images', () => {
    const images = randn([2, 1, 3, 3]);
    const kernel = randn([1, 1, 2, 2]);
    const penalty = jacobianPenalty((y) => conv2d(y, kernel), images);
    expect(penalty).toBeCloseToValue(kernel.square().sum().mul(4));
  });
});

describe('errors', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['nothing', () => l1Penalty([]), /l1Penalty: there is nothing to penalise/],
    ['negative strengths', () => l2Penalty(W, -1), /strength must be a number ≥ 0, got -1/],
    ['a ratio beyond 1', () => elasticNetPenalty(W, { l1Ratio: 2 }), /l1Ratio must be in 0 … 1, got 2/],
    ['activations of tanh', () => activityPenalty(value([[-0.5]])), /activation -0.5 at position \[0, 0\] is not in 0 … 1.*sigmoid/s],
    ['rho 0', () => activityPenalty(value([[0.5]]), { rho: 0 }), /rho must be between 0 and 1, got 0/],
    ['functions that forget the batch', () => jacobianPenalty((x) => x.sum(), value([[1, 2]])), /a batch \[1, 2\] became \[\]; each row must give a row/],
    ['half a projection', () => jacobianPenalty((x) => x, value([[1, 2]]), { projections: 0.5 }), /projections is a whole number ≥ 1, got 0.5/],
    ['a strength that is none', () => jacobianPenalty((x) => x, value([[1, 2]]), { strength: NaN }), /strength must be a number ≥ 0, got NaN/],
  ])('refuses %s', (_, call, message) => expect(call).toThrow(message)); // prettier-ignore
});
