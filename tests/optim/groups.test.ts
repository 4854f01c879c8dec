/** Parameter groups: options of their own, changed at any time. */
import { inspect } from 'node:util';
import { value, type Value } from 'chainrule';
import * as optim from 'chainrule/optim';

/** A step with gradients of 1. */
function stepOf(optimizer: optim.Optimizer): void {
  for (const p of optimizer.parameters) p.grad = p.mul(0).add(1).detach();
  optimizer.step();
}

const numbersOf = (...leaves: Value[]): number[] => leaves.map((w) => w.item());

describe('a group', () => {
  test("has options of its own, and the optimizer's for what it leaves out", () => {
    const [a, b, c] = [value(0), value(0), value(0)];
    const optimizer = new optim.SGD([{ params: [a, b] }, { params: c, lr: 0.5, maximize: true }], { lr: 0.1 });
    stepOf(optimizer);
    expect(numbersOf(a, b, c)).toEqual([-0.1, -0.1, 0.5]);
    expect(optimizer.paramGroups.map(({ lr, maximize, momentum }) => [lr, maximize, momentum])).toEqual([
      [0.1, false, 0],
      [0.5, true, 0],
    ]);
    expect(optimizer.defaults).toMatchObject({ lr: 0.1, maximize: false });
    expect(optimizer.parameters).toEqual([a, b, c]);
  });

  test('takes new options at any time, several at once, and refuses impossible ones', () => {
    const w = value(0);
    const optimizer = new optim.SGD([w], { lr: 0.1 });
    const [group] = optimizer.paramGroups;
    group.lr = 0.25;
    stepOf(optimizer);
    expect(w.item()).toBe(-0.25);
    expect(() => (group.lr = -1)).toThrow(/SGD: lr must be a number ≥ 0, got -1/);
    expect(() => (group.nesterov = true)).toThrow(/nesterov needs momentum/);
    group.set({ momentum: 0.9, nesterov: true });
    expect(() => (group.momentum = 0)).toThrow(/nesterov needs momentum/);
    expect(group).toMatchObject({ lr: 0.25, momentum: 0.9, nesterov: true });
    expect(() => group.set({ momentun: 0.9 })).toThrow(/unknown option "momentun"/);
  });

  test('`lr` of the optimizer is that of the first; set, it is that of all', () => {
    const optimizer = new optim.Adam([
      { params: value(0), lr: 0.5 },
      { params: value(0), lr: 0.25 },
    ]);
    expect(optimizer.lr).toBe(0.5);
    optimizer.lr = 0.125;
    expect(optimizer.paramGroups.map(({ lr }) => lr)).toEqual([0.125, 0.125]);
  });

  test('may come later: layers that have been unfrozen', () => {
    const [head, base] = [value(0), value(0)];
    const optimizer = new optim.SGD([head], { lr: 1 });
    stepOf(optimizer);
    optimizer.addParamGroup({ params: base, lr: 0.5 });
    stepOf(optimizer);
    expect(numbersOf(head, base)).toEqual([-2, -0.5]);
    expect(optimizer.paramGroups).toHaveLength(2);
  });

  test('may hold frozen parameters, as long as one is trained', () => {
    const [head, base] = [value(1), value(1)];
    base.requiresGrad = false;
    const optimizer = new optim.SGD([head, base], { lr: 1 });
    head.mul(base).backward();
    optimizer.step();
    expect(numbersOf(head, base)).toEqual([0, 1]);
    expect(() => new optim.SGD([base], { lr: 1 })).toThrow(/nothing would be trained.*unfreeze/s);
  });

  test('remembers the rate that schedules start from', () => {
    const optimizer = new optim.SGD([
      { params: value(0), lr: 0.5 },
      { params: value(0), lr: 0.25 },
    ]);
    new optim.LinearLR(optimizer, { startFactor: 0.5 });
    expect(optimizer.paramGroups.map(({ initialLr, lr }) => [initialLr, lr])).toEqual([[0.5, 0.25], [0.25, 0.125]]); // prettier-ignore
  });
});

test('an optimizer is printed with its groups', () => {
  const optimizer = new optim.RMSprop([{ params: [value([1, 2]), value(3)], lr: 0.5 }, { params: value(0) }]);
  const rest = 'alpha 0.99, eps 1e-8, weightDecay 0, momentum 0, centered false, maximize false';
  expect(String(optimizer)).toBe(
    `RMSprop {\n  group 0: 2 parameters, 3 elements; lr 0.5, ${rest}\n  group 1: 1 parameter, 1 element; lr 0.01, ${rest}\n}`,
  );
  expect(inspect(optimizer)).toBe(String(optimizer));
});

describe('what is no group', () => {
  const [a, b] = [value(1, { label: 'weight' }), value(1)];

  test.each<[string, () => unknown, RegExp]>([
    ['a parameter twice', () => new optim.SGD([a, b, a]), /SGD: the parameter weight is given twice.*new Set/s],
    ['a parameter in two groups', () => new optim.SGD([{ params: a }, { params: [b, a] }]), /weight is given twice/],
    ['leaves beside groups', () => new optim.SGD([a, { params: b }] as never), /either leaves or groups/],
    ['an empty group', () => new optim.SGD([{ params: a }, { params: [] }]), /no parameters to train/],
    ['an option that is unknown', () => new optim.SGD([{ params: a, beta: 1 } as never]), /unknown option "beta"/],
    ['an option that is impossible', () => new optim.SGD([{ params: a, lr: NaN }]), /lr must be a number ≥ 0, got NaN/],
    ['no list', () => new optim.SGD(7 as never), /a list of leaves, or of groups, got number.*model\.parameters\(\)/s],
    ['a number among leaves', () => new optim.SGD([a, 7] as never), /must be leaves/],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

test("an optimizer of one's own has rules for its options, and reads them as Values", () => {
  interface Settings {
    readonly lr: number;
    readonly noise: number;
  }
  class Shaken extends optim.Optimizer<Settings> {
    constructor(parameters: optim.Parameters<Settings>, options: Partial<Settings> = {}) {
      super(parameters, options, { rules: { lr: optim.number(0.1), noise: optim.number(0, { max: 1 }) } });
    }

    protected override update(p: Value, g: Value, slots: optim.Slots, group: optim.Hyperparameters<Settings>): Value {
      const moved = p.sub(g.mul(slots.lr));
      return group.uses.noise ? moved.add(group.value.noise) : moved;
    }
  }
  const w = value(0);
  const optimizer = new Shaken([w], { lr: 1 });
  stepOf(optimizer);
  optimizer.paramGroups[0].noise = 0.5;
  stepOf(optimizer);
  expect(w.item()).toBe(-1.5);
  expect(() => new Shaken([w], { noise: 2 })).toThrow(/Shaken: noise must be a number in \[0, 1\], got 2/);
});
