import {
  allClose,
  grad,
  jvp,
  rand,
  scan,
  trace,
  interpret,
  value,
  vmap,
  zeros,
  constant,
  OptionError,
  ShapeError,
  type Value,
} from 'chainrule';
import { arbitraryValue, checkGradients } from 'chainrule/testing';

type Step = (carry: Value, x: Value) => [Value, Value];

const step: Step = (h, x) => {
  const next = h.mul(0.5).add(x).tanh();
  return [next, next.square()];
};

function unrolled(f: Step, init: Value, xs: Value): [Value, Value[]] {
  let carry = init;
  const ys: Value[] = [];
  for (let i = 0; i < xs.shape[0]!; i++) {
    const [next, y] = f(carry, xs.slice(i));
    carry = next;
    ys.push(y);
  }
  return [carry, ys];
}

const run = (f: Step, init: unknown, xs: unknown): [Value, Value] => scan(f, init, xs) as [Value, Value];

test('is the loop, bit for bit', () => {
  const [h, xs] = [value([0.1, 0.2]), value([[1, 2], [3, -4], [0.5, 6]])]; // prettier-ignore
  const [last, ys] = run(step, h, xs);
  const [wanted, each] = unrolled(step, h, xs);
  expect(last.data).toEqual(wanted.data);
  expect(ys.toArray()).toEqual(each.map((y) => y.toArray()));
});

test('running sums; backwards; trees; a number of steps; no ys', () => {
  const sum = (s: Value, x: Value): [Value, Value] => [s.add(x), s.add(x)];
  expect(run(sum, 0, value([1, 2, 3])).map((y) => y.toArray())).toEqual([6, [1, 3, 6]]);
  expect((scan(sum, 0, value([1, 2, 3]), { reverse: true }) as Value[]).map((y) => y.toArray())).toEqual([
    6,
    [6, 5, 3],
  ]);
  const fibonacci = ({ a, b }: { a: Value; b: Value }): unknown => [{ a: b, b: a.add(b) }, a];
  const [carry, ys] = scan(fibonacci, { a: 0, b: 1 }, null, { length: 7 }) as [{ a: Value }, Value];
  expect([carry.a.item(), ys.toArray()]).toEqual([13, [0, 1, 1, 2, 3, 5, 8]]);
  expect((scan((c: Value, x: Value) => [c.mul(x), null], 1, value([2, 3])) as [Value, unknown])[0].item()).toBe(6);
});

test('no steps at all', () => {
  const [last, ys] = run(step, value([1, 2]), zeros([0, 2]));
  expect([last.toArray(), ys.shape]).toEqual([[1, 2], [0, 2]]); // prettier-ignore
});

test('derivatives of both orders in both modes, of carry, sequence and what is captured', () => {
  const inputs = [arbitraryValue({ shape: [2] }), arbitraryValue({ shape: [3, 2] }), arbitraryValue({ shape: [2] })];
  checkGradients((h: Value, xs: Value, w: Value) => scan((c: Value, x: Value) => step(c.mul(w), x), h, xs), inputs, {
    numRuns: 5,
    seed: 1,
  });
});

test('gradients are those of the loop', () => {
  const [h, xs] = [value([0.1, 0.2]), value([[1, 2], [3, -4]])]; // prettier-ignore
  const byScan = grad((y: Value) => run(step, h, y)[1].sum())(xs);
  const byLoop = grad((y: Value) =>
    unrolled(step, h, y)[1]
      .reduce((a, b) => a.add(b))
      .sum(),
  )(xs);
  expect(byScan.toArray()).toEqual(byLoop.toArray());
});

test('vmap of scan is scan of each; scan of vmap likewise', () => {
  const xs = value([[1, 2, 3], [4, 5, -6]]); // prettier-ignore
  const last = (row: Value): Value => run(step, 0.3, row)[0];
  const wanted = [last(xs.slice(0)).item(), last(xs.slice(1)).item()];
  expect(vmap(last)(xs).toArray()).toEqual(wanted);
  const batched = scan(
    (c: Value, x: Value) => vmap(step)(c, x) as unknown,
    value([0.3, 0.3]),
    xs.permute([1, 0]),
  ) as Value[];
  expect(batched[0]!.toArray()).toEqual(wanted);
  const [, t] = jvp(vmap(last), [xs], [xs]) as [Value, Value];
  expect(t.shape).toEqual([2]);
});

test('traced, it is one instruction; interpreted, the same bits', () => {
  const f = (xs: Value): Value => run(step, 0.3, xs)[0];
  const xs = value([1, 2, 3]);
  const program = trace(f, xs);
  expect(program.instructions.filter(({ primitive }) => primitive.name === 'scan')).toHaveLength(1);
  expect(interpret(program, [xs])[0]!.item()).toBe(f(xs).item());
});

test('each step draws random numbers of its own, and derivatives see the same ones', () => {
  const xs = value([1, 2, 3]);
  const [, ys] = scan((c: Value, x: Value) => [c, x.mul(rand([]))], value(0), xs);
  ys.sum().backward();
  expect(allClose(xs.grad!, ys.div(xs))).toBe(true);
  expect(new Set(xs.grad!.data).size).toBe(3);
  const batch = vmap((k: Value) => scan((c: Value) => [c.add(rand([])), null], k, null, { length: 2 })[0])(zeros([4]));
  expect(new Set(batch.data).size).toBe(4);
  expect(scan((c: Value) => [c.add(rand([])), null], value(5), null, { length: 0 })[0].item()).toBe(5);
});

test('a long one', () => {
  const n = 2000;
  const f = (x: Value): Value => run((c, y) => [c.mul(y), c], 1, x.mul(constant(new Float64Array(n).fill(1))))[0];
  expect(grad((x: Value) => f(x.broadcastTo([n]) as Value))(1).item()).toBe(n);
});

test('what cannot be is refused', () => {
  expect(() => run((c) => [c.reshape([1]), c] as [Value, Value], 0, value([1]))).toThrow(ShapeError);
  expect(() => run((c) => [c.to('float32'), c], value(0), value([1]))).toThrow(
    /carry must keep.*float64 became.*float32/,
  );
  expect(() => scan((c: Value) => c, 0, value([1]))).toThrow(/must return \[carry, y\]/);
  expect(() => scan((c: Value) => Promise.resolve([c, c]) as never, 0, value([1]))).toThrow(/returned a Promise/);
  expect(() => scan(step, 0, null)).toThrow(OptionError);
  expect(() => scan((c: Value, [x, y]: Value[]) => [c.add(x!).add(y!), null], 0, [value([1]), value([1, 2])])).toThrow(
    /sequences have 1 and 2 steps/,
  );
  expect(() => scan(step, 0, value([1]), { backwards: true } as object)).toThrow(/unknown option/);
});
