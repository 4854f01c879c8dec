/** Losses of one class, of yes and no, of several labels: how they relate, edges, errors. */
import { describe, expect, test } from '@jest/globals';
import { compile, constant, grad, trace, value, type Value } from 'chainrule';
import {
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  crossEntropy,
  focalLoss,
  hingeLoss,
  klDiv,
  multilabelMarginLoss,
  multilabelSoftMarginLoss,
  multiMarginLoss,
  nllLoss,
  softMarginLoss,
} from 'chainrule/losses';
import { arbitraryValue, valueMatchers } from 'chainrule/testing';
import fc from 'fast-check';

expect.extend(valueMatchers);

const ints = (data: readonly unknown[]): Value => constant(data as number[], { dtype: 'int32' });
const logits = arbitraryValue({ shape: [2, 3], min: -6, max: 6 });
const holds = (property: (x: Value) => void): void => fc.assert(fc.property(logits, property));

const CLASSES = ints([2, 0]);
const BITS = constant([[1, 0, 1], [0, 1, 1]]); // prettier-ignore

describe('relations', () => {
  test('cross-entropy is the likelihood of log-probabilities, and does not change with a shift', () =>
    holds((x) => {
      const loss = crossEntropy(x, CLASSES);
      expect(nllLoss(x.logSoftmax(1), CLASSES)).toBeCloseToValue(loss);
      expect(crossEntropy(x.add(100), CLASSES)).toBeCloseToValue(loss, { absolute: 1e-11 });
    }));

  test('cross-entropy less the entropy is the divergence', () =>
    holds((x) => {
      const p = x.mul(-0.3).softmax(1).detach();
      const entropy = p.mul(p.log()).sum(1).neg();
      const divergence = klDiv(x.logSoftmax(1), p, { reduction: 'batchmean' });
      expect(crossEntropy(x, p).sub(entropy.mean())).toBeCloseToValue(divergence, { absolute: 1e-11 });
    }));

  test('a yes-or-no decision is the same from logits, probabilities, signs, and as two classes', () =>
    holds((x) => {
      const loss = binaryCrossEntropyWithLogits(x, BITS);
      expect(binaryCrossEntropy(x.sigmoid(), BITS)).toBeCloseToValue(loss);
      expect(softMarginLoss(x, BITS.mul(2).sub(1))).toBeCloseToValue(loss);
      expect(multilabelSoftMarginLoss(x, BITS)).toBeCloseToValue(loss);
      const pair = x
        .flatten()
        .unsqueeze(1)
        .mul(constant([0, 1]));
      expect(crossEntropy(pair, BITS.flatten().to('int32'))).toBeCloseToValue(loss);
    }));

  test('posWeight counts what is true more often', () =>
    holds((x) => {
      const loss = binaryCrossEntropyWithLogits(x, BITS, { posWeight: constant([1, 2, 3]) });
      const weight = BITS.mul(constant([1, 2, 3])).add(BITS.neg().add(1));
      expect(loss).toBeCloseToValue(binaryCrossEntropyWithLogits(x, BITS, { weight }));
    }));

  test('focal loss with gamma 0 is cross-entropy, with gamma 2 times the square of what is missing', () =>
    holds((x) => {
      expect(focalLoss(x, CLASSES, { gamma: 0 })).toBeCloseToValue(crossEntropy(x, CLASSES));
      expect(focalLoss(x, BITS, { gamma: 0 })).toBeCloseToValue(binaryCrossEntropyWithLogits(x, BITS));
      const p = x.softmax(1).gather(1, CLASSES.unsqueeze(1)).squeeze(1);
      expect(focalLoss(x, CLASSES)).toBeCloseToValue(p.neg().add(1).square().mul(p.log().neg()).mean());
    }));

  test('focal loss of classes: weights, and elements that do not count', () =>
    holds((x) => {
      const alpha = constant([1, 2, 3]);
      const apart = focalLoss(x, CLASSES, { reduction: 'none' });
      expect(focalLoss(x, CLASSES, { alpha })).toBeCloseToValue(apart.mul(constant([3, 1])).mean());
      expect(focalLoss(x, ints([2, -1]), { ignoreIndex: -1 })).toBeCloseToValue(apart.narrow(0, 0, 1).mean());
    }));

  test('several labels of which one is true are a hinge of classes', () =>
    holds((x) => {
      const lists = ints([[2, -1, -1], [0, -1, -1]]); // prettier-ignore
      expect(multilabelMarginLoss(x, lists)).toBeCloseToValue(multiMarginLoss(x, CLASSES));
    }));
});

describe('edges', () => {
  test('probabilities of 0 and 1 have finite losses and gradients', () => {
    const p = value([0, 1, 0, 1]);
    const t = constant([0, 1, 1, 0]);
    expect(binaryCrossEntropy(p, t, { reduction: 'none' })).toBeCloseToValue([0, 0, 100, 100]);
    const gradient = grad((x: Value) => binaryCrossEntropy(x, t, { reduction: 'sum' }))(p).data;
    expect([...gradient].map((g) => Math.round(g / 1e10) * 1e10)).toEqual([0, 0, -1e12, 1e12]);
  });

  test('a target of probability 0 adds nothing to the divergence', () => {
    expect(klDiv(value([-1, -2]), constant([0, 1]), { reduction: 'sum' }).item()).toBe(2);
  });

  test('one row needs no batch axis', () => {
    expect(nllLoss(value([-1, -2, -3]), ints([2] as never).squeeze(0)).item()).toBe(3);
    expect(multiMarginLoss(value([0.1, 0.2, 0.4]), ints([2])).item()).toBeCloseTo(0.5, 12);
    expect(focalLoss(value([1, 2, 3]), constant(2, { dtype: 'int32' })).shape).toEqual([]);
  });
});

describe('errors', () => {
  const x = value([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
  test.each<[string, () => unknown, RegExp]>([
    ['logits for probabilities', () => binaryCrossEntropy(value([0.5, 2]), constant([1, 0])), /prediction 2 at position 1 is no probability.*WithLogits/s],
    ['labels −1 and 1 for 0 and 1', () => binaryCrossEntropyWithLogits(value([0.5, 2]), constant([1, -1])), /target -1 at position 1 is no probability of 0 … 1/],
    ['labels 0 and 1 for −1 and 1', () => hingeLoss(x, BITS), /hingeLoss: target 0 at position \[0, 1\] is neither −1 nor 1.*t\.mul\(2\)\.sub\(1\)/s],
    ['posWeight for other classes', () => binaryCrossEntropyWithLogits(x, BITS, { posWeight: constant([1, 2]) }), /posWeight of shape \[2\] does not go with \[2, 3\]/],
    ['negative probabilities', () => klDiv(x, x.neg().detach()), /klDiv: target -1 at position \[0, 0\] is no probability.*logTarget/s],
    ['an unknown reduction of klDiv', () => klDiv(x, x, { reduction: 'batch' as never }), /'none' or 'batchmean'/],
    ['classes out of range', () => multiMarginLoss(x, ints([0, 3])), /multiMarginLoss: target 3 at position 1 is no class of 0 … 2/],
    ['the class that is ignored elsewhere', () => multiMarginLoss(x, ints([0, -100])), /target -100/],
    ['float classes', () => nllLoss(x, constant([0, 1])), /nllLoss: log-probabilities \[2, 3\] do not go with float64 targets \[2\]/],
    ['scalars', () => nllLoss(value(1), ints([0])), /nllLoss: log-probabilities need a class axis, got a scalar/],
    ['p 3', () => multiMarginLoss(x, CLASSES, { p: 3 as never }), /p must be 1 or 2, got 3/],
    ['three axes for multiMargin', () => multiMarginLoss(value([[[1]]]), ints([0])), /scores are \[N, C\] or \[C\], got \[1, 1, 1\]/],
    ['labels as bits where lists are wanted', () => multilabelMarginLoss(x, BITS), /int32 list of classes for each row/],
    ['lists of unknown classes', () => multilabelMarginLoss(x, ints([[0, 3, -1], [1, -1, -1]])), /target 3 at position \[0, 1\] is no class of 0 … 2, nor −1/],
    ['focal loss of one class', () => focalLoss(value([[1]]), ints([0])), /two classes or more, got 1/],
    ['one alpha for classes', () => focalLoss(x, CLASSES, { alpha: 0.25 }), /alpha is a Value with one factor for each class, got 0.25/],
    ['alpha for each class of decisions', () => focalLoss(x, BITS, { alpha: constant([1, 2, 3]) }), /alpha is one number/],
    ['alpha beyond 1', () => focalLoss(x, BITS, { alpha: 2 }), /alpha must be in 0 … 1, got 2/],
  ])('refuses %s', (_, call, message) => expect(call).toThrow(message)); // prettier-ignore

  test('shapes are refused while tracing, labels when the compiled function runs', () => {
    const loss = (y: Value, t: Value): Value => crossEntropy(y, t);
    expect(() => trace(loss, x, ints([0]))).toThrow(/logits \[2, 3\] do not go with int32 targets \[1\]/);
    const compiled = compile(loss as never) as unknown as typeof loss;
    expect(compiled(x, CLASSES).item()).toBe(crossEntropy(x, CLASSES).item());
    expect(() => compiled(x, ints([0, 7]))).toThrow(/7 is out of range/);
  });
});
