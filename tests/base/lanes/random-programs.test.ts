import { newStorage, type DType } from '../../../src/base/dtypes.ts';
import { laneKernel } from '../../../src/base/lanes/compile.ts';
import type { Expr, LaneFunction, Lanes } from '../../../src/base/lanes/lanes.ts';
import { differences, randomArray, stream } from './bits.ts';

const DTYPES: readonly DType[] = ['float64', 'float32', 'int32', 'bool'];

type Step = (k: Lanes, pick: (type: Expr['type']) => Expr | undefined, at: number) => Expr | undefined;

const NUMERIC = ['f64', 'f32', 'i32'] as const;
const FLOAT = ['f64', 'f32'] as const;
const of = <T>(list: readonly T[], n: number): T => list[n % list.length]!;

/** Each makes a node from nodes that exist, or nothing where the types it needs are not there. */
const steps: readonly Step[] = [
  (k, pick, n) => binary(pick, of(NUMERIC, n), (x, y) => of([k.add, k.sub, k.mul], n >>> 4).call(k, x, y)),
  (k, pick, n) => binary(pick, of(FLOAT, n), (x, y) => of([k.div, k.min, k.max], n >>> 4).call(k, x, y)),
  (k, pick, n) =>
    unary(pick, of(FLOAT, n), (x) => of([k.neg, k.abs, k.sqrt, k.floor, k.trunc, k.nearest], n >>> 4).call(k, x)),
  (k, pick, n) =>
    binary(pick, of(NUMERIC, n), (x, y) => of([k.lt, k.le, k.eq, k.ne, k.gt, k.ge], n >>> 4).call(k, x, y)),
  (k, pick, n) => binary(pick, 'mask', (p, q) => of([k.and, k.or], n).call(k, p, k.not(q))),
  (k, pick, n) => unary(pick, 'mask', (p) => binary(pick, of(NUMERIC, n), (x, y) => k.select(p, x, y))),
  (k, pick, n) => unary(pick, of([...NUMERIC, 'mask'] as const, n), (x) => k.to(x, of(NUMERIC, n >>> 4))),
  (k, pick, n) => unary(pick, of(FLOAT, n), (x) => k.fromBits(k.bitXor(k.bits(k.abs(x)), 1))),
  (k, pick, n) => unary(pick, of(FLOAT, n), (x) => k.add(x, of([0, -0, 1.5, Infinity], n >>> 4))),
  (k, pick, n) => binary(pick, of(FLOAT, n), (x, y) => k.rare(k.gt(x, y), y, (l, a, b) => l.sub(a, l.mul(b, 2)), x, y)),
];

type Pick = (type: Expr['type']) => Expr | undefined;

function unary(pick: Pick, type: Expr['type'], f: (x: Expr) => Expr | undefined): Expr | undefined {
  const x = pick(type);
  return x === undefined ? undefined : f(x);
}

function binary(pick: Pick, type: Expr['type'], f: (x: Expr, y: Expr) => Expr): Expr | undefined {
  return unary(pick, type, (x) => unary(pick, type, (y) => f(x, y)));
}

/** Some twenty steps, the same for the same seed. */
const program =
  (seed: number): LaneFunction =>
  (k, ...xs) => {
    const next = stream(seed);
    const nodes = [...xs];
    const pick: Pick = (type) => {
      const fitting = nodes.filter((x) => x.type === type);
      return fitting.length === 0 ? undefined : of(fitting, next());
    };
    for (let i = 0; i < 24; i++) {
      const made = of(steps, next())(k, pick, next());
      if (made !== undefined) nodes.push(made);
    }
    return nodes[nodes.length - 1]!;
  };

test.each(Array.from({ length: 150 }, (_, i) => i + 1))('random program %i: one by one and in vectors', (seed) => {
  const next = stream(seed * 7919);
  // Half of the programs are of one type, which vectors can take whole.
  const main = of(DTYPES, next());
  const inputs = Array.from({ length: 3 }, () => (seed % 2 === 0 ? main : of(DTYPES, next())));
  const output = seed % 2 === 0 ? main : of(DTYPES, next());
  const kernel = laneKernel(program(seed), inputs, output);
  const xs = inputs.map((dtype, k) => randomArray(dtype, 205, seed + 1000 * k));
  const out = newStorage(output, 205);
  kernel.run(out, xs);
  const wanted = newStorage(output, 205);
  for (let i = 0; i < 205; i++) wanted[i] = kernel.scalar(...xs.map((x) => x[i]!));
  expect(differences(out, wanted, xs)).toEqual([]);
});
