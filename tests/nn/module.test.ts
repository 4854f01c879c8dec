/** Modules: parameters by PyTorch's names, states that fit or are refused whole. */
import { inspect } from 'node:util';
import { compile, constant, grad, randn, value, zeros, type Value } from 'chainrule';
import { Flatten, Linear, MLP, Module, ReLU, Sequential } from 'chainrule/nn';
import { SGD } from 'chainrule/optim';

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

describe('a state that fits in part', () => {
  test('is loaded with strict: false, which tells what had no counterpart', () => {
    const model = new Linear(2, 1);
    const loaded = model.loadStateDict({ weight: constant([[5, 6]]), extra: zeros([1]) }, { strict: false });
    expect(loaded).toEqual({ missingKeys: ['bias'], unexpectedKeys: ['extra'] });
    expect(model.weight.toArray()).toEqual([[5, 6]]);
  });

  test('shapes must agree all the same, and entries must be Values', () => {
    const model = new Linear(2, 1);
    expect(() => model.loadStateDict({ weight: zeros([2]), bias: zeros([3]) }, { strict: false })).toThrow(
      /weight is \[1, 2\] here and \[2\] in the state; bias is \[1\] here and \[3\]/,
    );
    expect(() => model.loadStateDict({ weight: [[1, 2]] } as never)).toThrow(/weight in the state is no Value/);
    expect(() => model.loadStateDict({}, { strickt: false } as never)).toThrow(/unknown option "strickt"/);
  });
});

describe('freezing', () => {
  test('keeps parameters as they are, also in a step that is compiled already', () => {
    const model = new Sequential(new Linear(2, 2), new Linear(2, 1));
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const step = compile((x: Value) => {
      optimizer.zeroGrad();
      const loss = model.forward(x).square().sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const x = constant([[1, 2]]);
    step(x);
    model.at(0)!.freeze();
    const [frozen, free] = model.parameters().filter((_, i) => i % 2 === 0);
    const before = [frozen!.toArray(), free!.toArray()];
    step(x);
    expect(frozen!.toArray()).toEqual(before[0]);
    expect(free!.toArray()).not.toEqual(before[1]);
    model.unfreeze();
    expect(model.parameters().every((p) => p.requiresGrad)).toBe(true);
  });
});

describe('moving to another dtype', () => {
  test('changes parameters and what the module computes', () => {
    const model = new MLP([2, 3, 1]);
    const before = model.stateDict();
    expect(model.to('float64')).toBe(model);
    expect(model.forward(constant([[1, 2]])).dtype).toBe('float64');
    expect(model.parameters().every((p) => p.dtype === 'float64' && p.requiresGrad)).toBe(true);
    expect(Object.entries(model.stateDict()).map(([k, v]) => [k, v.toArray()])).toEqual(
      Object.entries(before).map(([k, v]) => [k, v.toArray()]),
    );
  });

  test('reaches leaves in lists and objects, and keeps sharing and freezing', () => {
    class Held extends Module {
      readonly list = [this.parameter('a', value(1)), this.parameter('b', value(2))];
      readonly shared = { a: this.list[0]! };
      override forward(x: Value): Value {
        return x.mul(this.shared.a).add(this.list[1]!);
      }
    }
    const model = new Held().freeze().to('float32');
    expect(model.shared.a).toBe(model.list[0]);
    expect(model.parameters()).toEqual(model.list);
    expect(model.list.map((p) => [p.dtype, p.requiresGrad])).toEqual([
      ['float32', false],
      ['float32', false],
    ]);
  });

  test('is refused for other dtypes and inside compile', () => {
    expect(() => new Linear(1, 1).to('int32' as never)).toThrow(/to: dtype must be float32 or float64, got int32/);
    const model = new Linear(1, 1);
    expect(() => compile((x: Value) => model.to('float64').forward(x))(zeros([1]))).toThrow(/moves to float64 inside/);
  });
});

describe('forward hooks', () => {
  test('see inputs and outputs, may replace them, and go when removed', () => {
    const model = new Linear(1, 1, { dtype: 'float64' });
    model.weight.assign(2);
    model.bias!.assign(1);
    const x = constant([3]);
    const seen: number[] = [];
    const removers = [
      model.registerForwardHook((module, [given], y) => {
        expect(module).toBe(model);
        seen.push((given as Value).item(), (y as Value).item());
      }),
      model.registerForwardPreHook((_, [given]) => [(given as Value).mul(10)]),
      model.registerForwardHook((_, __, y) => (y as Value).neg()),
    ];
    expect(model.forward(x).item()).toBe(-61);
    expect(seen).toEqual([30, 61]);
    removers.forEach((remove) => remove());
    expect(model.forward(x).item()).toBe(7);
    expect(seen).toHaveLength(2);
  });

  test('a compiled function notices that they come and go', () => {
    const model = new Linear(1, 1, { dtype: 'float64', bias: false });
    model.weight.assign(2);
    const f = compile((x: Value) => model.forward(x));
    const x = constant([3]);
    expect(f(x).item()).toBe(6);
    const remove = model.registerForwardHook((_, __, y) => (y as Value).neg());
    expect(f(x).item()).toBe(-6);
    remove();
    expect(f(x).item()).toBe(6);
  });

  test('must be functions', () => {
    expect(() => new Linear(1, 1).registerForwardHook(1 as never)).toThrow(/registerForwardHook: the hook must be/);
  });
});

describe('the summary', () => {
  test('lists modules, output shapes and parameters', () => {
    const model = new Sequential(new Linear(784, 10), new Linear(10, 2, { bias: false }));
    model.at(0)!.freeze();
    expect(model.summary(zeros([32, 784]))).toBe(
      [
        'Module       Output    Parameters                   Count',
        '─────────────────────────────────────────────────────────',
        'Sequential   [32, 2]',
        '  0: Linear  [32, 10]  weight [10, 784], bias [10]  7,850',
        '  1: Linear  [32, 2]   weight [2, 10]                  20',
        '─────────────────────────────────────────────────────────',
        '7,870 parameters (20 trained, 7,850 frozen)',
      ].join('\n'),
    );
    expect(model.summary()).not.toMatch(/Output/);
  });

  test('leaves no hook behind, and runs nothing', () => {
    const model = new MLP([2, 3, 1]);
    model.summary(zeros([1, 2]));
    expect(model.hooks).toBe(new MLP([2, 3, 1]).hooks + 2 * 1);
    expect(() => model.summary(zeros([1, 3]))).toThrow(/last axis of 2/);
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

describe('data that were not made a Value are named', () => {
  class Takes extends Module<[words: string[]], number> {
    override forward(words: string[]): number {
      return words.length;
    }
  }

  test.each([
    [undefined, 'got undefined'],
    [[[1, 2]], 'got an array'],
    [Float32Array.of(1), 'got object'],
    [3, 'got number'],
  ])('%j', (x, words) => {
    for (const layer of [new Linear(2, 3), new ReLU(), new Flatten(), new MLP([2, 3])] as Module[]) {
      const call = (): unknown => layer.forward(x as never);
      expect(call).toThrow(TypeError);
      expect(call).toThrow(`forward must be called with a Value, ${words}`);
    }
  });

  test('a module may take what it likes', () => {
    expect(new Takes().forward(['a', 'b'])).toBe(2);
  });
});
