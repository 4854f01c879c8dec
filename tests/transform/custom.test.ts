/** Functions with rules of the user's own: customGradient, checkpoint, defineOp; and detectAnomaly. */
import {
  AnomalyError,
  checkpoint,
  constant,
  customGradient,
  defineOp,
  detectAnomaly,
  grad,
  interpret,
  jvp,
  noGrad,
  rand,
  scan,
  trace,
  value,
  vmap,
  type Value,
} from 'chainrule';
import { arbitraryValue, checkGradients, checkOp } from 'chainrule/testing';

describe('customGradient', () => {
  const cube = customGradient(
    (x: Value) => x.mul(x).mul(x),
    (g: Value, _y: Value, x: Value) => [g.mul(x).mul(x).mul(3)],
  ) as (x: Value) => Value;

  test('right rules pass every check, to the third order', () => {
    checkGradients(cube, [arbitraryValue({ shapes: [[], [2]] })], { order: 3, numRuns: 5, seed: 1 });
  });

  test('the rule is what is used, in both modes, under vmap too', () => {
    const clipped = customGradient(
      (x: Value) => x.clone(),
      (g: Value) => [g.clamp(-1, 1)],
    ) as (x: Value) => Value;
    expect(grad((x: Value) => clipped(x).mul(100).sum())(value([1, 2])).toArray()).toEqual([1, 1]);
    const doubled = customGradient(
      (x: Value) => x.clone(),
      (g: Value) => [g.mul(2)],
    ) as (x: Value) => Value;
    expect(jvp(doubled, [value([1, 2])], [value([1, 10])])[1].toArray()).toEqual([2, 20]);
    expect(vmap(grad((x: Value) => doubled(x).sum()))(value([[1, 2]])).toArray()).toEqual([[2, 2]]);
  });

  test('several arguments and results; null for no gradient', () => {
    const f = customGradient(
      (x: Value, y: Value) => [x.mul(y), x.add(y)],
      ([p, s]: Value[], _: Value[], x: Value, y: Value) => [p!.mul(y).add(s!), p!.mul(x).add(s!)],
    ) as (x: Value, y: Value) => Value[];
    checkGradients(f, [value([1, 2]), value([3, 4])]);
    const half = customGradient(
      (x: Value, y: Value) => x.mul(y),
      (g: Value, _: Value, __: Value, y: Value) => [g.mul(y), null],
    ) as (x: Value, y: Value) => Value;
    expect((grad(half, { argnums: [0, 1] })(2, 3) as Value[]).map((g) => g.item())).toEqual([3, 0]);
  });

  test('cotangents of the wrong number or shape are refused', () => {
    const wrong = (pull: (g: Value) => (Value | null)[]) => (): unknown =>
      grad((x: Value) => customGradient((y: Value) => y.mul(2), pull)(x).sum())(value([1, 2]));
    expect(wrong((g) => [g, g])).toThrow(/one cotangent for each of 1 arguments/);
    expect(wrong((g) => [g.sum()])).toThrow(/expected shape \[2\], got \[\]/);
    expect(wrong((g) => g as never)).toThrow(/one cotangent for each of 1 arguments, got a Value/);
    expect(wrong(() => ['g'] as never)).toThrow(/cotangent of argument 0 has 0 leaves, the argument has 1/);
    expect(() => customGradient((x: Value) => x, undefined as never)).toThrow(/the pullback must be a function/);
    const later = customGradient(
      (x: Value) => Promise.resolve(x),
      (g: unknown) => [g as Value],
    ) as (x: number) => unknown;
    expect(() => later(1)).toThrow(/returned a Promise/);
  });

  test('cotangents have the structure of the arguments; null stands for a whole one', () => {
    const f = customGradient(
      (p: { a: Value; b: Value }, _q: { c: Value[] }) => ({ y: p.a.mul(p.b) }),
      (g: { y: Value }, _y: unknown, p: { a: Value; b: Value }) => [{ a: g.y.mul(p.b), b: g.y.mul(p.a) }, null],
    );
    const loss = (p: { a: Value; b: Value }, q: { c: Value[] }): Value => f(p, q).y;
    const [p, q] = grad(loss, { argnums: [0, 1] })({ a: 2, b: 3 }, { c: [4, 5] });
    expect([p.a.item(), p.b.item(), ...q.c.map((c) => c.item())]).toEqual([3, 2, 0, 0]);
  });

  test('both functions may capture arguments of traced functions around them', () => {
    const times = (x: Value, k: Value): Value =>
      customGradient(
        (y: Value) => y.mul(k),
        (g: Value) => [g.mul(k)],
      )(x);
    const xs = value([1, 2, 3]);
    expect(vmap((x: Value) => times(x, x))(xs).toArray()).toEqual([1, 4, 9]);
    expect(vmap((x: Value) => times(value(2), x))(xs).toArray()).toEqual([2, 4, 6]);
    expect(vmap(grad((x: Value) => times(x, x)))(xs).toArray()).toEqual([1, 2, 3]);
    expect(grad((w: Value) => vmap((x: Value) => times(x.mul(w), x))(xs).sum())(2).item()).toBe(14);
    expect(vmap((k: Value) => vmap((x: Value) => times(x, k))(xs))(value([1, 10])).toArray()).toEqual([[1, 2, 3], [10, 20, 30]]); // prettier-ignore
    expect(interpret(trace(times, 1, 2), [value(3), value(4)])[0]!.item()).toBe(12);
    expect(scan((c: Value, x: Value) => [times(x, c), null], value(1), xs)[0].item()).toBe(6);
  });

  test('of constants alone, inside a traced function, it is a constant', () => {
    const atLeastOne = customGradient(
      (x: Value) => x.clamp(1, null),
      (g: Value) => [g],
    );
    const program = trace((x: Value) => x.mul(atLeastOne(constant([0, 3]))), value([1, 2]));
    expect(interpret(program, [value([1, 2])])[0]!.toArray()).toEqual([1, 6]);
  });
});

describe('checkpoint', () => {
  const block = (x: Value, w: Value): Value => x.mul(w).tanh().exp();

  test('same values and gradients, bit for bit; one node', () => {
    const [x, w] = [value([1, 2]), value([0.5, -1])];
    const y = checkpoint(block)(x, w);
    expect(y.data).toEqual(block(x, w).data);
    const both = [checkpoint(block), block].map(
      (f) => grad((a: Value, b: Value) => f(a, b).sum(), { argnums: [0, 1] })(x, w) as Value[],
    );
    expect(both[0]!.map((g) => g.toArray())).toEqual(both[1]!.map((g) => g.toArray()));
    expect(y.inputs).toHaveLength(2);
  });

  test('random numbers are drawn once: derivatives see those of the forward pass', () => {
    const x = value([1, 2, 4]);
    const noisy = (y: Value): Value => y.mul(rand(y.shape));
    const runs: ((y: Value) => Value)[] = [checkpoint(noisy), vmap(checkpoint(noisy)), checkpoint(checkpoint(noisy))];
    for (const run of runs) {
      x.zeroGrad();
      const y = run(x);
      y.sum().backward();
      expect(x.grad!.toArray()).toEqual(y.div(x).toArray());
      expect(new Set(x.grad!.data).size).toBe(3);
    }
  });

  test('derivatives of any order, captured leaves, vmap', () => {
    const w = value([0.5, -1]);
    checkGradients((x: Value) => checkpoint((y: Value) => block(y, w))(x), [value([1, 2])], { order: 3 });
    checkpoint((y: Value) => block(y, w))(value([1, 2]))
      .sum()
      .backward();
    expect(w.grad!.shape).toEqual([2]);
    expect((vmap(checkpoint((y: Value) => block(y, w)))(value([[1, 2], [3, 4]]))).shape).toEqual([2, 2]); // prettier-ignore
  });
});

describe('defineOp', () => {
  test('an elementwise op: numbers in, numbers out, one partial an operand; keeps all laws', () => {
    const cube = defineOp({ name: 'cube', elementwise: (x) => x * x * x, partials: [(_, x) => x.mul(x).mul(3)] });
    expect(cube(value([1, 2])).toArray()).toEqual([1, 8]);
    checkOp(cube, { numRuns: 3 });
  });

  test('a tensor op: shape, numbers, cotangent; tangents and batches follow', () => {
    const outerSquare: ReturnType<typeof defineOp> = defineOp({
      name: 'outerSquare',
      operands: 1,
      infer: ([x]) => ({ shape: [x!.shape[0]!, x!.shape[0]!], dtype: x!.dtype }),
      run: (out, [x]) => {
        const n = x!.data.length;
        for (let i = 0; i < n * n; i++) out.data[i] = x!.data[Math.floor(i / n)]! * x!.data[i % n]!;
      },
      vjp: (g, _, { inputs: [x] }) => g.add(g.permute([1, 0])).matmul(x!),
      samples: [{ inputs: [{ shape: [3] }], call: (x) => outerSquare(x) }],
    });
    checkOp(outerSquare, { numRuns: 3 });
  });

  test('a wrong rule is caught', () => {
    const wrong = defineOp({ name: 'wrong', elementwise: (x) => x * x, partials: [(_, x) => x] });
    expect(() => checkOp(wrong)).toThrow(/^wrong › jvp and vjp = finite differences/);
  });

  test('a declaration that lacks a rule, or has one too many', () => {
    expect(() => defineOp({ name: 'x', operands: 1 } as never)).toThrow(/needs the rule infer/);
    expect(() => defineOp({ name: 'x', elementwise: (x: number) => x, partials: [() => 1], vpj: 1 } as never)).toThrow(
      /unknown option "vpj"/,
    );
    expect(() => defineOp({ name: 'x', elementwise: () => 1, partials: [] })).toThrow(/1 to 3 operands/);
    expect(() => defineOp({ name: 'x', elementwise: () => 1 } as never)).toThrow(/needs the rule partials/);
    expect(() => defineOp({ elementwise: () => 1, partials: [() => 1] } as never)).toThrow(/an op needs a name/);
    expect(() => defineOp(undefined as never)).toThrow(/a declaration is an object/);
  });

  test('a call with too few operands, which would be NaN', () => {
    const times = defineOp({
      name: 'times',
      elementwise: (x: number, y: number) => x * y,
      partials: [(_, __, y) => y, (_, x) => x],
    });
    expect(() => times(1)).toThrow(/times: takes 2 operands, got 1/);
  });
});

describe('detectAnomaly', () => {
  const messageOf = (f: () => unknown): string => {
    try {
      detectAnomaly(f);
    } catch (error) {
      expect(error).toBeInstanceOf(AnomalyError);
      return (error as Error).message;
    }
    return '';
  };

  test('names the first op that made it, its operands, the line', () => {
    const message = messageOf(() => value([1, 0]).named('x').log().mul(2).sum());
    expect(message).toMatch(/-Infinity at element 1 of log/);
    expect(message).toMatch(/x/);
    expect(message).toMatch(/custom\.test\.ts/);
  });

  test('in the backward pass too', () => {
    const message = messageOf(() => value(0).named('x').mul(2).sqrt().backward());
    expect(message).toMatch(/Infinity.*in the backward pass of sqrt/);
    expect(message).toMatch(/path: x → mul → sqrt, and back: div\n.*made at .*custom\.test\.ts/);
  });

  test('says nothing where all is finite, or was not before', () => {
    expect(detectAnomaly(() => value(2).log().item())).toBe(Math.log(2));
    expect(detectAnomaly(() => constant(NaN).mul(2).item())).toBeNaN();
    expect(detectAnomaly(() => noGrad(() => value(1).exp().item()))).toBe(Math.E);
  });
});
