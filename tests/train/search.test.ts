/** Searches: the best is found, folds are fair, interruptions cost nothing, failures are told. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arange, constant, manualSeed, rand, type Value } from 'chainrule';
import { blobs, TensorDataset } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import {
  choice,
  crossValidate,
  evaluate,
  fit,
  gridSearch,
  integer,
  logUniform,
  randomSearch,
  uniform,
  type SearchOptions,
  type SearchResults,
} from 'chainrule/train';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'search-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** A hill whose top is at (3, 0.1), with noise that depends on the seed. */
const hill = ({ a, b }: { a: number; b: number }): number =>
  -(a - 3) * (a - 3) - (b - 0.1) * (b - 0.1) + 1e-3 * rand([1]).item();

const data = (): { x: Value; y: Value } => ({
  x: arange(30).reshape([30, 1]),
  y: constant(Array.from({ length: 30 }, (_, i) => i % 3)),
});

/** What is the same of a search however it came about. */
const told = (results: SearchResults<object>): unknown =>
  results.trials.map(({ index, parameters, scores, mean, std }) => [index, parameters, scores, mean, std]);

describe('a grid', () => {
  test('has every combination, the best in front', async () => {
    const results = await gridSearch({ a: [1, 2, 3, 4], b: [0.1, 0.5] }, hill);
    expect(results.trials).toHaveLength(8);
    expect(results.best.parameters).toEqual({ a: 3, b: 0.1 });
    const means = results.trials.map(({ mean }) => mean);
    expect([...means].sort((x, y) => y - x)).toEqual(means);
  });

  test('prints a table', async () => {
    const results = await gridSearch({ a: [3, 1], b: ['x', 'y'] }, ({ a }) => ({ accuracy: a / 4, loss: 1 / a }), {
      metric: 'accuracy',
    });
    expect(String(results).replaceAll(/\d\.\d s/g, '0.0 s')).toBe(
      [
        '   accuracy    loss  a  b   time',
        '────────────────────────────────',
        '1      0.75  0.3333  3  x  0.0 s',
        '2      0.75  0.3333  3  y  0.0 s',
        '3      0.25       1  1  x  0.0 s',
        '4      0.25       1  1  y  0.0 s',
        '────────────────────────────────',
      ].join('\n'),
    );
  });

  test('less of a loss is better, and of whatever the caller says', async () => {
    const train = ({ a }: { a: number }): Record<string, number> => ({ loss: a, cost: a });
    const best = async (options: SearchOptions): Promise<number> =>
      (await gridSearch({ a: [2, 1, 3] }, train, options)).best.parameters.a;
    expect(await best({ metric: 'loss' })).toBe(1);
    expect(await best({ metric: 'cost' })).toBe(3);
    expect(await best({ metric: 'cost', mode: 'min' })).toBe(1);
  });
});

describe('folds', () => {
  test('each example is validated on once, with the same folds and seeds for every configuration', async () => {
    const seen = new Map<number, string[]>();
    await gridSearch(
      { a: [1, 2] },
      ({ a }, { train, validation, fold, seed }) => {
        const rows = [...validation.x.data].sort((p, q) => p - q);
        seen.set(a, [...(seen.get(a) ?? []), `${fold} ${seed} ${rows.join()}`]);
        expect([...train.x.data, ...rows].sort((p, q) => p - q)).toEqual([...arange(30).data]);
        expect([0, 1, 2].map((c) => validation.y.data.filter((label) => label === c).length)).toEqual([2, 2, 2]);
        return 1;
      },
      { data: data(), stratify: true, seed: 4 },
    );
    expect(seen.get(1)).toEqual(seen.get(2));
    expect(seen.get(1)!.map((text) => text.split(' ')[1])).toEqual(['4', '5', '6', '7', '8']);
  });

  test('of a Dataset are Datasets; a share may be held out instead', async () => {
    const { x, y } = data();
    const { scores } = await crossValidate(
      ({ train, validation }) => {
        expect(train.get(0)).toHaveLength(2);
        return validation.length;
      },
      { data: new TensorDataset(x, y), folds: 4, seed: 0 },
    );
    expect([...scores].sort()).toEqual([7, 7, 8, 8]);
    const one = await crossValidate(({ validation }) => validation.x.shape[0]!, { data: { x, y }, validation: 0.2 });
    expect(one.scores).toEqual([6]);
  });

  test('their scores have a mean and a spread', async () => {
    const { mean, std, metrics } = await crossValidate(({ fold }) => ({ score: fold, other: 2 * fold }), {
      data: data(),
      folds: 3,
      metric: 'score',
    });
    expect([mean, std, metrics]).toEqual([1, Math.sqrt(2 / 3), { other: 2 }]);
  });

  test('a network is cross-validated with fit and evaluate', async () => {
    manualSeed(0);
    const results = await gridSearch(
      { lr: [1e-6, 0.05] },
      async ({ lr }, { train, validation }) => {
        const model = new MLP([2, 16, 3]);
        const optimizer = new Adam(model.parameters(), { lr });
        await fit(model, train, { loss: crossEntropy, optimizer, epochs: 20, progress: false });
        return evaluate(model, validation, { loss: crossEntropy, metrics: ['accuracy'] });
      },
      { data: blobs(90, { centers: 3 }), folds: 3, stratify: true, metric: 'accuracy' },
    );
    expect(results.best.parameters.lr).toBe(0.05);
    expect(results.best.mean).toBeGreaterThan(0.8);
  });
});

describe('a random search', () => {
  const space = { a: integer(1, 5), b: logUniform(1e-3, 1), c: choice(['x', 'y']), d: uniform(0, 1), e: [1, 2], f: 7 };

  test('draws from the space; draw i depends on the seed and i alone', async () => {
    const draws = async (trials: number, seed: number): Promise<unknown[]> => {
      const { trials: all } = await randomSearch(space, hill, { trials, seed });
      return [...all].sort((p, q) => p.index - q.index).map(({ parameters }) => parameters);
    };
    const ten = await draws(10, 1);
    expect((await draws(4, 1)).every((each, i) => JSON.stringify(each) === JSON.stringify(ten[i]))).toBe(true);
    expect(await draws(10, 2)).not.toEqual(ten);
    expect(new Set(ten.map((each) => JSON.stringify(each))).size).toBe(10);
  });

  test('needs a number of trials', async () => {
    await expect(randomSearch(space, hill, {} as never)).rejects.toThrow(/randomSearch: trials must be a whole number/);
  });
});

describe('repeatable', () => {
  test('a training has the numbers of its fold, whatever was drawn before; the random numbers go on as if none was', async () => {
    manualSeed(5);
    const expected = rand([1]).item();
    manualSeed(5);
    const all = await gridSearch({ a: [1, 2, 3], b: [0] }, hill);
    expect(rand([1]).item()).toBe(expected);
    const one = await gridSearch({ a: [3], b: [0] }, hill);
    expect(one.best.mean).toBe(all.best.mean);
  });
});

describe('interrupted', () => {
  const space = { a: [1, 2, 3], b: [0.1, 0.2] };
  const options = (): SearchOptions<{ x: Value; y: Value }> => ({
    data: data(),
    folds: 2,
    file: join(folder, 'search.jsonl'),
  });
  const withoutFile = (): SearchOptions<{ x: Value; y: Value }> => ({ data: data(), folds: 2 });

  test('after any training: it goes on there, and finds what an uninterrupted search does', async () => {
    const whole = told(await gridSearch(space, hill, withoutFile()));
    for (const before of [1, 2, 5, 11]) {
      let done = 0;
      const stop = new AbortController();
      const counted = (parameters: { a: number; b: number }): number => {
        if (++done === before) stop.abort();
        return hill(parameters);
      };
      const first = gridSearch(space, counted, { ...options(), signal: stop.signal });
      await (before === 1 ? expect(first).rejects.toThrow(/ended before anything was complete/) : first);
      expect(done).toBe(before);
      const results = await gridSearch(space, counted, options());
      expect(done).toBe(12);
      expect(told(results)).toEqual(whole);
      rmSync(join(folder, 'search.jsonl'));
    }
  });

  test('while a line was being written: the half is dropped, its training repeated', async () => {
    const whole = told(await gridSearch(space, hill, options()));
    const path = join(folder, 'search.jsonl');
    const text = readFileSync(path, 'utf8');
    for (const length of [text.length - 1, text.length - 20, text.indexOf('\n') + 5, 3, 0]) {
      writeFileSync(path, text.slice(0, length));
      expect(told(await gridSearch(space, hill, options()))).toEqual(whole);
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      expect(lines).toHaveLength(13);
      lines.forEach((line) => void JSON.parse(line));
    }
  });

  test('a larger space goes on from a smaller one, the order of names does not matter', async () => {
    let done = 0;
    const counted = (parameters: { a: number; b: number }): number => (done++, hill(parameters));
    await gridSearch({ a: [1, 2], b: [0.1] }, counted, options());
    await gridSearch({ b: [0.1], a: [1, 2, 3] }, counted, options());
    expect(done).toBe(6);
  });

  test('numbers that JSON has no words for come back', async () => {
    const train = ({ a }: { a: number }): Record<string, number> => ({ score: a === 2 ? NaN : 1, other: -Infinity });
    const run = async (): Promise<unknown> => {
      const results = await gridSearch({ a: [1, 2] }, train, { file: join(folder, 'n.jsonl'), metric: 'score' });
      return [told(results), results.best.metrics, results.failures.map(({ error }) => error)];
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(first).toEqual([expect.anything(), { other: -Infinity }, ['fold 0: score is NaN']]);
  });

  test('a file of another search, and a damaged one, are refused with their line', async () => {
    await gridSearch(space, hill, options());
    await expect(gridSearch(space, hill, { ...options(), folds: 3 })).rejects.toThrow(
      /search\.jsonl is of a search with folds 2, this one has 3\n.*choose another file/,
    );
    await expect(gridSearch(space, hill, { ...options(), seed: 1 })).rejects.toThrow(/seed 0, this one has 1/);
    appendFileSync(join(folder, 'search.jsonl'), 'not json\n');
    await expect(gridSearch(space, hill, options())).rejects.toThrow(/search\.jsonl, line 14: no JSON object/);
    writeFileSync(join(folder, 'search.jsonl'), '{"search":{"seed":0,"folds":2,"examples":30}}\n{"a":1}\n');
    await expect(gridSearch(space, hill, options())).rejects.toThrow(/line 2: no result of a search/);
    await expect(gridSearch(space, hill, { ...options(), file: folder })).rejects.toThrow(/cannot read/);
  });
});

describe('failures', () => {
  const train = ({ lr }: { lr: number }): number => {
    if (lr > 1) throw new Error('the loss became NaN');
    return lr;
  };

  test('are told, with configuration and fold; the search goes on', async () => {
    const results = await gridSearch({ lr: [10, 0.1, 1] }, train, { data: data(), folds: 2 });
    expect(results.trials.map(({ parameters }) => parameters.lr)).toEqual([1, 0.1]);
    expect(results.failures).toMatchObject([
      { parameters: { lr: 10 }, scores: [], error: 'fold 0: the loss became NaN' },
    ]);
    expect(String(results)).toMatch(/failed: \{ lr: 10 \}: fold 0: the loss became NaN$/);
  });

  test('of all configurations end it', async () => {
    await expect(gridSearch({ lr: [10, 20] }, train)).rejects.toThrow(
      /all 2 configurations failed:\n {2}\{ lr: 10 \}: fold 0: the loss became NaN\n {2}\{ lr: 20 \}/,
    );
    await expect(crossValidate(() => NaN, { data: data(), folds: 2 })).rejects.toThrow(/score is NaN/);
  });

  test('in a file are not repeated unless asked for', async () => {
    let broken = true;
    let done = 0;
    const repaired = ({ lr }: { lr: number }): number => {
      done++;
      return broken ? train({ lr }) : lr;
    };
    const file = join(folder, 'f.jsonl');
    await gridSearch({ lr: [10, 1] }, repaired, { file });
    broken = false;
    expect((await gridSearch({ lr: [10, 1] }, repaired, { file })).failures).toHaveLength(1);
    expect(done).toBe(2);
    const retried = await gridSearch({ lr: [10, 1] }, repaired, { file, retryFailed: true });
    expect([done, retried.best.parameters.lr, retried.failures]).toEqual([3, 10, []]);
    expect((await gridSearch({ lr: [10, 1] }, repaired, { file })).best.parameters.lr).toBe(10);
  });
});

test.each([
  [() => gridSearch({ a: uniform(0, 1) }, () => 1), /no grid can exhaust/],
  [() => gridSearch({ a: [1] }, 'train' as never), /the training must be a function/],
  [() => gridSearch({ a: [1] }, () => 'good' as never), /the training returned string, no score/],
  [() => gridSearch({ a: [1] }, () => ({ p: 1, q: 2 })), /the training returned p, q: which decides\?\n.*metric: "p"/],
  [() => gridSearch({ a: [1] }, () => ({ p: 1 }), { metric: 'q' }), /returned p, and no q/],
  [() => gridSearch({ a: [1] }, () => 1, { folds: 3 }), /folds needs data to divide/],
  [() => gridSearch({ a: [1] }, () => 1, { data: {}, folds: 3 }), /data are \{ x, y \} of Values/],
  [() => gridSearch({ a: [1] }, () => 1, { data: data(), folds: 3, validation: 0.2 }), /either folds or validation/],
  [() => gridSearch({ a: [1] }, () => 1, { data: { x: data().x }, stratify: true }), /needs data with labels y/],
  [() => gridSearch({ a: [1] }, () => 1, { mode: 'most' as never }), /mode is one of max, min/],
  [() => gridSearch({ a: [1] }, () => 1, { fold: 3 } as never), /unknown option "fold"/],
])('bad arguments are refused (%#)', async (search, message) => {
  await expect(search()).rejects.toThrow(message);
});
