/** Compiled functions with state: after each call everything is, to the bit, as the eager run leaves it. */
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
import { crossEntropy } from 'chainrule/losses';
import * as nn from 'chainrule/nn';
import * as optim from 'chainrule/optim';

/** Everything that a step may change, as text. */
const contentsOf = (cells: readonly Value[]): string => JSON.stringify(cells.map((x) => [x, x.grad]));

/** Something that has state, and a way to step it. */
interface Run {
  readonly step: (...args: Value[]) => unknown;
  readonly cells: () => readonly Value[];
  /** What else it remembers. */
  readonly rest?: () => unknown;
}

/** Makes the same twice, runs one of them compiled, and compares after each step. */
function sameAsEager(make: () => Run, inputs: readonly (readonly Value[])[]): ReturnType<typeof compile> {
  const seeded = (): Run => {
    manualSeed(3);
    return make();
  };
  const [eager, other] = [seeded(), seeded()];
  const compiled = compile(other.step);
  inputs.forEach((args, i) => {
    const outcome = (step: (...xs: Value[]) => unknown, run: Run): string => {
      manualSeed(100 + i);
      const result = JSON.stringify(step(...args));
      return [result, contentsOf(run.cells()), JSON.stringify(run.rest?.()), rand([1]).item()].join('\n');
    };
    expect(outcome(compiled as never, other)).toBe(outcome(eager.step, eager));
  });
  return compiled as never;
}

const batch = (i: number): readonly Value[] => {
  manualSeed(50 + i);
  return [rand([6, 4]), rand([6]).mul(3).floor().to('int32')];
};
const batches = (n: number): (readonly Value[])[] => Array.from({ length: n }, (_, i) => batch(i));

const optimizers: [string, (parameters: Value[]) => optim.Optimizer][] = [
  ['SGD', (p) => new optim.SGD(p, { lr: 0.1 })],
  ['SGD with momentum', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 })],
  ['SGD with dampening', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.5, maximize: true })],
  ['Adam', (p) => new optim.Adam(p, { lr: 0.01 })],
  ['AMSGrad', (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.1 })],
];

describe('a training step', () => {
  test.each(optimizers)('with %s', (_, make) => {
    const compiled = sameAsEager(() => {
      const model = new nn.MLP([4, 5, 3]);
      const optimizer = make(model.parameters());
      const step = (x: Value, y: Value): Value => {
        const loss = crossEntropy(model.forward(x), y);
        optimizer.zeroGrad();
        loss.backward();
        optimizer.step();
        return loss;
      };
      return { step, cells: () => model.parameters(), rest: () => optimizer.stateDict() };
    }, batches(5));
    expect(compiled.programs).toHaveLength(1);
  });

  test('that accumulates gradients: a program for no gradient, and one for some', () => {
    const compiled = sameAsEager(
      () => {
        const w = value([1, 2, 3, 4]);
        return { step: (x) => x.matmul(w).square().sum().backward(), cells: () => [w] };
      },
      batches(4).map(([x]) => [x!]),
    );
    expect(compiled.programs).toHaveLength(2);
  });

  test('in which a parameter gets a gradient now and then', () => {
    sameAsEager(() => {
      const [w, late] = [value([1, 2]), value([3, 4])];
      const optimizer = new optim.Adam([w, late], { lr: 0.1 });
      let k = 0;
      const loss = compile((x: Value, both: boolean) => {
        const y = both ? x.mul(late) : x;
        optimizer.zeroGrad();
        y.mul(w).sum().backward();
        optimizer.step();
        return y;
      });
      return { step: (x) => loss(x, k++ % 3 === 1), cells: () => [w, late], rest: () => optimizer.stateDict() };
    }, []);
    const [w, late] = [value([1, 2]), value([3, 4])];
    const optimizer = new optim.Adam([w, late], { lr: 0.1 });
    const step = compile((x: Value, both: boolean) => {
      optimizer.zeroGrad();
      (both ? x.mul(late).mul(w) : x.mul(w)).sum().backward();
      optimizer.step();
    });
    for (const both of [false, true, false, true]) step(constant([1, 1]), both);
    expect(optimizer.stateDict().parameters.map(({ step }) => step!.item())).toEqual([4, 2]);
    expect(step.programs).toHaveLength(2);
  });

  test('of two optimizers that play against each other', () => {
    sameAsEager(
      () => {
        const [generator, critic] = [new nn.MLP([2, 4, 2]), new nn.MLP([2, 4, 1])];
        const first = new optim.Adam(generator.parameters(), { lr: 0.01 });
        const second = new optim.SGD(critic.parameters(), { lr: 0.05, momentum: 0.5 });
        const step = (real: Value): Value[] => {
          const fake = generator.forward(rand([3, 2]));
          const judged = critic.forward(fake.detach()).mean().sub(critic.forward(real).mean());
          second.zeroGrad();
          judged.backward();
          second.step();
          const fooled = critic.forward(fake).mean().neg();
          first.zeroGrad();
          fooled.backward();
          first.step();
          return [judged, fooled];
        };
        return {
          step,
          cells: () => [...generator.parameters(), ...critic.parameters()],
          rest: () => [first.stateDict(), second.stateDict()],
        };
      },
      Array.from({ length: 3 }, () => [rand([3, 2])]),
    );
  });

  test('with two updates of the same parameters in one call', () => {
    sameAsEager(() => {
      const w = value([1, -2]);
      const optimizer = new optim.SGD([w], { lr: 0.1, momentum: 0.9 });
      const once = (x: Value): void => {
        optimizer.zeroGrad();
        w.mul(x).square().sum().backward();
        optimizer.step();
      };
      return { step: (x) => (once(x), once(x.add(w)), w.mul(1)), cells: () => [w], rest: () => optimizer.stateDict() };
    }, [[constant([1, 2])], [constant([3, 4])]]);
  });

  test('is traced once, though the optimizer makes its slots on the way', () => {
    const w = value([1, 2]);
    const optimizer = new optim.Adam([w]);
    let traces = 0;
    const step = compile(() => {
      traces++;
      w.grad = constant([1, 1]);
      optimizer.step();
    });
    step();
    step();
    expect(traces).toBe(1);
    expect(optimizer.stateDict().parameters[0]!['step']!.item()).toBe(2);
  });

  test('another learning rate is no other program, nor is another step', () => {
    const w = value([1, 2]);
    const optimizer = new optim.Adam([w], { lr: 0.1 });
    const step = compile(() => {
      optimizer.zeroGrad();
      w.square().sum().backward();
      optimizer.step();
    });
    const v = value([1, 2]);
    const other = new optim.Adam([v], { lr: 0.1 });
    for (let i = 0; i < 10; i++) {
      optimizer.lr = other.lr = 0.1 / (i + 1);
      step();
      other.zeroGrad();
      v.square().sum().backward();
      other.step();
      expect(w.toArray()).toEqual(v.toArray());
    }
    expect([step.programs.length, optimizer.steps]).toEqual([1, 10]);
  });

  test('goes on where a saved state stopped, eagerly or compiled', () => {
    const make = (): { w: Value; optimizer: optim.Adam; step: () => void } => {
      const w = value([1, 2]);
      const optimizer = new optim.Adam([w], { lr: 0.1 });
      const step = (): void => {
        optimizer.zeroGrad();
        w.square().sum().backward();
        optimizer.step();
      };
      return { w, optimizer, step };
    };
    const [a, b] = [make(), make()];
    const step = compile(a.step);
    step();
    step();
    const saved = a.optimizer.stateDict();
    const held = a.w.detach();
    a.step();
    step();
    b.w.assign(held);
    b.optimizer.loadStateDict(saved);
    b.step();
    b.step();
    expect(b.w.toArray()).toEqual(a.w.toArray());
    a.w.assign(held);
    a.optimizer.loadStateDict(saved);
    step();
    step();
    expect([a.w.toArray(), step.programs.length]).toEqual([b.w.toArray(), 1]);
    a.optimizer.loadStateDict(make().optimizer.stateDict());
    expect([a.optimizer.steps, a.optimizer.stateDict().parameters[0]!['expAvg']!.toArray()]).toEqual([0, [0, 0]]);
  });
});

describe('what is written', () => {
  test('is there after the call, and only then', () => {
    const w = value([1, 2], { label: 'w' });
    const seen: string[] = [];
    const f = compile((x: Value) => {
      w.assign(w.add(x));
      seen.push(String(w));
      return w.mul(10);
    });
    expect([f(1).toArray(), w.toArray(), f(1).toArray(), w.toArray()]).toEqual([[20, 30], [2, 3], [30, 40], [3, 4]]); // prettier-ignore
    expect(seen).toHaveLength(1);
    expect(f.explain(1)).toContain('w ← %');
  });

  test.each<[string, (w: Value, x: Value) => unknown]>([
    ['a number', (w) => (w.assign(7), w.mul(2))],
    ['a number, twice', (w) => (w.assign(7), w.assign(w.add(1)), w.add(0))],
    ['another dtype', (w, x) => w.assign(x.to('float32').mul(0.1))],
    ['what it was', (w) => w.assign(w)],
    ['another cell', (w, x) => (x.assign(w), w.assign(0), x.add(w))],
    ['a gradient', (w, x) => void (w.grad = x.mul(w))],
    ['no gradient', (w) => w.zeroGrad()],
    ['a gradient that is replaced', (w, x) => (w.mul(x).sum().backward(), (w.grad = w.grad!.mul(2)), w.grad)],
    ['a gradient read by another write', (w) => (w.square().sum().backward(), w.assign(w.grad!))],
    ['a gradient of what was written', (w, x) => (w.assign(w.mul(x)), w.square().sum().backward())],
    [
      'gradients from before and after',
      (w, x) => {
        const y = w.square().sum();
        w.assign(x);
        y.add(w.mul(x).sum()).backward();
      },
    ],
    [
      'the gradient of a gradient',
      (w) => {
        w.square().mul(w).sum().backward({ createGraph: true });
        const g = w.grad!;
        w.zeroGrad();
        g.sum().backward();
      },
    ],
  ])('%s', (_, write) => {
    sameAsEager(() => {
      const w = value([1, 2], { dtype: 'float64' });
      const x = value([3, 4]);
      return { step: () => write(w, x), cells: () => [w, x] };
    }, [[], [], []]);
  });

  test.each<[string, (w: Value, x: Value) => unknown]>([
    ['a number', (w) => w.assign(7)],
    ['its own square', (w) => w.assign(w.mul(w))],
    ['gradients', (w, x) => w.mul(x).backward()],
    [
      'gradients of a graph recorded before a write',
      (w, x) => {
        const y = w.mul(w);
        w.assign(x);
        y.backward();
        return w.mul(1);
      },
    ],
  ])('to scalars: %s', (_, write) => {
    sameAsEager(() => {
      const [w, x] = [value(3), value(0.5)];
      return { step: () => write(w, x), cells: () => [w, x] };
    }, [[], [], []]);
  });

  test('float to int32, and to bool, as assign casts', () => {
    sameAsEager(() => {
      const cells = [
        constant([1, 2], { dtype: 'int32' }),
        constant([true, false]),
        constant([1, 2], { dtype: 'float32' }),
      ];
      return { step: (x) => cells.forEach((c) => c.assign(x)), cells: () => cells };
    }, [[constant([1.7, -3e10])], [constant([NaN, 0])], [constant([-0, 0.1])]]);
  });

  test('to arguments: their content, and their gradients', () => {
    const f = (x: Value, y: Value): void => {
      x.mul(y).sum().backward();
      y.assign(y.add(1));
    };
    const run = (g: (x: Value, y: Value) => void): string => {
      const [x, y] = [value([1, 2]), constant([3, 4])];
      g(x, y);
      g(x, y);
      return contentsOf([x, y]);
    };
    const compiled = compile(f);
    expect(run(compiled as never)).toBe(run(f));
    expect(run(compiled as never)).toBe(run(f));
    expect(compiled.programs).toHaveLength(2);
    expect(() => compiled(value([1, 2]).mul(1), constant([3, 4]))).toThrow(/argument 0 of compile, which was computed/);
  });

  test('to one cell under two names', () => {
    const f = (x: Value, y: Value): void => {
      x.assign(y.add(1));
      x.mul(y).sum().backward();
    };
    const run = (g: typeof f): string => {
      const [a, b] = [value([1, 2]), value([3, 4])];
      g(a, b);
      g(a, a);
      g(b, b);
      g(b, a);
      return contentsOf([a, b]);
    };
    expect(run(compile(f) as never)).toBe(run(f));
    const captured = (g: (w: Value) => (x: Value) => void): string => {
      const [w, x] = [value([1, 2]), value([3, 4])];
      const step = g(w);
      [x, w, x, w].forEach((arg) => step(arg));
      return contentsOf([w, x]);
    };
    const step =
      (w: Value) =>
      (x: Value): void => {
        w.mul(x).sum().backward();
        x.assign(x.add(1));
      };
    expect(captured((w) => compile(step(w)) as never)).toBe(captured(step));
    const clearing =
      (w: Value) =>
      (x: Value): void => {
        w.assign(0);
        w.grad = x.add(1);
      };
    expect(captured((w) => compile(clearing(w)) as never)).toBe(captured(clearing));
  });

  test('flags of modules, too', () => {
    const model = new nn.MLP([2, 2]);
    const f = compile((x: Value) => {
      model.eval();
      return model.forward(x);
    });
    model.train();
    f(zeros([1, 2]));
    expect(model.training).toBe(false);
    model.train();
    f(zeros([1, 2]));
    expect([model.training, f.programs.length]).toEqual([false, 1]);
  });

  test('not what an error interrupts', () => {
    const w = value([1, 2]);
    const step = compile((x: Value, i: Value) => {
      w.mul(x).sum().backward();
      w.assign(w.add(1));
      return w.indexSelect(0, i);
    });
    const at = (i: number): Value => constant([i], { dtype: 'int32' });
    expect(() => step(1, at(5))).toThrow();
    expect(contentsOf([w])).toBe(contentsOf([value([1, 2])]));
    step(1, at(0));
    const before = contentsOf([w]);
    expect(() => step(1, at(5))).toThrow();
    expect(contentsOf([w])).toBe(before);
  });

  test('nothing while it is traced, whatever happens there', () => {
    const w = value([1, 2]);
    const failing = compile(() => {
      w.assign(0);
      w.mul(2).sum().backward();
      throw new Error('inside');
    });
    expect(() => failing()).toThrow('inside');
    expect(contentsOf([w])).toBe(contentsOf([value([1, 2])]));
    compile(() => w.assign(5)).explain();
    expect(w.toArray()).toEqual([1, 2]);
  });
});

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
