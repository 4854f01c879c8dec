/** Losses of pairs and triplets, and of numbers with a spread: edges and errors. PyTorch's numbers are held by gold. */
import { describe, expect, test } from '@jest/globals';
import { constant, grad, value, type Value } from 'chainrule';
import {
  contrastiveLoss,
  cosineEmbeddingLoss,
  gaussianNllLoss,
  hingeEmbeddingLoss,
  marginRankingLoss,
  poissonNllLoss,
  tripletMarginLoss,
} from 'chainrule/losses';

const [A, B] = [value([[0, 0], [1, 1]]), value([[3, 4], [1, 1]])]; // prettier-ignore
const none = { reduction: 'none' } as const;

test('contrastive loss: half squares of distances, and of what is missing to the margin', () => {
  const of = (t: number[], margin: number): unknown => contrastiveLoss(A, B, constant(t), { margin, eps: 0, ...none });
  expect((of([1, 1], 1) as Value).toArray()).toEqual([12.5, 0]);
  expect((of([0, 0], 7) as Value).toArray()).toEqual([2, 24.5]);
});

test('equal vectors of a pair that belongs apart have a gradient that parts them', () => {
  const gradient = grad((x: Value) => contrastiveLoss(x, B.detach(), constant([0, 0])))(value([[3, 4], [1, 1]])); // prettier-ignore
  expect(gradient.data.every((g) => g < 0)).toBe(true);
});

describe('gaussianNllLoss', () => {
  const [x, t] = [value([[1, 2], [3, 4]]), constant([[0, 0], [0, 0]])]; // prettier-ignore

  test('takes a variance for all, for each row, for each element', () => {
    const one = gaussianNllLoss(x, t, 2).item();
    expect(gaussianNllLoss(x, t, constant([2, 2])).item()).toBe(one);
    expect(gaussianNllLoss(x, t, constant([[2], [2]])).item()).toBe(one);
    expect(gaussianNllLoss(x, t, constant([[2, 2], [2, 2]])).item()).toBe(one); // prettier-ignore
  });

  test('a variance below eps counts as eps, and its gradient tells it to grow', () => {
    const gradient = grad((v: Value) => gaussianNllLoss(value([1]), constant([0]), v, { eps: 0.1 }))(value([0.01]));
    expect(gradient.data[0]).toBeCloseTo(0.5 * (10 - 100), 9);
  });
});

describe('errors', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['vectors of other shapes', () => cosineEmbeddingLoss(A, value([1, 2]), constant([1, 1])), /the vectors have shapes \[2, 2\] and \[2\]/],
    ['a target for each element', () => cosineEmbeddingLoss(A, B, A.detach()), /vectors \[2, 2\] do not go with targets \[2, 2\].*target for each, \[2\]/s],
    ['signs for bits', () => contrastiveLoss(A, B, constant([1, -1])), /target -1 at position 1 is neither 0 nor 1/],
    ['bits for signs', () => hingeEmbeddingLoss(value([1, 2]), constant([1, 0])), /target 0 at position 1 is neither −1 nor 1/],
    ['a margin that is no number', () => marginRankingLoss(A, B, A, { margin: '1' as never }), /margin must be a number, got 1/],
    ['triplets without margin', () => tripletMarginLoss(A, B, B, { margin: 0 }), /margin must be a number > 0, got 0/],
    ['triplets of other shapes', () => tripletMarginLoss(A, B, value([1, 2])), /anchor, positive and negative have shapes/],
    ['negative rates', () => poissonNllLoss(value([-1]), constant([1]), { logInput: false }), /prediction -1 at position 0 is no rate.*logInput/s],
    ['negative variances', () => gaussianNllLoss(value([1]), constant([0]), value([-2])), /variance -2 at position 0 is negative/],
    ['variances for others', () => gaussianNllLoss(value([1]), constant([0]), value([1, 2])), /variance of shape \[2\] does not go with \[1\]/],
  ])('refuses %s', (_, call, message) => expect(call).toThrow(message)); // prettier-ignore
});
