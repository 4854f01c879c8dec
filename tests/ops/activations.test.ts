import { constant, grad, value, type Value } from 'chainrule';

const flat = (x: Value): number[] => Array.from(x.data);
const derivative =
  (f: (x: Value) => Value): ((x: Value) => Value) =>
  (x) =>
    grad((v: Value) => f(v).sum())(x);
const slope = (f: (x: Value) => Value, ...x: number[]): number[] => flat(derivative(f)(constant(x)));
const curvature = (f: (x: Value) => Value, ...x: number[]): number[] => flat(derivative(derivative(f))(constant(x)));

describe('derivatives at kinks, as in PyTorch', () => {
  test.each<[string, (x: Value) => Value, number[], number[]]>([
    ['relu', (v) => v.relu(), [-1, 0, 1, NaN], [0, 0, 1, 1]],
    ['relu6', (v) => v.relu6(), [0, 1, 6, 7], [0, 1, 0, 0]],
    ['hardtanh', (v) => v.hardtanh(), [-1, 0, 1], [0, 1, 0]],
    ['hardsigmoid', (v) => v.hardsigmoid().mul(6), [-3, 0, 3], [0, 1, 0]],
    ['hardswish', (v) => v.hardswish(), [-3, 0, 3, 4], [0, 0.5, 1, 1]],
    ['hardshrink', (v) => v.hardshrink(), [-0.5, 0, 0.5, 0.6], [0, 0, 0, 1]],
    ['softshrink', (v) => v.softshrink(), [-0.5, 0, 0.5, 0.6], [0, 0, 0, 1]],
    ['threshold', (v) => v.threshold(1, 5), [0, 1, 2], [0, 0, 1]],
    ['leakyRelu', (v) => v.leakyRelu(0.25), [-1, 0, 1], [0.25, 0.25, 1]],
    ['elu', (v) => v.elu(2), [0, 1, -Infinity, NaN], [2, 1, 0, 1]],
    ['celu', (v) => v.celu(2), [0, 1, -Infinity, NaN], [1, 1, 0, 1]],
    ['softplus', (v) => v.softplus({ threshold: 1 }), [2, 1e300, -1e300], [1, 1, 0]],
    ['softsign', (v) => v.softsign(), [0, 1], [1, 0.25]],
    ['step', (v) => v.step(), [-1, 0, 1], [0, 0, 0]],
  ])('%s', (_, f, x, expected) => {
    expect(slope(f, ...x)).toEqual(expected);
  });

  test('an exponential far out spoils no second derivative', () => {
    for (const f of [
      (v: Value) => v.elu(),
      (v: Value) => v.celu(3),
      (v: Value) => v.selu(),
      (v: Value) => v.softplus(),
    ]) {
      expect(curvature(f, 1000, -10000).map(Math.abs)).toEqual([0, 0]);
    }
  });

  test('NaN goes through', () => {
    const x = constant([NaN]);
    const results = [
      x.relu(),
      x.relu6(),
      x.hardtanh(),
      x.hardswish(),
      x.elu(),
      x.celu(),
      x.selu(),
      x.gelu(),
      x.silu(),
      x.mish(),
    ];
    for (const y of [
      ...results,
      x.softplus(),
      x.logSigmoid(),
      x.hardshrink(),
      x.softshrink(),
      x.threshold(0, 1),
      x.leakyRelu(),
    ]) {
      expect(flat(y)).toEqual([NaN]);
    }
  });
});

describe('values far out', () => {
  test('soft ramps neither overflow nor vanish early', () => {
    expect(flat(constant([1000, -40, -1000]).softplus())).toEqual([1000, Math.exp(-40), 0]);
    expect(flat(constant([1000, -1000, -Infinity]).logSigmoid())).toEqual([0, -1000, -Infinity]);
  });

  test('gelu keeps the digits of its tail', () => {
    // −8·Φ(−8), Φ(−8) = 6.22096057427178e-16
    expect(constant(-8).gelu().item() / (-8 * 6.22096057427178e-16)).toBeCloseTo(1, 12);
    expect(constant(30).gelu({ approximate: 'tanh' }).item()).toBe(30);
  });
});

describe('parameters', () => {
  test('step takes the value at 0', () => {
    expect(flat(constant([-2, -0, 0, 3]).step())).toEqual([0, 1, 1, 1]);
    expect(flat(constant([-2, 0, 3]).step(0.5))).toEqual([0, 0.5, 1]);
  });

  test('prelu has one slope, or one for each channel', () => {
    const x = constant([
      [-1, -2],
      [3, -4],
    ]);
    expect(x.prelu(0.5).toArray()).toEqual([
      [-0.5, -1],
      [3, -2],
    ]);
    const w = value([0.1, 0.5]);
    const y = x.prelu(w);
    expect(y.toArray()).toEqual([
      [-0.1, -1],
      [3, -2],
    ]);
    y.sum().backward();
    expect(flat(w.grad!)).toEqual([-1, -6]);
  });

  test('slopes and widths may be computed and learnt', () => {
    const slopeOf = value(0.5);
    constant([-2, 3]).leakyRelu(slopeOf).sum().backward();
    expect(slopeOf.grad!.item()).toBe(-2);
    const beta = value(2);
    constant(0).softplus({ beta }).backward();
    expect(beta.grad!.item()).toBeCloseTo(-Math.LN2 / 4, 14);
  });

  test('integers stay integers where the pieces are integral', () => {
    const n = constant([-3, 9], { dtype: 'int32' });
    expect(n.relu().dtype).toBe('int32');
    expect(flat(n.relu6())).toEqual([0, 6]);
    expect(n.silu().dtype).toBe('float64');
    expect(() => constant([true]).relu()).toThrow('relu: is not defined for bool');
  });
});

describe('groups', () => {
  test('glu gates one half by the other', () => {
    expect(
      constant([[2, 4, 0, 0]])
        .glu()
        .toArray(),
    ).toEqual([[1, 2]]);
    expect(
      constant([[2], [0]])
        .glu(0)
        .toArray(),
    ).toEqual([[1]]);
  });

  test('maxout takes the largest of each group; ties share', () => {
    expect(flat(constant([1, 5, 3, 2]).maxout(2))).toEqual([5, 3]);
    expect(slope((v) => v.maxout(2), 1, 5, 3, 3)).toEqual([0, 1, 0.5, 0.5]);
  });
});
