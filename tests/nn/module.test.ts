/** Modules: parameters by PyTorch's names, states that fit or are refused whole. */
import { inspect } from 'node:util';
import { constant, grad, randn, value, zeros, type Value } from 'chainrule';
import { Linear, MLP, Module, Sequential } from 'chainrule/nn';

describe('a module', () => {
  test('lists parameters by dotted names', () => {
    const model = new MLP([3, 4, 2]);
    expect(model.namedParameters().map(([name]) => name)).toEqual([
      'layers.0.weight',
      'layers.0.bias',
      'layers.1.weight',
      'layers.1.bias',
    ]);
    expect(model.parameters().every((p) => p.requiresGrad && p.dtype === 'float32')).toBe(true);
    expect(new Sequential(new Linear(2, 3), new Linear(3, 1)).namedParameters().map(([name]) => name)).toEqual([
      '0.weight',
      '0.bias',
      '1.weight',
      '1.bias',
    ]);
  });

  test('a parameter used by two layers is listed once', () => {
    const shared = new Linear(2, 2);
    expect(new Sequential(shared, shared).parameters()).toHaveLength(2);
  });

  test('train and eval reach every module below', () => {
    const model = new MLP([2, 3, 1]).eval();
    expect([...model.namedModules()].every(([, m]) => !m.training)).toBe(true);
  });

  test('a state can be taken over by another model of the same shape', () => {
    const [a, b] = [new MLP([2, 3, 1]), new MLP([2, 3, 1])];
    const x = constant([[0.5, -1]]);
    b.loadStateDict(a.stateDict());
    expect(b.forward(x).toArray()).toEqual(a.forward(x).toArray());
  });

  test('a state that does not fit is refused, and nothing is changed', () => {
    const model = new Linear(2, 1);
    const before = model.weight.toArray();
    expect(() => model.loadStateDict({ weight: zeros([1, 2]), extra: zeros([1]) })).toThrow(
      /missing: bias; unexpected: extra/,
    );
    expect(() => model.loadStateDict({ weight: zeros([1, 3]), bias: zeros([1]) })).toThrow(
      /weight is \[1, 2\] here and \[1, 3\] in the state/,
    );
    expect(model.weight.toArray()).toEqual(before);
  });

  test('records its layers as scopes', () => {
    const y = new MLP([2, 3, 1]).forward(constant([[1, 2]]));
    const names = new Set<string>();
    const visit = (x: Value): void => {
      for (let scope = x._scope; scope !== null; scope = scope.parent) names.add(scope.name);
      x.inputs.forEach(visit);
    };
    visit(y);
    expect(names).toEqual(new Set(['MLP', 'Linear', 'linear']));
  });

  test('users declare their own', () => {
    class Scale extends Module {
      readonly factor = this.parameter('factor', value(2));
      override forward(x: Value): Value {
        return x.mul(this.factor);
      }
    }
    const scale = new Scale();
    scale.forward(value(3)).backward();
    expect(scale.parameters()[0]!.grad!.item()).toBe(3);
    expect(scale.toString()).toBe('Scale(factor [])');
  });

  test('prints as a tree, in the console too', () => {
    const model = new MLP([2, 3, 1]);
    expect(String(model)).toBe(
      [
        'MLP {',
        '  (layers): ModuleList {',
        '    (0): Linear(weight [3, 2], bias [3])',
        '    (1): Linear(weight [1, 3], bias [1])',
        '  } 13 parameters',
        '} 13 parameters',
      ].join('\n'),
    );
    expect(inspect(model)).toBe(String(model));
  });
});

describe('Linear', () => {
  test('is x·Wᵀ + b over the last axis, in its own dtype', () => {
    const layer = new Linear(2, 2);
    layer.weight.assign(
      constant([
        [1, 2],
        [3, 4],
      ]),
    );
    layer.bias!.assign(constant([10, 20]));
    const y = layer.forward(constant([[[1, 1]]]));
    expect([y.dtype, y.toArray()]).toEqual(['float32', [[[13, 27]]]]);
  });

  test('starts within ±1/√fanIn', () => {
    const { weight, bias } = new Linear(100, 50);
    expect(Math.max(...weight.data, ...bias!.data)).toBeLessThanOrEqual(0.1);
    expect(Math.min(...weight.data, ...bias!.data)).toBeGreaterThanOrEqual(-0.1);
    expect(Math.max(...weight.data)).toBeGreaterThan(0.09);
  });

  test('refuses another width, and impossible options', () => {
    expect(() => new Linear(3, 2).forward(zeros([4, 2]))).toThrow(/last axis of 3, got \[4, 2\]/);
    expect(() => new Linear(0, 2)).toThrow(/inFeatures must be a whole number ≥ 1, got 0/);
    expect(() => new MLP([3])).toThrow(/sizes needs at least/);
    expect(() => new MLP([3, 1], { activation: 'rleu' as never })).toThrow(/unknown activation "rleu".*relu/s);
    expect(() => new MLP([3, 1], { activation: 'toString' as never })).toThrow(/unknown activation "toString"/);
  });
});

test('gradients flow through a model to its input at second order', () => {
  const model = new MLP([3, 8, 1], { activation: 'tanh', dtype: 'float64' });
  const x = randn([3]);
  const g = grad((v: Value) => model.forward(v).sum());
  g(x).square().sum().backward();
  expect(model.parameters()[0]!.grad!.data.some((d) => d !== 0)).toBe(true);
});
