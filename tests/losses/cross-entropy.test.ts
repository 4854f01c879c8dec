/** Cross-entropy: stable where logits are huge, strict about what goes together. */
import { constant, grad, value, type Value } from 'chainrule';
import { crossEntropy } from 'chainrule/losses';
import { checkGradients } from 'chainrule/testing';

const classes = (...labels: number[]): Value => constant(labels, { dtype: 'int32' });

describe('crossEntropy', () => {
  test('is finite for logits of ±1000, and its gradient too', () => {
    const logits = value([[1000, -1000, 0], [-1000, 1000, 0]]); // prettier-ignore
    const loss = crossEntropy(logits, classes(0, 0));
    loss.backward();
    expect(loss.item()).toBe(1000);
    expect(logits.grad!.toArray()).toEqual([[0, 0, 0], [-0.5, 0.5, 0]]); // prettier-ignore
  });

  test('classes and one-hot probabilities are the same', () => {
    const logits = value([[0.2, -1, 3], [1, 1, 1]]); // prettier-ignore
    const hot = constant([[0, 1, 0], [0, 0, 1]]); // prettier-ignore
    expect(crossEntropy(logits, classes(1, 2)).item()).toBeCloseTo(crossEntropy(logits, hot).item(), 12);
  });

  test('ignored elements count neither above nor below', () => {
    const logits = value([[1, 2], [30, -30]]); // prettier-ignore
    const alone = crossEntropy(value([[1, 2]]), classes(0));
    expect(crossEntropy(logits, classes(0, -1), { ignoreIndex: -1 }).item()).toBe(alone.item());
    expect(grad((x: Value) => crossEntropy(x, classes(0, -1), { ignoreIndex: -1 }))(logits).toArray()).toHaveLength(2);
  });

  test('its gradient is right in both modes and at second order', () => {
    checkGradients((x: Value) => crossEntropy(x, classes(2, 0), { labelSmoothing: 0.1 }), [value([[0.1, -0.4, 0.3], [1, 0, -1]])], { order: 2 }); // prettier-ignore
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'a class out of range',
      () => crossEntropy(value([[1, 2]]), classes(2)),
      /target 2 at position 0 is no class of 0 … 1/,
    ],
    [
      'float classes',
      () => crossEntropy(value([[1, 2]]), value([0])),
      /do not go with float64 targets \[1\].*int32 classes/s,
    ],
    ['another number of rows', () => crossEntropy(value([[1, 2]]), classes(0, 1)), /\[1, 2\].*\[2\]/],
    [
      'smoothing beyond 1',
      () => crossEntropy(value([[1, 2]]), classes(0), { labelSmoothing: 2 }),
      /labelSmoothing must be in 0 … 1, got 2/,
    ],
    [
      'an unknown reduction',
      () => crossEntropy(value([[1, 2]]), classes(0), { reduction: 'avg' as never }),
      /unknown reduction "avg"/,
    ],
    [
      'weights of another length',
      () => crossEntropy(value([[1, 2]]), classes(0), { weight: value([1]) }),
      /weight has shape \[1\].*2 classes/,
    ],
  ])('refuses %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
