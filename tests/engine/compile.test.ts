/** compile: the same function, traced once; the same results, to the bit. State is the business of training.test.ts. */
import {
  compile,
  constant,
  detectAnomaly,
  grad,
  hessian,
  jvp,
  manualSeed,
  noGrad,
  OptionError,
  rand,
  randn,
  setDefaultDtype,
  ShapeError,
  trace,
  TraceError,
  value,
  valueAndGrad,
  vmap,
  zeros,
  type Value,
} from 'chainrule';

/** A function and how often its code has run. */
function counted<A extends unknown[], R>(f: (...args: A) => R): { f: (...args: A) => R; runs: () => number } {
  let runs = 0;
  return {
    f: (...args) => {
      runs++;
      return f(...args);
    },
    runs: () => runs,
  };
}

const cube = (x: Value): Value => x.mul(x).mul(x).sum();

describe('a function without state', () => {
  test('gives what it gives eagerly; its code runs once', () => {
    const { f, runs } = counted((x: Value, y: Value) => x.mul(y).add(1).sum());
    const compiled = compile(f);
    const xs = constant([1, 2, 3]);
    expect(compiled(xs, constant([4, 5, 6])).item()).toBe(35);
    expect(compiled(constant([0, 0, 0]), xs).item()).toBe(3);
    expect(runs()).toBe(1);
  });

  test('takes and gives trees', () => {
    const f = compile(({ a, b }: { a: Value; b: readonly [Value, Value] }) => ({
      sum: a.add(b[0]),
      pair: [b[1], 'text'],
    }));
    const { sum, pair } = f({ a: constant(1), b: [constant(2), constant([3])] });
    expect([sum.item(), (pair[0] as Value).toArray(), pair[1]]).toEqual([3, [3], 'text']);
    expect(f.programs).toHaveLength(1);
  });

  test('numbers are traced: another number is no other program', () => {
    const f = compile((x: Value, rate: Value) => x.mul(rate));
    expect([f(constant([1, 2]), 3), f(constant([1, 2]), -0)].map(String)).toEqual(
      [constant([3, 6]), constant([-0, -0])].map(String),
    );
    expect(f.programs).toHaveLength(1);
  });

  test('booleans, texts and objects choose the program', () => {
    const f = compile((x: Value, square: boolean, how: string) => (square ? x.mul(x) : how === 'neg' ? x.neg() : x));
    expect([f(3, true, ''), f(3, false, 'neg'), f(3, false, ''), f(2, true, '')].map((y) => y.item())).toEqual([
      9, -3, 3, 4,
    ]);
    expect(f.programs).toHaveLength(3);
  });

  test('results are Values of their own: not the argument, not the cell', () => {
    const w = value([1, 2]);
    const f = compile((x: Value) => [x, w]);
    const x = constant([5]);
    const [same, held] = f(x) as [Value, Value];
    x.assign(constant([6]));
    w.assign(constant([0, 0]));
    expect([same.toArray(), held.toArray()]).toEqual([[5], [1, 2]]);
  });

  test('other shapes, dtypes and structures are other programs, and the old ones stay', () => {
    const { f, runs } = counted((x: Value) => x.add(1));
    const compiled = compile(f);
    compiled(zeros([2]));
    compiled(zeros([3]));
    compiled(zeros([2], { dtype: 'float32' }));
    compiled(zeros([2]));
    expect([runs(), compiled.programs.length]).toEqual([3, 3]);
  });

  test('the default dtype is part of what a program is specific to', () => {
    const f = compile((x: Value) => x.add(constant([1, 2])));
    const i = constant([1, 2], { dtype: 'int32' });
    expect(f(i).dtype).toBe('float64');
    setDefaultDtype('float32');
    try {
      expect(f(i).dtype).toBe('float32');
    } finally {
      setDefaultDtype('float64');
    }
  });
});

describe('what is refused', () => {
  test.each([
    ['no function', () => compile(3 as never), TypeError, /must be a function/],
    [
      'an unknown option',
      () => compile((x: Value) => x, { thread: 2 } as never),
      OptionError,
      /unknown option "thread"/,
    ],
    ['a precision', () => compile((x: Value) => x, { precision: 'half' as never }), OptionError, /'default' or 'fast'/],
    ['threads', () => compile((x: Value) => x, { threads: 0 }), OptionError, /threads is a whole number ≥ 1, got 0/],
    [
      'a Promise',
      () => compile((x: Value) => Promise.resolve(x))(1),
      TypeError,
      /compile: the function returned a Promise/,
    ],
    ['a default dtype', () => compile((x: Value) => (setDefaultDtype('float32'), x))(1), TraceError, /Set it before/],
    ['a seed', () => compile((x: Value) => (manualSeed(1), x))(1), TraceError, /Seed before the call/],
  ])('%s', (_, run, error, message) => {
    expect(run).toThrow(error);
    expect(run).toThrow(message);
  });

  test('numbers of an argument, with what to do instead', () => {
    const f = compile((x: Value) => (x.sum().item() > 0 ? x : x.neg()));
    expect(() => f(zeros([2]))).toThrow(TraceError);
    expect(() => f(zeros([2]))).toThrow(/argument of compile.*where\(condition, a, b\)/s);
  });

  test('numbers of a cell from outside, by name; those that the function makes may be read', () => {
    const w = value([1, 2], { label: 'weights' });
    const readings: ((x: Value) => unknown)[] = [
      (x) => x.mul(w.sum().item()),
      (x) => x.mul(w.data[0]!),
      (x) => (w.toArray(), x),
      (x) => constant(w).add(x),
    ];
    for (const f of readings) expect(() => compile(f as never as (x: Value) => Value)(1)).toThrow(TraceError);
    expect(() => compile((x: Value) => x.mul(w.data[0]!))(1)).toThrow(/the cell weights from outside compile/);
    expect(compile((x: Value) => x.mul(constant(2).mul(3).item()))(1).item()).toBe(6);
  });

  test('printing is harmless', () => {
    const w = value([1, 2], { label: 'w' });
    let said = '';
    compile((x: Value) => {
      said = `${String(x)} ${String(w)} ${String(w.mul(x))}`;
      return x;
    })(1);
    expect(said).toMatch(/^Value\(\[\] float64, traced by compile\) Value\(w \[2\] float64/);
  });

  test('Values that are kept beyond the call', () => {
    let kept: Value | undefined;
    compile((x: Value) => (kept = x.mul(2)))(1);
    expect(() => kept!.add(1)).toThrow(/belongs to a compile that has returned/);
    expect(() => compile((x: Value) => x.add(1))(kept!)).toThrow(TraceError);
  });

  test('an error leaves nothing behind', () => {
    const f = compile((x: Value, y: Value) => x.matmul(y));
    expect(() => f(zeros([2, 3]), zeros([2, 3]))).toThrow(ShapeError);
    expect([f.programs.length, f(zeros([2, 3]), zeros([3, 1])).shape]).toEqual([0, [2, 1]]);
  });
});

describe('captured Values', () => {
  test('cells are read anew at each call; other Values are constants', () => {
    const w = value([1, 2]);
    const scalar = constant(3);
    const fixed = w.mul(10);
    const f = compile((x: Value) => w.mul(x).mul(scalar).add(fixed));
    expect(f(1).toArray()).toEqual([13, 26]);
    w.assign(constant([0, 1]));
    scalar.assign(2);
    expect(f(1).toArray()).toEqual([10, 22]);
    expect(f.programs).toHaveLength(1);
  });

  test('also where no argument is involved, and inside nested functions', () => {
    const w = value([1, 2, 3]);
    const alone = compile(() => w.mul(2).sum());
    const nested = compile((x: Value) => vmap((row: Value) => row.mul(w).sum())(x));
    const slope = compile(() => grad(cube)(w));
    const rows = constant([[1, 1, 1], [0, 1, 0]]); // prettier-ignore
    expect([alone().item(), nested(rows).toArray(), slope().toArray()]).toEqual([12, [6, 2], [3, 12, 27]]);
    w.assign(constant([1, 1, 1]));
    expect([alone().item(), nested(rows).toArray(), slope().toArray()]).toEqual([6, [3, 1], [3, 3, 3]]);
  });

  test('a leaf that the function makes and keeps is read anew from then on', () => {
    let cache: Value | undefined;
    const f = compile((x: Value) => x.add((cache ??= constant([1, 1]))));
    expect(f(0).toArray()).toEqual([1, 1]);
    cache!.assign(constant([5, 6]));
    expect([f(0).toArray(), f(1).toArray()]).toEqual([[5, 6], [6, 7]]); // prettier-ignore
    cache!.assign(constant([0, 0]));
    expect(f(1).toArray()).toEqual([1, 1]);
    expect(f.programs).toHaveLength(2);
  });

  test('requiresGrad of a cell is part of what a program is specific to', () => {
    const w = value([1, 2]);
    const f = compile((x: Value) => w.mul(x));
    expect(f(1).requiresGrad).toBe(true);
    w.requiresGrad = false;
    expect(f(1).requiresGrad).toBe(false);
    w.requiresGrad = true;
    expect(f(1).requiresGrad).toBe(true);
    expect(f.programs).toHaveLength(2);
  });
});

describe('gradients through a compiled function', () => {
  const w = value([2, 3]);
  const f = (x: Value): Value => x.mul(w).tanh().sum();
  const compiled = compile(f);

  test('reach arguments and captured cells, by one node of the graph', () => {
    const run = (g: (x: Value) => Value): unknown[] => {
      const x = value([0.1, 0.2]);
      w.zeroGrad();
      const y = g(x);
      y.mul(2).backward();
      return [y.item(), x.grad!.toArray(), w.grad!.toArray()];
    };
    expect(run(compiled)).toEqual(run(f));
    expect(compiled(value([0.1, 0.2])).op).toBe('call');
  });

  test('are those at the point where it ran', () => {
    const x = value([0.1, 0.2]);
    const [y, z] = [compiled(x), f(x)];
    const before = w.detach();
    w.assign(constant([7, 7]));
    x.assign(constant([1, 1]));
    y.backward();
    const first = x.grad!.toArray();
    x.zeroGrad();
    z.backward();
    expect(first).toEqual(x.grad!.toArray());
    w.assign(before);
  });

  test.each<[string, (f: (x: Value) => Value) => (x: Value) => unknown]>([
    ['grad', (f) => grad(f)],
    ['grad of grad', (f) => grad((x: Value) => grad(f)(x).sum())],
    ['valueAndGrad', (f) => valueAndGrad(f)],
    ['hessian', (f) => hessian(f)],
    [
      'jvp',
      (f) =>
        (x): unknown =>
          jvp(f, [x], [constant([1, -1])]),
    ],
    [
      'vmap',
      (f) =>
        (x): unknown =>
          vmap(f)(x.unsqueeze(0)),
    ],
    [
      'vmap of grad',
      (f) =>
        (x): unknown =>
          vmap(grad(f))(x.unsqueeze(0)),
    ],
  ])('%s of it, and it compiled of that', (_, transform) => {
    const x = constant([0.3, -0.4]);
    const want = JSON.stringify(transform(f)(x));
    expect(JSON.stringify(transform(compile(f))(x))).toBe(want);
    const whole = compile(transform(f) as (x: Value) => Value);
    expect(JSON.stringify(whole(x))).toBe(want);
    expect(JSON.stringify(whole(x))).toBe(want);
    expect(JSON.stringify(compile(transform(compile(f)) as (x: Value) => Value)(x))).toBe(want);
  });

  test('only results that depend on what requires them require them', () => {
    const g = compile((x: Value) => [x.mul(2), x.detach(), noGrad(() => x.mul(3)), x.argmax()]);
    expect(g(value([1, 2])).map((y) => y.requiresGrad)).toEqual([true, false, false, false]);
    expect(g(constant([1, 2])).map((y) => y.requiresGrad)).toEqual([false, false, false, false]);
    expect(noGrad(() => g(value([1, 2]))).map((y) => y.requiresGrad)).toEqual([false, false, false, false]);
  });
});

describe('random numbers', () => {
  const noisy = (x: Value): Value => {
    rand([3]);
    return x.mul(rand([2]).gt(0.5)).add(randn([2]));
  };

  test.each<[string, () => Value]>([
    ['', () => constant([1, 2])],
    ['with gradients', () => value([1, 2])],
  ])('are those of the eager run, also when some are not used; each call draws the next %s', (_, make) => {
    const draws = (f: (x: Value) => Value): string => {
      manualSeed(5);
      return JSON.stringify([f(make()), rand([1]), f(make()), f(make()), rand([1])]);
    };
    expect(draws(compile(noisy))).toBe(draws(noisy));
  });

  test('derivatives see the numbers of the run', () => {
    const run = (f: (x: Value) => Value): string => {
      manualSeed(5);
      const x = value([1, 2]);
      f(x).sum().backward();
      return JSON.stringify([x.grad, rand([1])]);
    };
    expect(run(compile(noisy))).toBe(run(noisy));
  });

  test('an error gives them back', () => {
    const f = compile((x: Value, i: Value) => rand([4]).mul(x).indexSelect(0, i));
    const bad = constant([9], { dtype: 'int32' });
    manualSeed(1);
    const first = rand([4]).toArray();
    manualSeed(1);
    expect(() => f(1, bad)).toThrow();
    expect(rand([4]).toArray()).toEqual(first);
  });
});

describe('inside other things', () => {
  test('a trace inlines it: its ops are the ops of the program', () => {
    const inner = compile((x: Value) => x.mul(2));
    expect(String(trace((x: Value) => inner(x).add(1), 1))).toMatch(/= mul .*\n.*= add/);
    const outer = compile((x: Value) => inner(inner(x)));
    expect([outer(3).item(), inner.programs.length]).toEqual([12, 0]);
  });

  test('detectAnomaly sees every op', () => {
    const f = compile((x: Value) => x.sub(1).log());
    expect(f(0.5).item()).toBeNaN();
    expect(() => detectAnomaly(() => f(0.5))).toThrow(/NaN at element 0 of log/);
  });

  test('a function that captures what another trace stands for is part of that trace', () => {
    const f = (x: Value): Value => vmap((row: Value) => compile(() => row.mul(2))())(x);
    expect(f(constant([1, 2])).toArray()).toEqual([2, 4]);
  });
});

describe('programs', () => {
  test('can be looked at, and forgotten', () => {
    const f = compile((x: Value) => x.mul(2).named('twice'));
    expect(f.explain(constant([1]))).toMatch(/program \(%0 float64\[1\]\) \{\n {2}%1:twice float64\[1\]|mul/);
    f(constant([1]));
    expect(f.programs).toHaveLength(1);
    expect(f.programs[0]!.stats().instructions).toBe(1);
    f.dispose();
    expect([f.programs.length, f(constant([4])).toArray()]).toEqual([0, [8]]);
  });

  test('are bounded in number', () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    const f = compile((x: Value) => x.sum());
    for (let n = 1; n <= 40; n++) expect(f(zeros([n]).add(1)).item()).toBe(n);
    expect(f.programs.length).toBeLessThanOrEqual(32);
    warn.mockRestore();
  });

  test.each<[string, RegExp, () => void]>([
    [
      'shape',
      /rows has been compiled 9 times.*the shape of argument 0\.x\[1\] was \[8\], then \[9\]/,
      () => {
        const rows = compile(function rows({ x }: { x: Value[] }) {
          return x[1]!.sum();
        });
        for (let n = 1; n < 15; n++) rows({ x: [zeros([1]), zeros([n])] });
      },
    ],
    [
      'static argument',
      /a function has been compiled 9 times.*other values beside Values and numbers/,
      () => {
        const f = compile((x: Value, how: string) => (how === '' ? x : x.neg()));
        for (let n = 1; n < 15; n++) f(1, String(n));
      },
    ],
  ])('many of them are pointed out once, with the cause: a changing %s', (_, message, run) => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    run();
    expect(warn.mock.calls).toEqual([[expect.stringMatching(message)]]);
    warn.mockRestore();
  });
});
