/** What all optimizers promise. */
import { value, type Value } from 'chainrule';
import * as optim from 'chainrule/optim';
import { descend } from './walks.ts';

describe('an optimizer', () => {
  test('takes a new learning rate at any time', () => {
    const w = value(1);
    const optimizer = new optim.SGD([w], { lr: 1 });
    w.mul(2).backward();
    optimizer.lr = 0.25;
    optimizer.step();
    expect(w.item()).toBe(0.5);
  });

  test('leaves parameters without a gradient alone', () => {
    const [w, untouched] = [value(1), value(7)];
    const optimizer = new optim.Adam([w, untouched]);
    w.square().backward();
    optimizer.step();
    expect(untouched.item()).toBe(7);
    expect(w.item()).not.toBe(1);
  });

  test('Adam counts the steps of each parameter: a first gradient moves it by lr, however late it comes', () => {
    const [w, late] = [value(1), value(7)];
    const optimizer = new optim.Adam([w, late], { lr: 0.1 });
    for (let i = 0; i < 3; i++) {
      w.square().backward();
      optimizer.step();
    }
    late.mul(5).backward();
    optimizer.step();
    expect(late.item()).toBeCloseTo(6.9, 8);
  });

  test('goes on where its saved state stopped, to the last bit', () => {
    const run = (w: Value, optimizer: optim.Optimizer, steps: number): void => {
      for (let i = 0; i < steps; i++) descend(w, optimizer);
    };
    const make = (): Value => value([0.5, -1, 2]);
    const whole = make();
    run(whole, new optim.Adam([whole], { lr: 0.05 }), 10);
    const first = make();
    const before = new optim.Adam([first], { lr: 0.05 });
    run(first, before, 4);
    const second = value(Array.from(first.data));
    const after = new optim.Adam([second], { lr: 1 });
    after.loadStateDict(before.stateDict());
    run(second, after, 6);
    expect(Array.from(second.data)).toEqual(Array.from(whole.data));
  });

  test('graphs recorded before a step differentiate at the old point', () => {
    const w = value(3);
    const y = w.square();
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    y.backward();
    optimizer.step();
    w.zeroGrad();
    y.backward();
    expect(w.grad!.item()).toBe(6);
  });

  test('refuses a state of other shapes, and keeps its own', () => {
    const [a, b] = [value([1, 2]), value([1, 2, 3])];
    const optimizer = new optim.Adam([a]);
    a.square().sum().backward();
    optimizer.step();
    const other = new optim.Adam([b]);
    expect(() => other.loadStateDict(optimizer.stateDict())).toThrow(
      /expAvg of parameter 0 is \[2\], the parameter \[3\]/,
    );
    expect(other.steps).toBe(0);
  });

  test.each([
    ['no parameters', () => new optim.SGD([], { lr: 0.1 }), /no parameters/],
    ['a negative rate', () => new optim.SGD([value(1)], { lr: -1 }), /lr must be a number ≥ 0, got -1/],
    ['a misspelt option', () => new optim.Adam([value(1)], { beta: 0.9 } as never), /unknown option "beta".*betas/s],
    [
      'one beta of two',
      () => new optim.Adam([value(1)], { betas: [0.9] as never }),
      /betas are two numbers, got \[0\.9\]/,
    ],
    ['NaN', () => new optim.SGD([value(1)], { lr: 0.1, dampening: NaN }), /dampening must be a number ≥ 0, got NaN/],
    ['a result instead of a leaf', () => new optim.SGD([value(1).mul(2)], { lr: 0.1 }), /must be leaves/],
    [
      'nesterov without momentum',
      () => new optim.SGD([value(1)], { lr: 0.1, nesterov: true }),
      /nesterov needs momentum/,
    ],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});
