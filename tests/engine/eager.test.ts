import { constant, manualSeed, ones, rand, type Value } from '../../src/index.ts';
import { generatorState } from '../../src/base/random.ts';
import { accelerateEagerOps } from '../../src/engine/eager.ts';
import { setAccelerator } from '../../src/value/apply.ts';
import { equalValues } from '../../src/testing/equality.ts';

/** Numbers of every kind in a matrix that is large enough. */
const EDGES = [NaN, Infinity, -Infinity, 0, -0, 1e-40, 3e38];
const matrix = (dtype: 'float32' | 'float64'): Value =>
  constant(
    Array.from({ length: 300 * 331 }, (_, i) =>
      i % 97 === 0 ? EDGES[i % EDGES.length]! : ((i * 48271) % 65537) / 1000 - 30,
    ),
    { shape: [300, 331], dtype },
  );

const index = constant(Int32Array.from({ length: 400 }, (_, i) => (i * 7) % 300));

const OPS: Readonly<Record<string, (x: Value) => Value>> = {
  'sum of all': (x) => x.sum(),
  'sum of rows': (x) => x.sum(1),
  'sum of columns': (x) => x.sum(0),
  'largest of rows': (x) => x.amax(1),
  'place of the largest': (x) => x.argmax(0),
  permute: (x) => x.permute([1, 0]),
  flip: (x) => x.flip(1),
  'rows by index': (x) => x.indexSelect(0, index),
  'maximum pooling': (x) => x.reshape([1, 1, 300, 331]).maxPool2d(2),
  'a product': (x) => x.narrow(0, 0, 300).matmul(x.permute([1, 0])),
};

/** Code is generated at the third time. */
const WORTH_CODE = 250_000;
const OFTEN = 5;

describe('eager ops on large tensors', () => {
  afterEach(() => accelerateEagerOps());

  for (const dtype of ['float32', 'float64'] as const) {
    for (const [name, op] of Object.entries(OPS)) {
      test(`${name}, ${dtype}: the engine's kernels give the reference kernels' bits`, () => {
        const x = matrix(dtype);
        setAccelerator(null);
        const expected = op(x);
        accelerateEagerOps(WORTH_CODE);
        let y = op(x);
        for (let i = 0; i < OFTEN; i++) y = op(x);
        expect(equalValues(y, expected)).toBe(true);
      });
    }
  }

  test('random numbers: the same draws, one after the other', () => {
    const draws = (): Value[] => {
      manualSeed(7);
      return Array.from({ length: OFTEN }, () => rand([300, 331]));
    };
    setAccelerator(null);
    const expected = draws();
    const position = generatorState();
    accelerateEagerOps(WORTH_CODE);
    const found = draws();
    expect(generatorState()).toEqual(position);
    found.forEach((y, i) => expect(equalValues(y, expected[i]!)).toBe(true));
  });

  test('derivatives are recorded as ever', () => {
    accelerateEagerOps(WORTH_CODE);
    const w = ones([300, 331]);
    w.requiresGrad = true;
    for (let i = 0; i < OFTEN; i++) w.sum(0);
    w.zeroGrad();
    w.sum(0).sum().backward();
    expect(w.grad!.amax().item()).toBe(1);
    expect(w.grad!.amin().item()).toBe(1);
  });

  test('an error is the reference kernel’s', () => {
    const x = matrix('float32');
    const wrong = constant(Int32Array.from({ length: 400 }, (_, i) => (i === 13 ? 300 : 0)));
    for (let i = 0; i < OFTEN; i++) x.indexSelect(0, index);
    setAccelerator(null);
    const message = (): string => {
      try {
        x.indexSelect(0, wrong);
        return 'no error';
      } catch (error) {
        return (error as Error).message;
      }
    };
    const expected = message();
    accelerateEagerOps(WORTH_CODE);
    for (let i = 0; i < OFTEN; i++) x.indexSelect(0, index);
    expect(expected).toMatch(/300/);
    expect(message()).toBe(expected);
  });
});
