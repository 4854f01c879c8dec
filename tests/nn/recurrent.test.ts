/** Recurrent layers: what a step is, what goes through sequences, padding, and what they refuse. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compile, concat, constant, grad, manualSeed, randn, stack, vmap, zeros, type Value } from 'chainrule';
import { GRU, GRUCell, Linear, LSTM, LSTMCell, RNN, RNNCell, Sequential, type RecurrentOptions } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { checkGradients, equalValues, valueMatchers } from 'chainrule/testing';

expect.addEqualityTesters([equalValues]);
expect.extend(valueMatchers);
beforeEach(() => manualSeed(3));

const dtype = 'float64';

type Layer = RNN | LSTM | GRU;
type Cell = RNNCell | LSTMCell | GRUCell;

interface Kind {
  readonly name: string;
  readonly layer: (inputs: number, size: number, options?: RecurrentOptions) => Layer;
  readonly cell: (inputs: number, size: number) => Cell;
}

const KINDS: readonly Kind[] = [
  { name: 'RNN', layer: (i, h, o) => new RNN(i, h, { dtype, ...o }), cell: (i, h) => new RNNCell(i, h, { dtype }) },
  {
    name: 'RNN with relu',
    layer: (i, h, o) => new RNN(i, h, { dtype, nonlinearity: 'relu', ...o }),
    cell: (i, h) => new RNNCell(i, h, { dtype, nonlinearity: 'relu' }),
  },
  { name: 'LSTM', layer: (i, h, o) => new LSTM(i, h, { dtype, ...o }), cell: (i, h) => new LSTMCell(i, h, { dtype }) },
  { name: 'GRU', layer: (i, h, o) => new GRU(i, h, { dtype, ...o }), cell: (i, h) => new GRUCell(i, h, { dtype }) },
];

type Result = Readonly<Record<string, Value>>;
type Forward = (x: Value, initial?: unknown, options?: object) => Result;

/** The three have results of their own, but all are plain objects of Values. */
const forwardOf = (layer: Layer): Forward => layer.forward.bind(layer) as unknown as Forward;

/** What is handed on to the next piece of a sequence. */
const stateOf = ({ hidden, cell }: Result): unknown => (cell === undefined ? hidden : { hidden, cell });

const normal = (...shape: number[]): Value => constant(randn(shape).data, { shape });

/** The same numbers, for all parts of two results. */
const expectClose = (got: Result, expected: Result): void => {
  expect(Object.keys(got)).toEqual(Object.keys(expected));
  for (const [name, x] of Object.entries(expected)) expect(got[name]).toBeCloseToValue(x);
};

const runs = { numRuns: 12 };

describe.each(KINDS)('$name', ({ layer: make, cell: makeCell }) => {
  test('a layer makes the steps of its cell', () => {
    const [layer, cell] = [make(3, 4), makeCell(3, 4)];
    cell.loadStateDict(
      Object.fromEntries(Object.entries(layer.stateDict()).map(([name, w]) => [name.replace('_l0', ''), w])),
    );
    const x = normal(5, 2, 3);
    const states: Value[] = [];
    let state: unknown = null;
    for (const input of x.unbind(0)) {
      state = (cell.forward as (x: Value, state: unknown) => unknown)(input, state);
      states.push((state as { hidden?: Value }).hidden ?? (state as Value));
    }
    const { output, hidden } = layer.forward(x);
    expect(output).toBeCloseToValue(stack(states, 0));
    expect(hidden).toBeCloseToValue(states.at(-1)!.unsqueeze(0));
  });

  test('a sequence in two pieces is the sequence, however long', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 4, 127, 130), fc.integer({ min: 1, max: 2 }), (first, numLayers) => {
        const forward = forwardOf(make(2, 3, { numLayers }));
        const x = normal(first + 2, 2, 2);
        const whole = forward(x);
        const before = forward(x.narrow(0, 0, first));
        const after = forward(x.narrow(0, first, 2), stateOf(before));
        expectClose({ ...after, output: concat([before['output']!, after['output']!], 0) }, whole);
      }),
      { numRuns: 6 },
    );
  });

  test('the second direction is the first on the sequence turned round', () => {
    const both = make(3, 4, { bidirectional: true });
    const one = make(3, 4);
    const x = normal(5, 2, 3);
    const { output, hidden } = both.forward(x);
    one.loadStateDict(both.stateDict(), { strict: false });
    expect(output.narrow(2, 0, 4)).toBeCloseToValue(one.forward(x).output);
    const reversed = Object.entries(both.stateDict()).filter(([name]) => name.endsWith('_reverse'));
    one.loadStateDict(Object.fromEntries(reversed.map(([name, w]) => [name.replace('_reverse', ''), w])));
    const turned = one.forward(x.flip(0));
    expect(output.narrow(2, 4, 4)).toBeCloseToValue(turned.output.flip(0));
    expect(hidden.at(1)).toBeCloseToValue(turned.hidden.at(0));
  });

  test('layers stand on each other', () => {
    const two = make(3, 4, { numLayers: 2 });
    const [lower, upper] = [make(3, 4), make(4, 4)];
    const state = Object.entries(two.stateDict());
    const part = (k: number): Record<string, Value> =>
      Object.fromEntries(
        state.filter(([name]) => name.endsWith(`_l${k}`)).map(([name, w]) => [name.replace(/_l\d/, '_l0'), w]),
      );
    lower.loadStateDict(part(0));
    upper.loadStateDict(part(1));
    const x = normal(5, 2, 3);
    const [below, got] = [lower.forward(x), two.forward(x)];
    const above = upper.forward(below.output);
    expect(got.output).toBeCloseToValue(above.output);
    expect(got.hidden).toBeCloseToValue(concat([below.hidden, above.hidden], 0));
  });

  test('batchFirst only turns the layout; one sequence needs no batch', () => {
    const options = { numLayers: 2, bidirectional: true };
    const [timeFirst, batchFirst] = [make(3, 4, options), make(3, 4, { ...options, batchFirst: true })];
    batchFirst.loadStateDict(timeFirst.stateDict());
    const x = normal(5, 2, 3);
    const expected = forwardOf(timeFirst)(x);
    const got = forwardOf(batchFirst)(x.transpose(0, 1));
    expectClose({ ...got, output: got['output']!.transpose(0, 1) }, expected);
    const single = forwardOf(batchFirst)(x.narrow(1, 1, 1).squeeze(1));
    expectClose(
      single,
      Object.fromEntries(Object.entries(expected).map(([name, v]) => [name, v.narrow(1, 1, 1).squeeze(1)])),
    );
  });

  test('padding is as if it were not there, be it NaN', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 2 }),
        (lengths, bidirectional, numLayers) => {
          const layer = make(2, 3, { bidirectional, numLayers });
          const forward = forwardOf(layer);
          const counts = constant(lengths.map((n) => Array.from({ length: 5 }, (_, t) => t < n))).transpose(0, 1);
          const x = normal(5, lengths.length, 2);
          const padded = x.where(counts.unsqueeze(2), NaN);
          const got = forward(padded, null, { lengths });
          lengths.forEach((n, i) => {
            const alone = forward(x.narrow(1, i, 1).narrow(0, 0, n));
            const output = concat([alone['output']!, zeros([5 - n, 1, alone['output']!.shape[2]!])], 0);
            const own = Object.fromEntries(Object.entries(got).map(([name, v]) => [name, v.narrow(1, i, 1)]));
            expectClose(own, { ...alone, output });
          });
          got['output']!.sum().add(got['hidden']!.sum()).backward();
          for (const w of layer.parameters()) expect(w.grad!.data.every(Number.isFinite)).toBe(true);
        },
      ),
      runs,
    );
  });

  test('gradients are right, of second order, too', () => {
    const layer = make(2, 2, { bidirectional: true });
    const f = (x: Value): Value => {
      const { output, hidden } = layer.forward(x, null, { lengths: [3, 2] });
      return output.mul(output).sum().add(hidden.sum());
    };
    checkGradients(f, [normal(3, 2, 2)], { order: 2 });
  });

  test('runs in vmap, compiled, and gives the same bits there', () => {
    const layer = make(3, 4, { numLayers: 2, bidirectional: true });
    const x = normal(4, 5, 2, 3);
    const f = (xs: Value): Value => layer.forward(xs).output;
    expect(vmap(f)(x)).toBeCloseToValue(stack(x.unbind(0).map(f), 0));
    expect(compile(f)(x.at(0))).toEqual(f(x.at(0)));
    const g = grad((xs: Value) => f(xs).sum());
    expect(compile(g)(x.at(0))).toEqual(g(x.at(0)));
  });
});

describe('parameters', () => {
  const shapes = (layer: Layer | Cell): unknown => layer.namedParameters().map(([name, w]) => [name, w.shape]);

  test("have PyTorch's names, order and layouts", () => {
    expect(shapes(new GRU(3, 4))).toEqual([
      ['weight_ih_l0', [12, 3]],
      ['weight_hh_l0', [12, 4]],
      ['bias_ih_l0', [12]],
      ['bias_hh_l0', [12]],
    ]);
    expect(shapes(new LSTM(3, 4, { numLayers: 2, bidirectional: true, projSize: 2, bias: false }))).toEqual([
      ['weight_ih_l0', [16, 3]],
      ['weight_hh_l0', [16, 2]],
      ['weight_hr_l0', [2, 4]],
      ['weight_ih_l0_reverse', [16, 3]],
      ['weight_hh_l0_reverse', [16, 2]],
      ['weight_hr_l0_reverse', [2, 4]],
      ['weight_ih_l1', [16, 4]],
      ['weight_hh_l1', [16, 2]],
      ['weight_hr_l1', [2, 4]],
      ['weight_ih_l1_reverse', [16, 4]],
      ['weight_hh_l1_reverse', [16, 2]],
      ['weight_hr_l1_reverse', [2, 4]],
    ]);
    expect(shapes(new RNNCell(3, 4, { bias: false }))).toEqual([
      ['weight_ih', [4, 3]],
      ['weight_hh', [4, 4]],
    ]);
  });

  test('start uniform in ±1/√hiddenSize, float32 unless told', () => {
    for (const w of new GRU(3, 64).parameters()) {
      const most = w.abs().amax().item();
      expect(w.dtype).toBe('float32');
      expect(most).toBeLessThanOrEqual(1 / 8);
      expect(most).toBeGreaterThan(0.8 / 8);
    }
    expect(new LSTM(3, 4).forward(normal(2, 1, 3)).cell.dtype).toBe('float32');
  });

  test('move to another dtype with the layer', () => {
    const layer = new LSTM(3, 4, { numLayers: 2 }).to('float64');
    expect(layer.weights.every(({ weightIh, biasHh }) => weightIh.dtype === dtype && biasHh!.dtype === dtype)).toBe(
      true,
    );
    expect(layer.forward(normal(2, 1, 3)).output.dtype).toBe(dtype);
  });
});

test('what is shown of many parameters are the first', () => {
  expect(String(new LSTM(3, 4))).toBe(
    'LSTM(3, 4, weight_ih_l0 [16, 3], weight_hh_l0 [16, 4], bias_ih_l0 [16], bias_hh_l0 [16])',
  );
  expect(String(new GRU(3, 4, { numLayers: 2, bias: false, bidirectional: true }))).toMatch(/_reverse .*, … 4 more\)$/);
});

describe('an LSTM', () => {
  test('takes a state as it gives one, or as a pair', () => {
    const layer = new LSTM(2, 3);
    const x = normal(4, 1, 2);
    const first = layer.forward(x);
    const next = layer.forward(x, first);
    expect(layer.forward(x, [first.hidden, first.cell])).toEqual(next);
    expect(next.output).not.toEqual(first.output);
  });

  test('projects its hidden state, not its cell', () => {
    const { output, hidden, cell } = new LSTM(2, 5, { projSize: 3, bidirectional: true }).forward(normal(4, 2, 2));
    expect([output, hidden, cell].map((v) => v.shape)).toEqual([
      [4, 2, 6],
      [2, 2, 3],
      [2, 2, 5],
    ]);
  });
});

describe('dropout', () => {
  test('is between layers, while training', () => {
    const layer = new GRU(2, 8, { numLayers: 2, dropout: 0.5 });
    const x = normal(4, 2, 2);
    expect(layer.forward(x).output).not.toEqual(layer.forward(x).output);
    expect(layer.forward(x).hidden.at(0)).toEqual(layer.forward(x).hidden.at(0));
    layer.eval();
    expect(layer.forward(x).output).toEqual(layer.forward(x).output);
    const lone = new GRU(2, 8, { dropout: 0.5 });
    expect(lone.forward(x).output).toEqual(lone.forward(x).output);
  });
});

describe('a compiled training step', () => {
  test('is one program for whatever lengths come as a Value, with the bits of the eager step', () => {
    const train = (run: <F>(f: F) => F): number[][] => {
      manualSeed(1);
      const layer = new LSTM(3, 4, { bidirectional: true });
      const optimizer = new Adam(layer.parameters(), { lr: 0.01 });
      const step = run((x: Value, lengths: Value): Value => {
        optimizer.zeroGrad();
        const loss = layer.forward(x, null, { lengths }).hidden.square().mean();
        loss.backward();
        optimizer.step();
        return loss;
      });
      const x = randn([5, 2, 3], { dtype: 'float32' });
      for (const lengths of [[5, 1], [2, 3], [4, 4]]) step(x, constant(lengths, { dtype: 'int32' })); // prettier-ignore
      if ('programs' in step) expect(step.programs).toHaveLength(1);
      return layer.parameters().map((w) => Array.from(w.data));
    };
    expect(train((f) => compile(f as never) as never)).toEqual(train((f) => f));
  });
});

describe('what does not fit', () => {
  const layer = new LSTM(3, 4);

  test('is refused with the shapes that do', () => {
    expect(() => layer.forward(normal(5, 2, 4))).toThrow(/LSTM: takes \[T, N, 3\] or \[T, 3\], got \[5, 2, 4\]/);
    expect(() => layer.forward(zeros([0, 2, 3]))).toThrow(/with T ≥ 1, got \[0, 2, 3\]/);
    expect(() => new GRU(3, 4, { batchFirst: true }).forward(normal(5, 3, 2))).toThrow(/GRU: takes \[N, T, 3\]/);
    expect(() => layer.forward(normal(5, 2, 3), [normal(1, 2, 4), normal(1, 2, 3)])).toThrow(
      /LSTM: the initial cell is \[1, 2, 4\], got \[1, 2, 3\]/,
    );
    expect(() => new GRU(3, 4).forward(normal(5, 3), normal(2, 4))).toThrow(
      /GRU: the initial hidden state is \[1, 4\], got \[2, 4\]/,
    );
    expect(() => layer.forward(normal(5, 2, 3), normal(1, 2, 4) as never)).toThrow(
      /\{ hidden, cell \}, or \[hidden, cell\]/,
    );
    expect(() => new GRUCell(3, 4).forward(normal(5, 2, 3))).toThrow(
      /GRUCell: takes \[N, 3\] or \[3\], got \[5, 2, 3\]/,
    );
  });

  test('lengths are one for each sequence, from 1 to T', () => {
    const x = normal(5, 2, 3);
    expect(() => layer.forward(x, null, { lengths: [5] })).toThrow(
      /LSTM: lengths have shape \[1\], there are 2 sequences/,
    );
    expect(() => layer.forward(x, null, { lengths: [5, 0] })).toThrow(/LSTM: the length 0 is not in 1 … 5/);
    expect(() => layer.forward(x, null, { lengths: [6, 1] })).toThrow(/LSTM: the length 6 is not in 1 … 5/);
    expect(() => layer.forward(x, null, { lengths: [2.5, 1] })).toThrow(/LSTM: lengths must be whole numbers, got 2.5/);
    expect(() => layer.forward(x, null, { lengths: constant([2, 1.5]) })).toThrow(/whole numbers, got 1.5/);
    expect(() => layer.forward(x, null, { length: [6, 1] } as never)).toThrow(/LSTM: unknown option "length"/);
  });

  test('a Sequential says that the next layer takes one Value', () => {
    const model = new Sequential(layer as never, new Linear(4, 1));
    expect(() => model.forward(normal(5, 2, 3))).toThrow(
      /Sequential: module 0 \(LSTM\) gives \{ output, hidden, cell \}, and the next one takes a Value/,
    );
  });

  test('options are named', () => {
    expect(() => new LSTM(3, 4, { projSize: 4 })).toThrow(/LSTM: projSize must be a whole number from 0 to 3, got 4/);
    expect(() => new GRU(3, 4, { projSize: 2 } as never)).toThrow(/GRU: unknown option "projSize"/);
    expect(() => new RNN(3, 4, { nonlinearity: 'sin' as never })).toThrow(
      /RNN: nonlinearity is 'tanh' or 'relu', got "sin"/,
    );
    expect(() => new GRU(3, 4, { dropout: 2 })).toThrow(/GRU: dropout must be a probability/);
    expect(() => new GRU(3, 4, { bidirectional: 1 as never })).toThrow(
      /GRU: bidirectional must be true or false, got 1/,
    );
    expect(() => new GRU(3, 4, { numLayers: 0 })).toThrow(/GRU: numLayers must be a whole number ≥ 1, got 0/);
    expect(() => new LSTMCell(0, 4)).toThrow(/LSTMCell: inputSize must be a whole number ≥ 1, got 0/);
  });
});
