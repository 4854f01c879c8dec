/** What a compiled function may do besides: make leaves, use other transforms, ask for flags, have hooks; or not at all. */
import {
  checkpoint,
  compile,
  constant,
  customGradient,
  grad,
  manualSeed,
  noGrad,
  rand,
  scan,
  TraceError,
  value,
  vmap,
  zeros,
  zerosLike,
  type Value,
} from 'chainrule';
import * as nn from 'chainrule/nn';
import { contentsOf, sameAsEager, type Run } from './same-as-eager.ts';

describe('leaves made by the function', () => {
  test('that last (lazily made state) are state from then on', () => {
    const make = (): Run => {
      let mean: Value | undefined;
      return {
        step: (x) => {
          mean ??= zerosLike(x);
          mean.assign(mean.mul(0.9).add(x.mul(0.1)));
          return mean.mul(1);
        },
        cells: () => [mean!],
      };
    };
    const compiled = sameAsEager(make, [[constant([1, 2])], [constant([3, 4])], [constant([5, 6])]]);
    expect(compiled.programs).toHaveLength(1);
  });

  test('that are made anew each time are local', () => {
    sameAsEager(
      () => ({
        step: (x) => {
          const w = value([2, 3]);
          const total = zeros([]);
          for (let i = 0; i < 2; i++) {
            w.zeroGrad();
            w.mul(x).square().sum().backward();
            w.assign(w.sub(w.grad!.mul(0.01)));
            total.assign(total.add(w.sum()));
          }
          return [w.mul(1), total.mul(1), w.grad];
        },
        cells: () => [],
      }),
      [[constant([1, 2])], [constant([3, 4])]],
    );
  });
});

describe('functions inside', () => {
  const inner: [string, (w: Value, x: Value) => Value][] = [
    ['scan', (w, x) => scan((c: Value, row: Value) => [c.add(row.mul(w).tanh().sum()), c.mul(2)], 0, x)[1]],
    ['checkpoint', (w, x) => checkpoint((y: Value) => y.mul(w).exp())(x)],
    ['vmap', (w, x) => vmap((row: Value) => row.mul(w).sum())(x)],
    ['vmap of grad', (w, x) => vmap(grad((row: Value) => row.mul(w).square().sum()))(x)],
    ['grad', (w, x) => grad((v: Value) => x.matmul(v).square().sum())(w)],
    [
      'customGradient',
      (w, x) =>
        customGradient(
          (a: Value) => a.mul(w),
          (g, _, a) => [g.mul(a)],
        )(x).add(w),
    ],
    ['another compiled function', (w, x) => compile((y: Value) => y.mul(w))(x)],
  ];

  test.each(inner)('%s reads parameters as they are by then, and passes gradients to them', (_, f) => {
    sameAsEager(() => {
      const w = value([0.1, 0.2]);
      const step = (x: Value): Value => {
        w.assign(w.mul(1.5));
        w.zeroGrad();
        const y = f(w, x).sum();
        y.backward();
        w.assign(w.sub(w.grad!));
        return y.add(f(w, x).sum());
      };
      return { step, cells: () => [w] };
    }, [[rand([3, 2])], [rand([3, 2])]]);
  });
});

describe('guards', () => {
  test('train and eval are two programs', () => {
    class Noise extends nn.Module {
      override forward(x: Value): Value {
        return this.training ? x.add(rand([2])) : x;
      }
    }
    const run = (wrap: (f: (x: Value) => Value) => (x: Value) => Value): string => {
      manualSeed(0);
      const model = new Noise();
      const f = wrap((x) => model.forward(x));
      return JSON.stringify([true, false, true, false].map((on) => (model.train(on), f(constant([1, 2])))));
    };
    expect(run(compile as never)).toBe(run((f) => f));
    const model = new Noise();
    const f = compile((x: Value) => model.forward(x));
    for (let i = 0; i < 6; i++) {
      model.train(i % 2 === 0);
      f(constant([1, 2]));
    }
    expect(f.programs).toHaveLength(2);
  });
});

describe('hooks', () => {
  test('are called while it is traced, and what they do is part of the program', () => {
    let calls = 0;
    sameAsEager(() => {
      const w = value([1, 2]);
      w.onGrad((g) => {
        calls++;
        return g.mul(10);
      });
      const step = (x: Value): unknown => {
        const y = x.mul(w).retainGrad();
        y.onGrad((g) => g.neg());
        y.sum().backward();
        return y.grad;
      };
      return { step, cells: () => [w] };
    }, [[constant([1, 1])], [constant([2, 2])], [constant([3, 3])], [constant([4, 4])]]);
    // Four times eagerly; for no gradient and for some, compiled.
    expect(calls).toBe(6);
  });
});

describe('where it cannot be', () => {
  const w = value([1, 2]);

  test('bodies of loops and batches do not write; inside a program as outside', () => {
    const inside =
      (f: (x: Value) => unknown): (() => unknown) =>
      () =>
        compile((x: Value) => vmap((row: Value) => (f(row), row))(x))(zeros([3, 2]));
    expect(inside((x) => w.assign(x))).toThrow(TraceError);
    expect(inside((x) => w.assign(x))).toThrow(/given to vmap is traced once/);
    expect(inside((x) => x.mul(w).sum().backward())).toThrow(/backward\(\) inside vmap/);
    expect(inside(() => w.zeroGrad())).toThrow(/given to vmap/);
    expect(contentsOf([w])).toBe(contentsOf([value([1, 2])]));
  });

  test('requiresGrad is set outside', () => {
    expect(() => compile(() => void (w.requiresGrad = false))()).toThrow(/requiresGrad.*Set it before the call/s);
    expect(w.requiresGrad).toBe(true);
  });

  test('gradients through a function that writes: it runs by itself', () => {
    const count = constant(0);
    const f = (x: Value): Value => {
      count.assign(count.add(1));
      return x.square().sum();
    };
    const compiled = compile(f);
    expect([compiled(constant([1, 2])).item(), grad(compiled)(constant([1, 2])).toArray(), count.item()]).toEqual([5, [2, 4], 2]); // prettier-ignore
    const x = value([1, 2]);
    expect([compiled(x).requiresGrad, noGrad(() => compiled(x)).item(), count.item()]).toEqual([false, 5, 4]);
  });
});
