import { toGraph } from 'chainrule/graph';
import { classic } from './graphs.ts';

describe('what is refused', () => {
  const { e } = classic();

  test.each([
    [{ direction: 'up' }, /toGraph: direction must be one of LR, TB, RL, BT, got "up"/],
    [{ partial: true }, /unknown option "partial"/],
    [{ values: 1 }, /values must be true or false/],
    [{ limit: 0 }, /limit must be a whole number ≥ 1/],
    [{ fold: -1 }, /fold must be/],
    [{ fold: [1] }, /fold must be/],
    [{ repeats: 'yes' }, /repeats must be/],
    [{ colorBy: 'size' }, /colorBy must be one of kind, gradient/],
    [{ thresholds: { low: 1 } }, /unknown option "low"/],
    [{ thresholds: { vanished: -1 } }, /thresholds.vanished must be/],
    [{ theme: 'blue' }, /theme must be/],
    [{ title: 3 }, /title must be a string/],
    [{ id: '1 2' }, /id must be/],
  ])('%j', (options, message) => {
    expect(() => toGraph(e, options as never)).toThrow(expect.objectContaining({ name: 'OptionError' }));
    expect(() => toGraph(e, options as never)).toThrow(message);
  });

  test('things that are no graphs', () => {
    expect(() => toGraph(3 as never)).toThrow(/expected a Value, a list of Values or a Program, got a number/);
    expect(() => toGraph([])).toThrow(/nothing to draw/);
    expect(() => toGraph([e, null] as never)).toThrow(/got null/);
    expect(() => toGraph((() => e) as never)).toThrow(/Draw f\(x\), not f/);
  });
});
