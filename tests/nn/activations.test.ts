/** Activations as modules: each is the op of its name, with PyTorch's defaults, eagerly and compiled. */
import { compile, constant, isValue, manualSeed, rand, value, zeros, type Value } from 'chainrule';
import * as nn from 'chainrule/nn';
import { equalValues } from 'chainrule/testing';

const x = constant([
  [-4, -1, -0.25],
  [0, 0.3, 5],
]);

const cases: readonly (readonly [string, () => nn.Module, (x: Value) => Value])[] = [
  ['ReLU', () => new nn.ReLU(), (v) => v.relu()],
  ['ReLU6', () => new nn.ReLU6(), (v) => v.clamp(0, 6)],
  ['SELU', () => new nn.SELU(), (v) => v.selu()],
  ['SiLU', () => new nn.SiLU(), (v) => v.mul(v.sigmoid())],
  ['Mish', () => new nn.Mish(), (v) => v.mish()],
  ['Softsign', () => new nn.Softsign(), (v) => v.div(v.abs().add(1))],
  ['Tanh', () => new nn.Tanh(), (v) => v.tanh()],
  ['Tanhshrink', () => new nn.Tanhshrink(), (v) => v.sub(v.tanh())],
  ['Sigmoid', () => new nn.Sigmoid(), (v) => v.sigmoid()],
  ['LogSigmoid', () => new nn.LogSigmoid(), (v) => v.logSigmoid()],
  ['Hardsigmoid', () => new nn.Hardsigmoid(), (v) => v.hardsigmoid()],
  ['Hardswish', () => new nn.Hardswish(), (v) => v.hardswish()],
  ['Identity', () => new nn.Identity(), (v) => v],
  ['LeakyReLU', () => new nn.LeakyReLU(), (v) => v.leakyRelu(0.01)],
  ['LeakyReLU(0.2)', () => new nn.LeakyReLU(0.2), (v) => v.leakyRelu(0.2)],
  ['LeakyReLU({ negativeSlope })', () => new nn.LeakyReLU({ negativeSlope: 0.3 }), (v) => v.leakyRelu(0.3)],
  ['ELU', () => new nn.ELU(), (v) => v.elu(1)],
  ['ELU(2)', () => new nn.ELU(2), (v) => v.elu(2)],
  ['CELU', () => new nn.CELU(), (v) => v.celu(1)],
  ['CELU({ alpha })', () => new nn.CELU({ alpha: 2 }), (v) => v.celu(2)],
  ['Hardshrink', () => new nn.Hardshrink(), (v) => v.hardshrink(0.5)],
  ['Softshrink', () => new nn.Softshrink(0.1), (v) => v.softshrink(0.1)],
  ['GELU', () => new nn.GELU(), (v) => v.gelu()],
  ['GELU tanh', () => new nn.GELU({ approximate: 'tanh' }), (v) => v.gelu({ approximate: 'tanh' })],
  ['Softplus', () => new nn.Softplus(), (v) => v.softplus()],
  ['Softplus options', () => new nn.Softplus({ beta: 2, threshold: 1 }), (v) => v.softplus({ beta: 2, threshold: 1 })],
  ['Hardtanh', () => new nn.Hardtanh(), (v) => v.hardtanh(-1, 1)],
  ['Hardtanh options', () => new nn.Hardtanh({ minVal: -2, maxVal: 0.2 }), (v) => v.hardtanh(-2, 0.2)],
  ['Threshold', () => new nn.Threshold(0.2, 7), (v) => v.threshold(0.2, 7)],
  ['Softmax', () => new nn.Softmax(), (v) => v.softmax(-1)],
  ['Softmax(0)', () => new nn.Softmax(0), (v) => v.softmax(0)],
  ['LogSoftmax', () => new nn.LogSoftmax({ axis: 0 }), (v) => v.logSoftmax(0)],
  ['Softmin', () => new nn.Softmin(1), (v) => v.softmin(1)],
  ['GLU', () => new nn.GLU(0), (v) => v.glu(0)],
  ['PReLU', () => new nn.PReLU({ dtype: 'float64' }), (v) => v.leakyRelu(0.25)],
  ['RReLU in evaluation', () => new nn.RReLU().eval(), (v) => v.leakyRelu((1 / 8 + 1 / 3) / 2)],
];

describe.each(cases)('%s', (_, make, expected) => {
  test('is the op, eagerly and compiled', () => {
    const layer = make();
    expect(equalValues(layer.forward(x), expected(x))).toBe(true);
    expect(equalValues(compile((v: Value) => layer.forward(v))(x), expected(x))).toBe(true);
  });

  test('records under its name', () => {
    const layer = make();
    const y = layer.forward(value(x.toArray() as number[][]));
    if (!(layer instanceof nn.Identity)) expect(isValue(y) && outermost(y)).toBe(layer.constructor.name);
  });
});

function outermost(y: Value): string | undefined {
  let scope = y._scope;
  while (scope?.parent != null) scope = scope.parent;
  return scope?.name;
}

test('Softmax2d normalises over channels', () => {
  const images = rand([2, 3, 4, 4]);
  expect(equalValues(new nn.Softmax2d().forward(images), images.softmax(1))).toBe(true);
  expect(() => new nn.Softmax2d().forward(zeros([2, 3]))).toThrow(/Softmax2d: takes \[N, C, H, W\].*\[2, 3\]/);
});

test('PReLU learns a slope for each channel', () => {
  const layer = new nn.PReLU({ numParameters: 3, init: 0.5, dtype: 'float64' });
  layer
    .forward(constant([[-1, -2, 3]]))
    .sum()
    .backward();
  expect(layer.weight.grad!.toArray()).toEqual([-1, -2, 0]);
  expect(new nn.PReLU().forward(x).dtype).toBe('float32');
});

test('RReLU draws slopes within its bounds while training', () => {
  manualSeed(3);
  const negative = constant(new Float64Array(200).fill(-1));
  const slopes = [...new nn.RReLU({ lower: 0.1, upper: 0.2 }).forward(negative).data].map((y) => -y);
  expect(Math.min(...slopes)).toBeGreaterThanOrEqual(0.1);
  expect(Math.max(...slopes)).toBeLessThan(0.2);
  expect(new Set(slopes).size).toBeGreaterThan(190);
});

test('options that do not exist, or are impossible, are refused', () => {
  expect(() => new nn.LeakyReLU({ slope: 1 } as never)).toThrow(/LeakyReLU: unknown option "slope".*negativeSlope/s);
  expect(() => new nn.ELU('2' as never)).toThrow(/ELU: alpha must be a number, got 2/);
  expect(() => new nn.GELU({ approximate: 'erf' as never })).toThrow(/GELU: approximate must be 'none' or 'tanh'/);
  expect(() => new nn.Hardtanh({ minVal: 2 })).toThrow(/minVal must be less than maxVal, got 2 and 1/);
  expect(() => new nn.Softmax(0.5)).toThrow(/axis must be a whole number, got 0.5/);
  expect(() => new nn.RReLU({ lower: 1, upper: 0 })).toThrow(/lower must not exceed upper/);
  expect(() => new nn.PReLU({ numParameters: 0 })).toThrow(/numParameters must be a whole number ≥ 1/);
  expect(() => new nn.Threshold(1, undefined as never)).toThrow(/Threshold: value must be a number/);
});

test('gradients flow through a stack of them at second order', () => {
  const model = new nn.Sequential(new nn.Softplus(), new nn.Tanh(), new nn.GELU());
  const v = value([0.5, -0.2]);
  model.forward(v).sum().backward({ createGraph: true });
  v.grad!.square().sum().backward();
  expect(v.grad!.data.every(Number.isFinite)).toBe(true);
});
