/** Where numbers live is nobody's business: whoever reads, writes, moves or drops them sees what an eager run would show. */
import { ChainruleError, compile, constant, grad, manualSeed, rand, trace, value, zeros, type Value } from 'chainrule';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam, SGD } from 'chainrule/optim';
import * as fc from 'fast-check';
import { homeOf, settle } from '../../src/engine/memory/residency.ts';
import { Store } from '../../src/engine/memory/store.ts';
import { native } from '../../src/engine/native.ts';
import { sharedStores, type SharedStore } from '../../src/engine/threads/stores.ts';

const text = (x: unknown): string => JSON.stringify(x);
const contentsOf = (cells: readonly Value[]): string => text(cells.map((x) => [x, x.grad]));

describe('cells used by several programs, by eager code and by the user, in any order', () => {
  /** Two small worlds in which the same things are done: one compiled, one eagerly. */
  function world(wrap: <F extends (...xs: Value[]) => unknown>(f: F) => F): {
    readonly act: Readonly<Record<string, (x: Value) => unknown>>;
    readonly cells: readonly Value[];
    readonly held: unknown[];
  } {
    manualSeed(1);
    const [a, b, c] = [value([1, -2, 3]), value([0.5, 0.25, -4]), value(2)] as const;
    const optimizer = new Adam([a, b], { lr: 0.1 });
    const other = new SGD([b, c], { lr: 0.05, momentum: 0.9 });
    const start = { b: constant([1, 2, 3]), state: other.stateDict() };
    const held: unknown[] = [];
    const clear = (): void => [a, b, c].forEach((x) => x.zeroGrad());
    const first = wrap((x: Value) => {
      clear();
      const loss = a.mul(b).sub(x).square().sum();
      loss.backward();
      optimizer.step();
      return loss;
    });
    const second = wrap((x: Value) => {
      clear();
      const loss = b.mul(c).add(x).tanh().sum();
      loss.backward();
      other.step();
      return [loss, b.reshape([3, 1]), b];
    });
    const swap = wrap(() => {
      const before = a.mul(1);
      a.assign(b);
      b.assign(before);
    });
    const same = wrap((x: Value) => {
      x.assign(x.mul(a).add(1).tanh());
      return x;
    });
    const look = wrap((x: Value) => a.add(b).mul(c).add(x));
    const act = {
      first,
      second,
      swap,
      look,
      sameTwice: () => same(a),
      sameOther: () => same(b),
      eagerly: (x: Value) => {
        clear();
        a.mul(c).sub(x).square().sum().backward();
        optimizer.step();
      },
      assign: (x: Value) => (a.assign(x), c.assign(x.sum())),
      load: () => (b.assign(start.b), other.loadStateDict(start.state)),
      read: () => [a.data.join(), c.item(), a.grad?.toArray()],
      clear,
      hold: () => void held.push(b.mul(1), a.detach(), c.clone(), a.grad, b.data),
      graph: (x: Value) => {
        // Recorded now, pulled back later, at the point where it was recorded.
        const y = a.mul(b).mul(c).add(x).sum();
        held.push(y);
      },
    };
    return { act, cells: [a, b, c], held };
  }

  const names = Object.keys(world((f) => f).act);
  const moved = 'moved';

  test('hold the numbers of an eager run', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names, moved), { minLength: 4, maxLength: 24 }),
        fc.constantFrom(1, 2),
        (actions, threads) => {
          const [eager, compiled] = [world((f) => f), world((f) => compile(f, { threads }) as unknown as typeof f)];
          actions.forEach((name, i) => {
            if (name === moved) return void settle(compiled.cells[i % 3]!, 'content', new Store());
            const x = constant([0.1 * i, -0.2, 1]);
            expect([name, text(compiled.act[name]!(x))]).toEqual([name, text(eager.act[name]!(x))]);
          });
          expect(contentsOf(compiled.cells)).toBe(contentsOf(eager.cells));
          expect(text(compiled.held)).toBe(text(eager.held));
          const pulled = ({ cells, held }: ReturnType<typeof world>): string => {
            held.forEach((y) => (y as { _op?: unknown } | null)?._op && (y as Value).sum().backward());
            return contentsOf(cells);
          };
          expect(pulled(compiled)).toBe(pulled(eager));
        },
      ),
      { numRuns: 60 },
    );
  }, 120_000);
});

describe('programs over the same cells', () => {
  test('share one copy of them', () => {
    const model = new MLP([16, 256, 16]);
    const optimizer = new SGD(model.parameters(), { lr: 0.1 });
    const [x, y] = [rand([4, 16]), constant([1, 2, 3, 4], { dtype: 'int32' })];
    const train = compile((x: Value, y: Value) => {
      optimizer.zeroGrad();
      const loss = crossEntropy(model.forward(x), y);
      loss.backward();
      optimizer.step();
      return loss;
    });
    const judge = compile((x: Value) => model.forward(x).argmax(1));
    train(x, y);
    const homes = model.parameters().map((p) => homeOf(p, 'content'));
    for (let i = 0; i < 3; i++) {
      judge(x);
      train(x, y);
    }
    expect(model.parameters().map((p) => homeOf(p, 'content'))).toEqual(homes);
    expect(new Set(homes.map((home) => home!.store)).size).toBe(1);
  });

  test('that first met elsewhere gather in one store, and stay there', () => {
    const [g, d] = [value([1, 2]), value([3, 4, 5])];
    const [gs, ds] = [value([0, 0, 0, 0]), value([0, 0, 0, 0, 0])];
    const alone = compile(() => void gs.assign(gs.add(g.sum())), { threads: 1 });
    const other = compile(() => void ds.assign(ds.add(d.sum())), { threads: 1 });
    const both = compile(() => (g.assign(g.mul(0.5)), d.assign(d.add(g.sum()))), { threads: 1 });
    const stores = (): Store[] => [g, d, gs, ds].map((cell) => homeOf(cell, 'content')!.store);
    alone();
    other();
    expect(new Set(stores()).size).toBe(2);
    for (const step of [both, other, alone, both]) step();
    const settled = stores();
    expect(new Set(settled).size).toBe(1);
    for (const step of [alone, both, other, both, alone]) step();
    expect(stores()).toEqual(settled);
    expect([gs, ds].map((x) => x.toArray())).toEqual([
      [6, 6, 6, 6].map(() => gs.at(0).item()),
      [0, 0, 0, 0, 0].map(() => ds.at(0).item()),
    ]);
  });
});

describe('what fails changes nothing', () => {
  const whole = (i: number[]): Value => constant(i, { dtype: 'int32' });

  test.each<[string, (w: Value, x: Value) => Value, Value, Value]>([
    ['a division by zero', (w, x) => w.sum().to('int32').floorDivide(x), whole([2]), whole([0])],
    ['an index out of range', (w, x) => w.indexSelect(0, x), whole([1]), whole([7])],
  ])('%s', (_, late, good, bad) => {
    manualSeed(4);
    const w = value([1, 2, 3]);
    const optimizer = new Adam([w], { lr: 0.1 });
    const step = compile((x: Value) => {
      optimizer.zeroGrad();
      w.mul(rand([3]))
        .square()
        .sum()
        .backward();
      optimizer.step();
      return late(w, x);
    });
    const start = contentsOf([w]);
    expect(() => step(bad)).toThrow(ChainruleError);
    expect([contentsOf([w]), optimizer.steps]).toEqual([start, 0]);
    const all = (): string => text([contentsOf([w]), optimizer.stateDict()]);
    step(good);
    const before = all();
    expect(() => step(bad)).toThrow(ChainruleError);
    expect(() => step(bad)).toThrow(ChainruleError);
    expect(all()).toBe(before);

    manualSeed(9);
    const next = rand([2]).toArray();
    manualSeed(9);
    expect(() => step(bad)).toThrow(ChainruleError);
    expect(rand([2]).toArray()).toEqual(next);
  });

  test('a request beyond 4 GB, which says so', () => {
    const w = value([1, 2]);
    const step = compile((x: Value) => {
      w.assign(w.add(1));
      const square = x.unsqueeze(0).mul(x.unsqueeze(1));
      return square.add(square.transpose(0, 1)).exp().cumsum(0).cumsum(1).sum();
    });
    const before = contentsOf([w]);
    expect(() => step(zeros([30_000]))).toThrow(/needs [\d.]+ GB at once.*4 GB/s);
    expect(contentsOf([w])).toBe(before);
    expect(step(zeros([3])).item()).toBeGreaterThan(0);
    expect(w.toArray()).toEqual([2, 3]);
  });
});

test('addresses beyond 2 GB are addresses', () => {
  const store = new Store();
  store.take(2.2 * 2 ** 30, store.lease());
  const w = value(Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i)));
  settle(w, 'content', store);
  const f = (x: Value): Value[] => {
    const y = w
      .reshape([64, 64])
      .matmul(w.reshape([64, 64]).transpose(0, 1))
      .add(x)
      .tanh();
    return [
      y,
      y.sum(0),
      y.sum(1),
      y.transpose(0, 1).mul(2),
      y
        .flatten()
        .indexSelect(0, constant([5, 9], { dtype: 'int32' }))
        .cumsum(0),
    ];
  };
  const g = compile((x: Value) => (w.assign(w.mul(0.5)), f(x)), { threads: 1 });
  const x = rand([64, 64]).to('float32');
  const results = g(x);
  expect(homeOf(w, 'content')!.region.start).toBeGreaterThan(2 ** 31);
  expect(text(results)).toBe(text(f(x)));
});

describe('where there is no more shared memory', () => {
  const model = (): { step: (x: Value) => Value; w: Value } => {
    manualSeed(2);
    const w = rand([512, 512]).to('float32');
    const cell = value(w.data, { shape: [512, 512] });
    return { w: cell, step: (x) => (cell.assign(cell.matmul(x).mul(1 / 512)), cell.sum()) };
  };

  test('and only there', () => {
    const { step, w } = model();
    compile(step, { threads: 2 })(rand([512, 512]).to('float32'));
    expect(homeOf(w, 'content')!.store.isShared).toBe(true);
  });

  test.each([
    ['no memory is left', () => Array.from({ length: 64 }, () => sharedStores().take(65536))],
    ['what is left is too small', () => [sharedStores().take(2 ** 30 - 2 ** 21 - sharedStores().usage.bytes)]],
  ])('programs run on one thread, with the same bits: %s', (_, occupy) => {
    const taken = occupy().filter((loan): loan is SharedStore => loan !== undefined);
    try {
      const [eager, other] = [model(), model()];
      const step = compile(other.step, { threads: 2 });
      const x = rand([512, 512]).to('float32');
      for (let i = 0; i < 2; i++) expect(step(x).item()).toBe(eager.step(x).item());
      expect(homeOf(other.w, 'content')!.store.isShared).toBe(false);
      expect(contentsOf([other.w])).toBe(contentsOf([eager.w]));
    } finally {
      taken.forEach((loan) => loan.release());
    }
  });
});

describe('dispose', () => {
  test('gives the bytes back, and what is needed again is made again', () => {
    const w = value([1, 2, 3]);
    const step = compile((x: Value) => w.assign(w.add(x)), { threads: 1 });
    step(1);
    const { store } = homeOf(w, 'content')!;
    const before = store.bytesTaken;
    const large = compile((x: Value) => w.mul(x.sum()), { threads: 1 });
    large(zeros([1 << 20]));
    expect(store.bytesTaken).toBeGreaterThan(before + 8 * 2 ** 20);
    large.dispose();
    expect(store.bytesTaken).toBeLessThan(before + 2 * 2 ** 20);
    expect(large.programs).toHaveLength(0);
    expect(large(zeros([2])).toArray()).toEqual([0, 0, 0]);
    step.dispose();
    expect(w.toArray()).toEqual([2, 3, 4]);
    step(1);
    expect(w.toArray()).toEqual([3, 4, 5]);
  });
});

test('an executable runs a Program', () => {
  const program = trace((x: Value) => grad((x: Value) => x.pow(3).sum())(x), zeros([2]));
  const executable = native(program, { precision: 'default', threads: 1 });
  expect(executable.run([constant([1, 2])]).map((x) => x.toArray())).toEqual([[3, 12]]);
  executable.dispose();
});
