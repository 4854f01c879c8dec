/** Loops that are too long to be unrolled: their bodies are programs of their own, with the bits of the eager run. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import { compile, constant, grad, manualSeed, rand, randn, scan, type Value } from 'chainrule';
import { equalValues } from 'chainrule/testing';

expect.addEqualityTesters([equalValues]);
beforeEach(() => manualSeed(2));

const normal = (...shape: number[]): Value => constant(randn(shape).data, { shape });

/** So many steps of four ops and more are not unrolled. */
const LONG = 2100;
/** Products of this size are worth a program; elementwise ops on so few elements are not. */
const SIZE = 24;

const weight = normal(SIZE, SIZE).mul(0.2);

const last = (xs: Value, start: Value): Value => {
  const step = (state: Value, x: Value): [Value, Value] => {
    const next = state.mul(0.9).add(x.tanh()).sin();
    return [next, next.mul(2)];
  };
  const [state, out] = scan(step, start, xs);
  return state.add(out.sum(0));
};

const recurrent = (xs: Value, start: Value): Value => {
  const step = (h: Value, x: Value): [Value, Value] => {
    const next = h.matmul(weight).add(x).tanh();
    return [next, next.mul(x)];
  };
  const [state, out] = scan(step, start, xs);
  return state.add(out.sum(0));
};

describe('a long loop', () => {
  test.each([
    ['of scalars', last, []],
    ['of vectors', last, [3]],
    ['of products', recurrent, [2, SIZE]],
  ])('%s has the eager bits', (_, f, shape) => {
    const [xs, start] = [normal(LONG, ...shape), normal(...shape)];
    const compiled = compile(f);
    expect(compiled(xs, start)).toEqual(f(xs, start));
    expect(compiled.programs[0]!.stats().fallbacks).toEqual(['scan']);
    // Another run of the same program, with other numbers.
    expect(compiled(xs.neg(), start)).toEqual(f(xs.neg(), start));
  });

  test('has the eager gradients, of captured Values, too', () => {
    const g = grad((w: Value, xs: Value) => {
      const [state] = scan((h: Value, x: Value) => [h.matmul(w).add(x).tanh().mul(0.5), null], xs.at(0), xs);
      return state.square().sum();
    });
    const xs = normal(LONG, 4, SIZE);
    expect(compile(g)(weight, xs)).toEqual(g(weight, xs));
  });

  test('may pass on and exchange what it carries', () => {
    const turn = ([a, b]: readonly [Value, Value], x: Value): [[Value, Value], Value] => [
      [b, a],
      a.matmul(weight).add(x).tanh().sum(0),
    ];
    const f = (a: Value, b: Value, xs: Value): Value[] => {
      const [[p, q], out] = scan(turn as never, [a, b] as never, xs as never) as unknown as [[Value, Value], Value];
      return [p, q, out];
    };
    const given = [normal(SIZE, SIZE), normal(SIZE, SIZE), normal(LONG + 1, SIZE)] as const;
    expect(compile(f)(...given)).toEqual(f(...given));
  });

  test('draws at each step as the eager one does', () => {
    const walk = (start: Value): Value =>
      scan(
        (x: Value) => [
          x
            .matmul(weight)
            .add(rand([SIZE]))
            .mul(0.5),
          null,
        ],
        start,
        null,
        { length: LONG },
      )[0];
    const start = normal(SIZE, SIZE);
    const drawn = (run: (x: Value) => Value): Value => {
      manualSeed(5);
      return run(start);
    };
    expect(drawn(compile(walk))).toEqual(drawn(walk));
  });

  test('may be the step of another', () => {
    const inner = (x: Value): Value =>
      scan((s: Value) => [s.matmul(weight).add(x).tanh().mul(0.5), null], x, null, { length: LONG })[0];
    const outer = (x: Value): Value => scan((s: Value) => [inner(s), null], x, null, { length: 2 })[0];
    const x = normal(SIZE, SIZE);
    expect(compile(outer)(x)).toEqual(outer(x));
  });

  test('explains an error of a step, and runs again after dispose', () => {
    const remainders = (xs: Value): Value =>
      scan((s: Value, x: Value) => [s.matmul(s).add(1).remainder(x).add(1), null], xs.at(0), xs)[0];
    const ofInts = (fill: number): Value =>
      constant(new Int32Array(LONG * SIZE * SIZE).fill(fill), { shape: [LONG, SIZE, SIZE] });
    const f = compile(remainders);
    const first = f(ofInts(7));
    f.dispose();
    expect(f(ofInts(7))).toEqual(first);
    expect(() => f(ofInts(0))).toThrow(/division by zero/);
  });
});
