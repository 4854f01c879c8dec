/** Compiled functions with state: after each call everything is, to the bit, as the eager run leaves it. */
import { compile, constant, manualSeed, rand, value, zeros, type Value } from 'chainrule';
import { crossEntropy } from 'chainrule/losses';
import * as nn from 'chainrule/nn';
import * as optim from 'chainrule/optim';
import { contentsOf, sameAsEager } from './same-as-eager.ts';

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
