/** States in one file: what a loop of one's own needs to go on. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import {
  constant,
  DataError,
  manualSeed,
  OptionError,
  rand,
  randn,
  randomState,
  setRandomState,
  type Value,
} from 'chainrule';
import { readSafetensors, writeSafetensors } from 'chainrule/data';
import { mseLoss } from 'chainrule/losses';
import { Dropout, Linear, Sequential } from 'chainrule/nn';
import { Adam, StepLR, type OptimizerState } from 'chainrule/optim';
import { loadModel, loadState, saveState } from 'chainrule/train';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainrule-state-'));
  path = join(folder, 'run.safetensors');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('plain data come back as they were', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), fc.double(), fc.string(), (tree, x, key) => {
      const state = { tree, x, nested: [{ [key]: x, [`$${key}`]: tree }] };
      saveState(path, state);
      expect(loadState(path)).toEqual(state);
    }),
    { numRuns: 50 },
  );
});

test('Values and typed arrays come back with dtypes and shapes, and are tensors for other programs', () => {
  const x = constant([[1, NaN, -0]], { dtype: 'float32' });
  saveState(path, { x, flags: [constant([true, false])], n: constant(3), list: Int32Array.of(1, 2) });
  const back = loadState<{ x: Value; flags: Value[]; n: Value; list: Int32Array }>(path);
  expect([back.x, back.flags[0]!, back.n].map((v) => [v.dtype, v.toArray()])).toEqual([
    ['float32', [[1, NaN, -0]]],
    ['bool', [true, false]],
    ['float64', 3],
  ]);
  expect(back.list).toEqual(Int32Array.of(1, 2));
  expect(Object.keys(readSafetensors(path).tensors).sort()).toEqual([
    'state.flags[0]',
    'state.list',
    'state.n',
    'state.x',
  ]);
});

test('a loop of one’s own goes on to the last bit', () => {
  interface Saved {
    readonly model: Record<string, Value>;
    readonly optimizer: OptimizerState;
    readonly schedule: Record<string, unknown>;
    readonly random: { readonly seed: number; readonly draws: number };
  }
  const make = (): { losses(n: number): number[]; save(): void; load(): void } => {
    manualSeed(4);
    const x = randn([8, 3]);
    const model = new Sequential(new Linear(3, 4), new Dropout(0.5), new Linear(4, 1));
    const optimizer = new Adam(model.parameters(), { lr: 0.1 });
    const schedule = new StepLR(optimizer, { stepSize: 2 });
    const step = (): number => {
      optimizer.zeroGrad();
      const loss = mseLoss(model.forward(x), x.sum(1, { keepDims: true }));
      loss.backward();
      optimizer.step();
      schedule.step();
      return loss.item();
    };
    return {
      losses: (n) => Array.from({ length: n }, step),
      save: () =>
        saveState(path, {
          ...{ model: model.stateDict(), optimizer: optimizer.stateDict(), schedule: schedule.stateDict() },
          random: randomState(),
        }),
      load: () => {
        const saved = loadState<Saved>(path);
        model.loadStateDict(saved.model);
        optimizer.loadStateDict(saved.optimizer);
        schedule.loadStateDict(saved.schedule);
        setRandomState(saved.random);
      },
    };
  };
  const straight = make().losses(7);
  const first = make();
  expect(first.losses(3)).toEqual(straight.slice(0, 3));
  first.save();
  rand([5]);
  const second = make();
  second.load();
  expect(second.losses(4)).toEqual(straight.slice(3));
});

test('what cannot be saved is named with its place, and nothing is written', () => {
  saveState(path, 1);
  expect(() => saveState(path, { a: [{ f: () => 1 }] })).toThrow(OptionError);
  expect(() => saveState(path, { a: [{ f: () => 1 }] })).toThrow(/state\.a\[0\]\.f is a function/);
  expect(() => saveState(path, { model: new Linear(1, 1) })).toThrow(/state\.model is a Linear[\s\S]*stateDict\(\)/);
  expect(loadState(path)).toBe(1);
});

test('a file that is damaged, or of something else, is refused with its name', () => {
  const state = { x: constant([1, 2, 3]), n: 3 };
  const same = (loaded: unknown): boolean => JSON.stringify(loaded) === JSON.stringify(state);
  saveState(path, state);
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += 7) {
    writeFileSync(path, bytes.map((byte, i) => (i === at ? byte ^ 4 : byte))); // prettier-ignore
    try {
      // The name of the checksum, or a blank, may change: nothing is lost.
      expect(same(loadState(path))).toBe(true);
    } catch (error) {
      expect(error).toBeInstanceOf(DataError);
      expect(String(error)).toContain('run.safetensors');
    }
  }
  writeSafetensors(path, {});
  expect(() => loadState(path)).toThrow(/run\.safetensors holds no state/);
  expect(() => loadModel(path)).toThrow(/run\.safetensors holds no model/);
});
