import { fillUniform, generatorState, restoreGenerator } from '../../../src/base/random.ts';
import { newStorage, type Storage } from '../../../src/base/dtypes.ts';
import { uniformTask } from '../../../src/engine/kernels/uniform.ts';
import type { Buffer } from '../../../src/engine/steps.ts';
import { differences } from '../../base/lanes/bits.ts';
import { backwards, buffer, prepare, runTask } from './harness.ts';

/** The generator as it stands is put back after each test. */
const before = generatorState();
afterEach(() => restoreGenerator(before));

const SIZES = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 2047, 2048, 2049, 5000];

describe.each(['float32', 'float64'] as const)('%s', (dtype) => {
  /** Draw number `draws` under a small seed, whose key is the pair of the two. */
  function wanted(seed: number, draws: number, size: number): Storage {
    restoreGenerator({ seed, draws });
    const out = newStorage(dtype, size) as Float64Array | Float32Array;
    fillUniform(out);
    return out;
  }

  function found(key: readonly number[], size: number, parts: number): Storage {
    const to = buffer(dtype, size);
    const words = buffer('int32', 2);
    const contents = new Map<Buffer, Storage>([
      [to, newStorage(dtype, size)],
      [words, Int32Array.from(key)],
    ]);
    return runTask((e) => uniformTask({ kind: 'uniform', to, key: words }, e), contents, {
      ranges: backwards(parts),
    }).get(to)!;
  }

  test.each(SIZES)('%i numbers are those of the generator, however they are shared out', (size) => {
    for (const parts of [1, 2, 3]) {
      expect(differences(found([12345, 7], size, parts), wanted(12345, 7, size), [])).toEqual([]);
    }
  });

  test('key words with all their bits', () => {
    const [seed, draws] = [0xdeadbeef, 0xffffffff];
    expect(differences(found([seed | 0, draws | 0], 100, 1), wanted(seed, draws, 100), [])).toEqual([]);
  });

  test('nothing to fill, no units', () => {
    const [to, key] = [buffer(dtype, 0), buffer('int32', 2)];
    const contents = new Map([to, key].map((of) => [of, newStorage(of.dtype, of.size)]));
    expect(prepare((e) => uniformTask({ kind: 'uniform', to, key }, e), contents).task.units).toBe(0);
  });
});
