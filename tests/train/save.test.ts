/** Models in one file: what is saved comes back, and what cannot be is named. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { DataError, manualSeed, rand, randn, value, type Value } from 'chainrule';
import {
  fromJSON,
  LabelEncoder,
  readSafetensors,
  StandardScaler,
  WordTokenizer,
  type Preprocessor,
} from 'chainrule/data';
import {
  BatchNorm1d,
  Conv2d,
  Dropout,
  Embedding,
  Flatten,
  GRU,
  Linear,
  LSTM,
  MLP,
  Module,
  ModuleList,
  MultiheadAttention,
  ReLU,
  Sequential,
  TransformerEncoder,
  TransformerEncoderLayer,
  type AnyModule,
} from 'chainrule/nn';
import { loadModel, modelFromBytes, modelToBytes, saveModel } from 'chainrule/train';
import { numbers, thrown } from './saved.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainrule-save-'));
  path = join(folder, 'net.safetensors');
  manualSeed(1);
});
afterEach(() => rmSync(folder, { recursive: true }));

class Net extends Module {
  readonly layers: ModuleList;
  readonly scale: Value;
  constructor(width: number, options: { readonly deep?: boolean } = {}) {
    super(width, options);
    this.layers = new ModuleList([new Linear(2, width), ...(options.deep === true ? [new Linear(width, width)] : [])]);
    this.scale = this.parameter('scale', value(2));
  }
  override forward(x: Value): Value {
    return (this.layers.at(0) as Linear).forward(x).mul(this.scale);
  }
}

/** Holds a module that it was given. */
class Residual extends Module {
  readonly inner: Module;
  constructor(inner: Module) {
    super(inner);
    this.inner = inner;
  }
  override forward(x: Value): Value {
    return x.add(this.inner.forward(x));
  }
}

describe('a saved model', () => {
  test('comes back as another of the same class, numbers and results, in evaluation mode', () => {
    const model = new MLP([3, 5, 2], { activation: 'tanh' });
    saveModel(model, path);
    const { model: back } = loadModel<MLP>(path);
    expect(back).toBeInstanceOf(MLP);
    expect(back.sizes).toEqual([3, 5, 2]);
    expect(numbers(back)).toEqual(numbers(model));
    expect(back.training).toBe(false);
    const x = randn([4, 3]);
    expect(back.forward(x).toArray()).toEqual(model.forward(x).toArray());
    expect(readdirSync(folder)).toEqual(['net.safetensors']);
  });

  test('keeps containers in containers, names, buffers and modules that are used twice', () => {
    const shared = new Linear(4, 4);
    const model = new Sequential({
      conv: new Sequential(new Conv2d(1, 1, 3, { padding: 'same' }), new Flatten()),
      norm: new BatchNorm1d(4),
      body: new Sequential(shared, new ReLU(), shared, new Dropout({ p: 0.25 })),
    });
    model.forward(randn([3, 1, 2, 2]));
    saveModel(model, path);
    const { model: back } = loadModel<Sequential>(path);
    expect(String(back)).toBe(String(model));
    expect(numbers(back)).toEqual(numbers(model));
    const body = back.at('body') as Sequential;
    expect(body.at(0)).toBe(body.at(2));
  });

  test.each<[string, () => AnyModule]>([
    ['LSTM', () => new LSTM(3, 4, { numLayers: 2, bidirectional: true })],
    ['GRU', () => new GRU(3, 4, { bias: false })],
    ['MultiheadAttention', () => new MultiheadAttention(8, 2, { kdim: 3, vdim: 5 })],
    ['TransformerEncoder', () => new TransformerEncoder(new TransformerEncoderLayer(8, 2, { dimFeedforward: 4 }), 2)],
    ['Embedding', () => new Embedding(5, 3, { paddingIdx: 0, maxNorm: Infinity })],
  ])('may be a %s', (_, make) => {
    const model = make();
    const { model: back } = modelFromBytes<AnyModule>(modelToBytes(model));
    expect(numbers(back)).toEqual(numbers(model));
    expect(String(back)).toBe(String(model));
    expect([...back.namedModules()].map(([, module]) => module.extraRepr())).toEqual(
      [...model.namedModules()].map(([, module]) => module.extraRepr()),
    );
  });

  test('keeps its dtypes, also where they differ, and which parameters are frozen', () => {
    const model = new Sequential(new Linear(2, 3), new Linear(3, 1));
    model.at(0)!.to('float64').freeze();
    saveModel(model, path);
    const { model: back } = loadModel(path);
    expect(numbers(back)).toEqual(numbers(model));
    expect(back.parameters().map((p) => [p.dtype, p.requiresGrad])).toEqual([
      ['float64', false],
      ['float64', false],
      ['float32', true],
      ['float32', true],
    ]);
  });

  test('any stack of layers comes back', () => {
    const layer = (n: number): fc.Arbitrary<() => Module> =>
      fc.constantFrom<() => Module>(
        () => new Linear(n, n, { bias: false }),
        () => new BatchNorm1d(n, { momentum: null }),
        () => new Residual(new MLP([n, 2, n], { activation: 'gelu' })),
        () => new Dropout(),
      );
    fc.assert(
      fc.property(fc.array(layer(3), { maxLength: 4 }), (makers) => {
        const model = new Sequential(...makers.map((make) => make()));
        const { model: back } = modelFromBytes(modelToBytes(model), { classes: { Residual } });
        expect(String(back)).toBe(String(model));
        expect(numbers(back)).toEqual(numbers(model));
        const x = rand([2, 3]);
        expect(back.forward(x).toArray()).toEqual(model.eval().forward(x).toArray());
      }),
      { numRuns: 20 },
    );
  });

  test('draws no random numbers, neither saved nor loaded', () => {
    manualSeed(5);
    const expected = rand([3]).toArray();
    manualSeed(5);
    const model = new MLP([2, 1]);
    manualSeed(5);
    modelFromBytes(modelToBytes(model));
    expect(rand([3]).toArray()).toEqual(expected);
  });

  test('is an ordinary safetensors file, with metadata', () => {
    saveModel(new Linear(2, 1), path, { metadata: { author: 'Ada' } });
    const { tensors, metadata } = readSafetensors(path);
    expect(Object.keys(tensors).sort()).toEqual(['bias', 'weight']);
    expect(metadata['author']).toBe('Ada');
    expect(loadModel(path).metadata).toEqual({ author: 'Ada' });
  });

  test('numbers in options come back as they were: infinite, negative zero, missing', () => {
    class Odd extends Module {
      constructor(...given: unknown[]) {
        super(...given);
      }
      override forward(x: Value): Value {
        return x;
      }
    }
    const given = [Infinity, -0, NaN, undefined, { a: -Infinity, $b: [null, true, 'c'] }, { $module: 1 }, 0.1];
    const { model } = modelFromBytes(modelToBytes(new Odd(...given)), { classes: { Odd } });
    expect(model.configuration).toEqual(given);
    expect(Object.is(model.configuration[1], -0)).toBe(true);
  });
});

describe('classes of your own', () => {
  test('are given when loading', () => {
    const model = new Net(3, { deep: true });
    saveModel(model, path);
    const { model: back } = loadModel<Net>(path, { classes: { Net } });
    expect(back).toBeInstanceOf(Net);
    expect(numbers(back)).toEqual(numbers(model));
    expect(back.configuration).toEqual([3, { deep: true }]);
  });

  test('are named where they are missing', () => {
    saveModel(new Residual(new Net(2)), path);
    expect(() => loadModel(path, { classes: { Residual } })).toThrow(DataError);
    expect(thrown(() => loadModel(path, { classes: { Residual } })).message).toMatch(
      /net\.safetensors.*made of Net, a class that is not known here[\s\S]*classes: \{ Net \}/,
    );
  });

  test('may have other names in the file', () => {
    const bytes = modelToBytes(new Net(2), { classes: { 'shop/Net': Net } });
    expect(modelFromBytes(bytes, { classes: { 'shop/Net': Net } }).model).toBeInstanceOf(Net);
  });

  test('that do not tell super what they were given are refused before anything is written', () => {
    class Forgetful extends Module {
      readonly layer: Linear;
      constructor(width: number) {
        super();
        this.layer = new Linear(2, width);
      }
      override forward(x: Value): Value {
        return this.layer.forward(x);
      }
    }
    expect(() => saveModel(new Forgetful(3), path)).toThrow(
      /Forgetful cannot be saved with its configuration[\s\S]*super\(/,
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  test('that get layers later are refused, with the first difference', () => {
    const net = new Net(2) as Net & { extra?: Linear };
    net.extra = new Linear(1, 1);
    expect(() => modelToBytes(net)).toThrow(/built anew, it has .* where this one has .*extra/);
  });

  test('two of one name are refused', () => {
    const other = (() => {
      class Net extends Module {
        override forward(x: Value): Value {
          return x;
        }
      }
      return new Net();
    })();
    expect(() => modelToBytes(new Sequential(new Net(2), other))).toThrow(/two classes are named Net/);
  });
});

describe('what cannot be saved is named with its place', () => {
  test.each<[string, () => Module, RegExp]>([
    ['a function', () => new MLP([2, 1], { activation: (x) => x.sin() }), /MLP, argument 2\.activation is a function/],
    [
      'inside of others',
      () => new Sequential(new ReLU(), new Residual(new MLP([2, 2], { activation: (x) => x.sin() }))),
      /Sequential, argument 2: Residual, argument 1: MLP, argument 2\.activation is a function/,
    ],
  ])('%s', (_, make, message) => {
    expect(() => saveModel(make(), path)).toThrow(message);
    expect(() => saveModel(make(), path)).toThrow(/Name activations/);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('something that is no model, and unknown options', () => {
    expect(() => saveModel({} as never, path)).toThrow(/no Module but object/);
    expect(() => saveModel(new ReLU(), path, { name: 'x' } as never)).toThrow(/unknown option "name"/);
    expect(() => saveModel(new ReLU(), path, { metadata: { n: 3 } } as never)).toThrow(/metadata\.n is number/);
    expect(() => saveModel(new ReLU(), path, { metadata: { 'chainrule.model': '' } })).toThrow(/reserved/);
    expect(() => saveModel(new ReLU(), join(folder, 'none', 'x'))).toThrow(/cannot write .*none/);
  });
});

describe('preprocessing', () => {
  const scaler = new StandardScaler().fit([
    [1, 2],
    [3, 5],
  ]);
  const labels = new LabelEncoder().fit(['b', 'a']);

  test('is saved with the model: one thing, or several by name', () => {
    saveModel(new Linear(2, 2), path, {
      preprocessing: { scaler, labels, columns: ['x', 'y'], tokens: [WordTokenizer.train('to be')] },
    });
    const { preprocessing } = loadModel<Linear, { scaler: StandardScaler; labels: LabelEncoder; columns: string[] }>(
      path,
    );
    expect(preprocessing.scaler.transform([[1, 2]]).toArray()).toEqual(scaler.transform([[1, 2]]).toArray());
    expect(preprocessing.labels.classes).toEqual(['a', 'b']);
    expect(preprocessing.columns).toEqual(['x', 'y']);
    expect(modelFromBytes(modelToBytes(new ReLU(), { preprocessing: scaler })).preprocessing).toBeInstanceOf(
      StandardScaler,
    );
    expect(modelFromBytes(modelToBytes(new ReLU())).preprocessing).toBeUndefined();
  });

  test('of classes of your own', () => {
    class Doubler implements Preprocessor {
      toJSON(): object {
        return { type: 'Doubler' };
      }
      static fromJSON(): Doubler {
        return new Doubler();
      }
    }
    const bytes = modelToBytes(new ReLU(), { preprocessing: [new Doubler()] });
    expect(modelFromBytes<ReLU, [Doubler]>(bytes, { classes: { Doubler } }).preprocessing[0]).toBeInstanceOf(Doubler);
    expect(() => modelFromBytes(bytes)).toThrow(/no preprocessor "Doubler"/);
    expect(fromJSON(new Doubler().toJSON(), { Doubler })).toBeInstanceOf(Doubler);
  });

  test('that could not be loaded, or is not fitted, is refused', () => {
    expect(() => modelToBytes(new ReLU(), { preprocessing: { when: new Date(0) } })).toThrow(
      /preprocessing\.when is a Date/,
    );
    expect(() => modelToBytes(new ReLU(), { preprocessing: new StandardScaler() })).toThrow(/not fitted/);
    expect(() => modelToBytes(new ReLU(), { preprocessing: (x: number) => x })).toThrow(/preprocessing is a function/);
  });
});
