import { ChainruleError, constant, noGrad, value, zeros, type Value } from 'chainrule';

const numbers = (...xs: Value[]): unknown[] => xs.map((x) => x.grad?.toArray() ?? null);

describe('gradients', () => {
  test('of e = (a + b)·(b + 1)', () => {
    const [a, b] = [value(2), value(1)];
    const e = a.add(b).mul(b.add(1));
    expect(e.item()).toBe(6);
    e.backward();
    expect(numbers(a, b)).toEqual([2, 5]);
  });

  test('an operand used twice gets both cotangents', () => {
    const a = value(3);
    a.add(a).backward();
    expect(a.grad!.item()).toBe(2);
    const y = a.mul(a);
    expect(y.inputs).toEqual([a, a]);
  });

  test('of tensors, broadcast ones summed', () => {
    const x = value([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
    const b = value([10, 20, 30]);
    x.mul(b).sum().backward();
    expect(numbers(x, b)).toEqual([[[10, 20, 30], [10, 20, 30]], [5, 7, 9]]); // prettier-ignore
  });

  test('start from a given cotangent', () => {
    const x = value([1, 2]);
    x.mul(3).backward({ gradient: constant([1, 10]) });
    expect(x.grad!.toArray()).toEqual([3, 30]);
    expect(() => x.mul(3).backward({ gradient: constant([1, 2, 3]) })).toThrow(/expected shape \[2\], got \[3\]/);
  });

  test('of a leaf itself', () => {
    const x = value(5);
    x.backward();
    expect(x.grad!.item()).toBe(1);
  });

  test('reach leaves only, unless an intermediate result retains its own', () => {
    const x = value(2);
    const y = x.mul(3).retainGrad();
    const z = y.mul(y);
    z.backward();
    expect([x.grad!.item(), y.grad!.item(), z.grad]).toEqual([36, 12, null]);
  });

  test('retaining twice is retaining', () => {
    const y = value(2).mul(3).retainGrad().retainGrad();
    y.mul(y).backward();
    expect(y.grad!.item()).toBe(12);
  });

  test('skip what does not require them', () => {
    const [x, c] = [value(2), constant(3)];
    x.mul(c).backward();
    expect([x.grad!.item(), c.grad]).toEqual([3, null]);
    expect(c.mul(c).inputs).toEqual([]);
  });
});

describe('accumulating', () => {
  test('repeated backward adds up; reading consumes nothing', () => {
    const x = value(3);
    const y = x.mul(x);
    y.backward();
    y.backward();
    expect(x.grad!.item()).toBe(12);
    x.zeroGrad();
    expect(x.grad).toBeNull();
    y.backward();
    expect(x.grad!.item()).toBe(6);
  });

  test('an earlier gradient that someone kept stays as it was', () => {
    const x = value([1, 2]);
    x.mul(2).sum().backward();
    const kept = x.grad!;
    x.mul(5).sum().backward();
    expect([kept.toArray(), x.grad!.toArray()]).toEqual([[2, 2], [7, 7]]); // prettier-ignore
  });

  test('two losses that share a part', () => {
    const x = value(2);
    const shared = x.mul(x);
    shared.mul(3).backward();
    shared.add(1).backward();
    expect(x.grad!.item()).toBe(16);
  });
});

describe('gradients of gradients', () => {
  test('createGraph records them', () => {
    const x = value(2);
    x.mul(x).mul(x).backward({ createGraph: true });
    const first = x.grad!;
    expect(first.requiresGrad).toBe(true);
    x.zeroGrad();
    first.backward();
    expect(x.grad!.item()).toBe(12);
  });

  test('without it they are constants', () => {
    const x = value(2);
    x.mul(x).backward();
    expect(x.grad!.requiresGrad).toBe(false);
  });
});

describe('noGrad', () => {
  test('records nothing inside, and everything after', () => {
    const x = value(2);
    const y = noGrad(() => x.mul(x));
    expect([y.requiresGrad, y.inputs.length]).toEqual([false, 0]);
    expect(x.mul(x).requiresGrad).toBe(true);
  });

  test('is undone by an exception too', () => {
    expect(() =>
      noGrad(() => {
        throw new Error('inside');
      }),
    ).toThrow('inside');
    expect(value(1).mul(2).requiresGrad).toBe(true);
  });

  test('refuses a promise: the state could not be restored in time', () => {
    expect(() => noGrad(() => Promise.resolve(1))).toThrow(/returned a Promise.*must be synchronous/);
  });

  test('parameters can be updated under it', () => {
    const w = value(1);
    w.mul(w).backward();
    noGrad(() => w.assign(w.sub(w.grad!.mul(0.1))));
    expect([w.item(), w.requiresGrad]).toEqual([0.8, true]);
  });
});

describe('hooks', () => {
  test('see the whole cotangent of an intermediate result or leaf, and may replace it', () => {
    const seen: number[] = [];
    const x = value(2);
    const y = x.mul(3);
    y.onGrad((g) => void seen.push(g.item()));
    const remove = x.onGrad((g) => g.mul(10));
    y.add(y).backward();
    expect([seen, x.grad!.item()]).toEqual([[2], 60]);
    remove();
    y.backward();
    expect(x.grad!.item()).toBe(63);
  });

  test('one that removes itself does not hide the next; null lets the cotangent pass', () => {
    const seen: string[] = [];
    const y = value(2).mul(3);
    const remove = y.onGrad(() => {
      seen.push('first');
      remove();
      return null;
    });
    y.onGrad(() => void seen.push('second'));
    y.backward();
    y.backward();
    expect(seen).toEqual(['first', 'second', 'second']);
  });

  test('must return Values', () => {
    const y = value(2).mul(3);
    y.onGrad(() => 5 as never);
    expect(() => y.backward()).toThrow(/onGrad: the hook must return a Value.*got number/);
  });

  test('must keep the shape, and be functions', () => {
    const x = value([1, 2]);
    x.onGrad(() => zeros([3]));
    expect(() => x.sum().backward()).toThrow(/onGrad: expected shape \[2\], got \[3\]/);
    expect(() => x.onGrad(3 as never)).toThrow(TypeError);
  });
});

describe('refusals', () => {
  test('backward of what depends on nothing that requires a gradient', () => {
    expect(() => constant(1).mul(2).backward()).toThrow(ChainruleError);
    expect(() => constant(1).backward()).toThrow(/nothing that it was computed from requires a gradient/);
  });

  test('backward of a tensor without a cotangent', () => {
    expect(() => value([1, 2]).mul(2).backward()).toThrow(/shape \[2\].*starts from a scalar.*\n.*sum\(\)/);
  });

  test('a cotangent that is no Value or number, or is no option', () => {
    const y = value([1, 2]).mul(2);
    expect(() => y.backward({ gradient: [1, 1] as never })).toThrow(
      /gradient must be a Value or a number, got an array/,
    );
    expect(() => y.backward(zeros([2]) as never)).toThrow(/y\.backward\(\{ gradient: g \}\)/);
  });

  test('unknown options', () => {
    expect(() => value(1).backward({ retainGraph: true } as object)).toThrow(/unknown option "retainGraph"/);
  });

  test('requiresGrad of results and of integers', () => {
    const y = value(1).mul(2);
    expect(() => (y.requiresGrad = false)).toThrow(/leaves only.*\n.*detach/);
    const i = constant([1], { dtype: 'int32' });
    expect(() => (i.requiresGrad = true)).toThrow(/int32 has no derivatives/);
  });
});

describe('deep and wide graphs', () => {
  test('a chain of a million nodes', () => {
    const x = value(1);
    let y: Value = x;
    for (let i = 0; i < 1_000_000; i++) y = y.add(1);
    y.backward();
    expect([y.item(), x.grad!.item()]).toEqual([1_000_001, 1]);
  });

  test('a value used a hundred thousand times', () => {
    const x = value(2);
    let sum: Value = x.mul(0);
    for (let i = 0; i < 100_000; i++) sum = sum.add(x);
    sum.backward();
    expect(x.grad!.item()).toBe(100_000);
  });

  test('exponentially many paths, linear time', () => {
    const x = value(1);
    let y: Value = x;
    for (let i = 0; i < 60; i++) y = y.add(y);
    y.backward();
    expect(x.grad!.item()).toBe(2 ** 60);
  });
});
