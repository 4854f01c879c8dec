import { beforeEach, describe, expect, test } from '@jest/globals';
import { manualSeed, randn, value, type Value } from 'chainrule';
import { MLP, type ActivationName, type MLPOptions } from 'chainrule/nn';
import { equalValues } from 'chainrule/testing';

expect.addEqualityTesters([equalValues]);
beforeEach(() => manualSeed(0));

const mlp = (options: MLPOptions = {}): MLP => new MLP([3, 4, 5, 2], { dtype: 'float64', ...options });
const x: Value = value(randn([6, 3]));

/** Both with the same weights. */
function alike(a: MLP, b: MLP): [MLP, MLP] {
  b.loadStateDict(a.stateDict(), { strict: false });
  return [a, b];
}

test('linear layers, an activation between them', () => {
  const model = mlp({ activation: 'tanh' });
  const [first, second, third] = [...model.layers];
  const hidden = second!.forward(first!.forward(x).tanh()).tanh();
  expect(model.forward(x)).toEqual(third!.forward(hidden));
});

test('an activation for the output', () => {
  const [plain, squashed] = alike(mlp(), mlp({ outputActivation: 'softmax' }));
  expect(squashed.forward(x)).toEqual(plain.forward(x).softmax(-1));
});

describe('activations', () => {
  const names: ActivationName[] = ['relu', 'relu6', 'leakyRelu', 'elu', 'celu', 'selu', 'gelu', 'silu', 'mish'];
  const others: ActivationName[] = ['softplus', 'softsign', 'tanhshrink', 'logSigmoid', 'hardtanh', 'hardsigmoid'];
  const rest: ActivationName[] = ['sigmoid', 'hardswish', 'hardshrink', 'softshrink', 'step', 'logSoftmax', 'identity'];

  test.each([...names, ...others, ...rest])('%s is the method of that name', (name) => {
    const [named, given] = alike(mlp({ activation: name }), mlp({ activation: (y) => y[name]() }));
    expect(named.forward(x)).toEqual(given.forward(x));
  });
});

test('dropout of hidden units is for training', () => {
  const [plain, dropping] = alike(mlp(), mlp({ dropout: 0.5 }));
  expect(dropping.forward(x)).not.toEqual(plain.forward(x));
  expect(dropping.eval().forward(x)).toEqual(plain.forward(x));
});

test('norms stand in front of activations', () => {
  for (const norm of ['batch', 'layer'] as const) {
    const model = mlp({ norm });
    const [first, second, third] = [...model.layers];
    const [one, two] = [...model.norms!];
    const hidden = two!.forward(second!.forward(one!.forward(first!.forward(x)).relu())).relu();
    expect(model.forward(x)).toEqual(third!.forward(hidden));
    expect(model.namedParameters().map(([name]) => name)).toContain('norms.1.weight');
  }
});

test('errors name the option', () => {
  expect(() => mlp({ dropout: 1.5 })).toThrow(/MLP: dropout must be a probability/);
  expect(() => mlp({ norm: 'group' as never })).toThrow(/norm must be 'batch', 'layer' or null, got "group"/);
  expect(() => mlp({ outputActivation: 'sigmod' as never })).toThrow(/unknown activation "sigmod"/);
});
