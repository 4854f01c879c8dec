import { TraceError, constant, grad, jvp, trace, value, vmap, vjp, zeros, type Value } from 'chainrule';

/** What a user may do with a Value that has no numbers. */
const readings: [string, (x: Value) => unknown][] = [
  ['item()', (x) => x.sum().item()],
  ['data', (x) => x.data.length],
  ['toArray()', (x) => x.toArray()],
  ['JSON', (x): string => JSON.stringify(x)],
];

describe.each([
  ['vmap', (f: (x: Value) => Value): unknown => vmap(f)(zeros([2, 3])) as unknown],
  ['trace', (f: (x: Value) => Value): unknown => trace(f, zeros([3]))],
])('inside %s', (by, run) => {
  test.each(readings)('reading the numbers by %s is a TraceError that says what to do', (_, read) => {
    const reading = (): unknown => run((x) => (read(x), x));
    expect(reading).toThrow(TraceError);
    expect(reading).toThrow(new RegExp(`argument of ${by} and has no numbers.*where\\(condition, a, b\\)`, 's'));
  });

  test('a branch on data is refused, not frozen', () => {
    expect(() => run((x) => (x.sum().item() > 0 ? x : x.neg()))).toThrow(TraceError);
  });

  test('shapes and dtypes may be read, and printed', () => {
    let said = '';
    run((x) => {
      said = `${x.shape.join()} ${x.dtype} ${String(x)}`;
      return x;
    });
    expect(said).toMatch(new RegExp(`^3 float64 Value\\(\\[3\\] float64, traced by ${by}`));
  });

  test('a Value kept beyond it can no longer be used', () => {
    let kept: Value | undefined;
    run((x) => (kept = x));
    expect(() => kept!.add(1)).toThrow(new RegExp(`belongs to a ${by} that has returned`));
    expect(() => kept!.mul(value(1))).toThrow(TraceError);
  });

  test('an error inside leaves nothing behind', () => {
    expect(() => run((x) => x.reshape([7]))).toThrow(/reshape/);
    expect(value(1).add(2).item()).toBe(3);
  });
});

describe('vmap traces its function once for many examples, so that it cannot write into cells', () => {
  test.each<[string, (w: Value, x: Value) => unknown]>([
    ['backward of what is traced', (w, x) => x.sum().mul(w).backward()],
    ['backward of what is not', (w) => w.mul(2).backward()],
    ['assign', (w, x) => w.assign(x.sum())],
    ['assign of a number', (w) => w.assign(1)],
    ['zeroGrad', (w) => w.zeroGrad()],
  ])('%s', (_, write) => {
    const w = value(2);
    const run = (): unknown => vmap((x: Value) => (write(w, x), x))(zeros([2, 3]));
    expect(run).toThrow(TraceError);
    expect(run).toThrow(/write.*(grad\(f\)|after the call)/s);
    expect([w.grad, w.item()]).toEqual([null, 2]);
  });

  test('leaves that it makes itself are its own', () => {
    const f = (x: Value): Value => x.add(value(1).assign(5));
    expect(vmap(f)(value([1, 2])).toArray()).toEqual([6, 7]);
  });
});

test('grad, vjp and jvp run on numbers: branches and readings are fine', () => {
  const f = (x: Value): Value => (x.item() > 0 ? x.mul(2) : x.mul(3));
  const slope = (at: number): number => grad(f)(at).item();
  expect([slope(1), slope(-1)]).toEqual([2, 3]);
  expect(jvp(f, [1], [1])[1].item()).toBe(2);
});

describe('promises are refused', () => {
  const slow = (x: Value): Promise<Value> => Promise.resolve(x);
  test.each([
    ['grad', (): unknown => grad(slow)(1) as unknown],
    ['vjp', () => vjp(slow, 1)],
    ['jvp', () => jvp(slow, [1], [1])],
    ['vmap', (): unknown => vmap(slow)(zeros([2])) as unknown],
    ['trace', () => trace(slow, 1)],
  ])('by %s', (_, run) => {
    expect(run).toThrow(TypeError);
    expect(run).toThrow(/Promise/);
  });
});

test('operands that are no operands', () => {
  expect(() => value(1).add('2' as never)).toThrow(
    /add: an operand must be a Value, a number or a boolean, got string/,
  );
  expect(() => value(1).add([1] as never)).toThrow(/got an array.*value\(…\) or constant\(…\)/);
  expect(() => value(1).mul(null as never)).toThrow(/got null/);
  expect(() => value(1).mul(undefined as never)).toThrow(/got undefined/);
  expect(() => value(1).mul(new Date() as never)).toThrow(/got a Date/);
  expect(constant(2).mul(true).item()).toBe(2);
});

test('a long function with a constant in every step is traced in linear time', () => {
  const n = 100_000;
  const f = (x: Value): Value => {
    let y = x;
    for (let i = 0; i < n; i++) y = y.add(1);
    return y;
  };
  // Seconds; a minute and more if every constant were looked for among all before it.
  expect(trace(f, 0).instructions).toHaveLength(n);
  expect(vmap(f)(value([0, 1])).toArray()).toEqual([n, n + 1]);
});
