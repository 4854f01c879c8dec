/** Random functions that write into cells and gradients, under whatever names these come. */
import fc from 'fast-check';
import { compile, constant, manualSeed, noGrad, rand, value, type Value } from 'chainrule';

const CELLS = 4;
/** Two that require gradients, two that do not. */
const makeCells = (): Value[] => [
  value([0.5, -1]),
  value([2, 0.25]),
  constant([1, -0]),
  value([0.125, 3], { dtype: 'float32' }).detach(),
];

export type Action = readonly [kind: string, i: number, j: number];

const kinds: Record<string, (cells: readonly Value[], i: number, j: number, kept: Value[]) => void> = {
  assign: (xs, i, j) => xs[i]!.assign(xs[j]!.mul(0.5).add(xs[i]!)),
  copy: (xs, i, j) => xs[i]!.assign(xs[j]!),
  number: (xs, i, j) => xs[i]!.assign(j / 3),
  draw: (xs, i) => xs[i]!.assign(rand([2])),
  forget: (xs, i) => xs[i]!.zeroGrad(),
  backward: (xs, i, j) => {
    const y = xs[i]!.mul(xs[j]!).sum();
    if (y.requiresGrad) y.backward();
  },
  keep: (xs, i, j, kept) => void kept.push(xs[i]!.mul(xs[j]!).sin()),
  pull: (_, i, __, kept) => {
    const y = kept[i % Math.max(1, kept.length)];
    if (y?.requiresGrad === true) y.sum().backward();
  },
  descend: (xs, i) => {
    const { grad } = xs[i]!;
    if (grad !== null) noGrad(() => xs[i]!.assign(xs[i]!.sub(grad.mul(0.1))));
  },
  clip: (xs, i) => {
    const { grad } = xs[i]!;
    if (grad !== null) xs[i]!.grad = grad.clamp(-1, 1);
  },
  share: (xs, i, j) => {
    const { grad } = xs[j]!;
    xs[i]!.grad = grad === null ? null : grad.to(xs[i]!.dtype).mul(2);
  },
};

export type Names = readonly [number, number];

export const actions: fc.Arbitrary<readonly Action[]> = fc.array(
  fc.tuple(fc.constantFrom(...Object.keys(kinds)), fc.nat(CELLS - 1), fc.nat(CELLS - 1)),
  { minLength: 1, maxLength: 8 },
);

/** Which cells are given as the two arguments, in each of some calls; the function knows all of them by themselves. */
export const calls: fc.Arbitrary<readonly Names[]> = fc.array(fc.tuple(fc.nat(CELLS - 1), fc.nat(CELLS - 1)), {
  minLength: 1,
  maxLength: 4,
});

/** The function: indices 0 and 1 are its arguments, the others captured cells. */
const stepOf =
  (list: readonly Action[], captured: readonly Value[]) =>
  (a: Value, b: Value): Value[] => {
    const xs = [a, b, ...captured];
    const kept: Value[] = [];
    for (const [kind, i, j] of list) kinds[kind]!(xs, i, j, kept);
    return [...kept, xs[0]!.add(xs[3]!)];
  };

/** What there is after each of some calls. */
export function run(list: readonly Action[], given: readonly Names[], compiled: boolean): string[] {
  manualSeed(7);
  const cells = makeCells();
  const f = stepOf(list, [cells[1]!, cells[2]!]);
  const step = compiled ? (compile(f) as unknown as typeof f) : f;
  return given.map(([i, j]) => {
    const results = step(cells[i]!, cells[j]!);
    return JSON.stringify([results, cells, cells.map((x) => x.grad), rand([1])]);
  });
}
