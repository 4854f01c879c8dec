/** What all optimizers promise. */
import { constant, value, type Value } from 'chainrule';
import * as optim from 'chainrule/optim';
import { camelCase, descend, optimizers } from './walks.ts';

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

  test('evaluates a closure first, with gradients, and returns its loss', () => {
    const w = value(3);
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    const loss = optimizer.step(() => {
      optimizer.zeroGrad();
      const y = w.square();
      y.backward();
      return y;
    });
    expect([loss.item(), w.item()]).toEqual([9, 0]);
  });

  test('of float32 parameters keeps float32 slots', () => {
    const w = value([1, 2], { dtype: 'float32' });
    const optimizer = new optim.Adam([w]);
    w.square().sum().backward();
    optimizer.step();
    const [state] = optimizer.stateDict().parameters;
    expect([w.dtype, state!['expAvg']!.dtype, state!['step']!.dtype]).toEqual(['float32', 'float32', 'float64']);
  });

  test('ascends where it is to maximize', () => {
    for (const make of [
      optim.SGD,
      optim.Adagrad,
      optim.RMSprop,
      optim.Adadelta,
      optim.Adam,
      optim.AdamW,
      optim.Adamax,
      optim.NAdam,
      optim.RAdam,
      optim.Rprop,
      optim.Lion,
    ]) {
      // prettier-ignore
      const [down, up] = [value([1, -2]), value([1, -2])];
      const optimizers = [new make([down], { lr: 0.1 }), new make([up], { lr: 0.1, maximize: true })];
      for (let i = 0; i < 5; i++) {
        down.grad = constant([0.3, -0.5]);
        up.grad = constant([-0.3, 0.5]);
        optimizers.forEach((each) => each.step());
      }
      expect(up.toArray()).toEqual(down.toArray());
    }
  });

  test('Lion goes by signs: w(1 − lr·λ) − lr·sign(β₁m + (1 − β₁)g), then m ← β₂m + (1 − β₂)g', () => {
    const w = value([1, 1]);
    const optimizer = new optim.Lion([w], { lr: 0.1, betas: [0.5, 0.9], weightDecay: 0.5 });
    let [m, x] = [0, 1];
    for (const g of [1, -0.5, 0.2, -3]) {
      w.grad = constant([g, -g]);
      optimizer.step();
      x = x * (1 - 0.1 * 0.5) - 0.1 * Math.sign(0.5 * m + 0.5 * g);
      m = 0.9 * m + 0.1 * g;
      expect(w.data[0]).toBeCloseTo(x, 12);
    }
  });
});

describe('a saved state', () => {
  const options: Readonly<Record<string, Record<string, unknown>>> = {
    SGD: { lr: 0.02, momentum: 0.9, dampening: 0.5 },
    Adagrad: { initial_accumulator_value: 0.3, lr_decay: 0.1 },
    RMSprop: { centered: true, momentum: 0.5 },
    Adam: { amsgrad: true },
    LBFGS: { line_search_fn: 'strong_wolfe', max_iter: 2 },
  };

  test.each(Object.keys(optimizers))('of %s goes on where the run stopped, to the last bit', (name) => {
    const make = (w: Value, own: Record<string, unknown>): optim.Optimizer =>
      new optimizers[name]!([w], camelCase(own) as never);
    const [whole, first] = [value([0.5, -1, 2]), value([0.5, -1, 2])];
    const before = make(first, options[name] ?? {});
    const run = (w: Value, optimizer: optim.Optimizer, steps: number): void => {
      for (let i = 0; i < steps; i++) descend(w, optimizer);
    };
    run(whole, make(whole, options[name] ?? {}), 8);
    run(first, before, 3);
    const second = value(Array.from(first.data));
    const after = make(second, {});
    after.loadStateDict(before.stateDict());
    run(second, after, 5);
    expect(Array.from(second.data)).toEqual(Array.from(whole.data));
    expect(after.steps).toBe(8);
  });

  test('is a copy: later steps do not change it', () => {
    const w = value([0.5, -1, 2]);
    const optimizer = new optim.Adam([w]);
    descend(w, optimizer);
    const saved = optimizer.stateDict();
    const text = JSON.stringify(saved);
    descend(w, optimizer);
    expect(JSON.stringify(saved)).toBe(text);
  });

  test('lists options by group, and what is remembered of each parameter', () => {
    const [a, b] = [value([1, 2]), value(3)];
    const optimizer = new optim.SGD([{ params: b }, { params: a, lr: 0.5 }], { momentum: 0.9 });
    a.sum().backward();
    optimizer.step();
    const rest = { momentum: 0.9, dampening: 0, weightDecay: 0, nesterov: false, maximize: false };
    expect(JSON.parse(JSON.stringify(optimizer.stateDict()))).toEqual({
      step: 1,
      parameters: [{}, { momentumBuffer: { shape: [2], dtype: 'float64', data: [1, 1] } }],
      paramGroups: [{ lr: 1e-3, ...rest, params: [0] }, { lr: 0.5, ...rest, params: [1] }], // prettier-ignore
    });
  });

  test('of a run in float64 fits parameters in float32', () => {
    const w = value([0.5, -1, 2]);
    const optimizer = new optim.Adam([w]);
    descend(w, optimizer);
    const v = value([0.5, -1, 2], { dtype: 'float32' });
    const other = new optim.Adam([v]);
    other.loadStateDict(optimizer.stateDict());
    descend(v, other);
    expect(other.stateDict().parameters[0]!['expAvg']!.dtype).toBe('float32');
  });

  test('of other shapes, groups or options is refused, and nothing is changed', () => {
    const [a, b] = [value([1, 2]), value([1, 2, 3])];
    const optimizer = new optim.Adam([a], { lr: 0.5 });
    a.square().sum().backward();
    optimizer.step();
    const saved = optimizer.stateDict();
    const other = new optim.Adam([b]);
    expect(() => other.loadStateDict(saved)).toThrow(/expAvg of parameter 0 is \[2\], the parameter \[3\]/);
    expect([other.steps, other.lr]).toEqual([0, 1e-3]);
    const refusals: [() => optim.Optimizer, RegExp][] = [
      [() => new optim.Adam([a, b]), /the state has 1 parameter, this optimizer 2/],
      [() => new optim.SGD([a]), /of another optimizer than SGD: group 0 has betas, eps, amsgrad/],
    ];
    for (const [make, message] of refusals) expect(() => make().loadStateDict(saved)).toThrow(message);
    const split = new optim.Adam([{ params: a }, { params: b }]);
    const two = new optim.Adam([value(0), value(0)]);
    expect(() => split.loadStateDict(two.stateDict())).toThrow(
      /has 1 parameter group, this optimizer 2.*it was saved/s,
    );
    const uneven = new optim.Adam([{ params: [a, b] }, { params: value(0) }]);
    const even = new optim.Adam([{ params: a }, { params: [b, value(0)] }]);
    expect(() => even.loadStateDict(uneven.stateDict())).toThrow(
      /group 0 of the state has 2 parameters, here it has 1/,
    );
    for (const nothing of [null, {}, { step: 1 }]) {
      expect(() => other.loadStateDict(nothing as never)).toThrow(/no state of an optimizer/);
    }
    const good = split.stateDict();
    const impossible = {
      ...good,
      paramGroups: [
        { ...good.paramGroups[0], lr: 7 },
        { lr: -1, params: [1] },
      ],
    };
    expect(() => split.loadStateDict(impossible)).toThrow(/lr must be a number ≥ 0/);
    expect(split.lr).toBe(1e-3);
  });
});

describe('bad arguments', () => {
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
