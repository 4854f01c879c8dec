/** Random Programs give the same bits before and after every pass. */
import { checkpoint, concat, customGradient, rand, scan, stack, trace, where, zeros, type Value } from 'chainrule';
import { arbitraryValue, equalValues } from 'chainrule/testing';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { generatorState, restoreGenerator } from '../../../src/base/random.ts';
import { interpretAll } from '../../../src/program/interpret.ts';
import { optimize } from '../../../src/program/passes/index.ts';
import type { Program } from '../../../src/program/program.ts';

expect.addEqualityTesters([equalValues]);

type Rule = (x: Value, y: Value) => Value;

const twice = checkpoint((x: Value) => x.mul(2).add(x.neg().neg()));
const clip = customGradient(
  (x: Value) => x.clamp(-1, 1).mul(1),
  (g: Value) => [g],
);
const looped = (x: Value): Value => scan((s: Value, row: Value) => [s.add(row).div(2), s], x.at(0), x)[1];

/** From two matrices [2, 3] of one float dtype to one: what passes have rules for, and what they must not touch. */
const RULES: readonly Rule[] = [
  (x, y) => x.add(y),
  (x, y) => x.sub(y),
  (x, y) => x.mul(y),
  (x, y) => x.div(y),
  (x, y) => x.maximum(y),
  (x, y) => where(x.gt(y), x, y),
  (x) => where(x.isNaN().logicalNot().logicalNot(), x, x),
  (x) => where(zeros([2, 3]).eq(0), x, x.exp()),
  ...[0, -0, 1, -1, 2, 0.25, 3, Infinity, NaN].flatMap((n): Rule[] => [
    (x) => x.add(n),
    (x) => x.sub(n),
    (x) => x.mul(n),
    (x) => x.div(n),
  ]),
  (x) => x.neg(),
  (x) => x.abs(),
  (x) => x.clone().stopGradient(),
  (x) => x.to('float64').to(x.dtype),
  (x) => x.to('float32').to(x.dtype),
  (x) => x.to('int32').to('float64').to('int32').to(x.dtype),
  (x) => x.to('bool').logicalAnd(true).logicalOr(false).to(x.dtype),
  (x) => x.reshape([6]).reshape([3, 2]).transpose().reshape([2, 3]),
  (x) => x.transpose().transpose(),
  (x) => x.reshape([2, 1, 3]).permute([2, 0, 1]).permute([1, 2, 0]).reshape([2, 3]),
  (x) => x.slice(null, [null, null, -1]).slice([null, null, -1], [1, null]).pad([1, 0]),
  (x) => x.slice([0, 1]).broadcastTo([2, 3]),
  (x) => x.at(1).broadcastTo([4, 3]).broadcastTo([2, 4, 3]).at(1).narrow(0, 1, 2),
  (x, y) => concat([x, y]).split(2)[1]!,
  (x, y) => stack([x, y]).sum(0),
  (x) => x.cumsum(1),
  (x) => x.sum(1, { keepDims: true }).add(x),
  (x) => twice(x),
  (x) => clip(x),
  (x) => looped(x),
  (x) => x.add(rand([2, 3], { dtype: x.dtype as 'float32' })),
];

interface Line {
  readonly rule: number;
  readonly x: number;
  readonly y: number;
}

const lines: fc.Arbitrary<Line[]> = fc.array(fc.record({ rule: fc.nat(RULES.length - 1), x: fc.nat(), y: fc.nat() }), {
  minLength: 1,
  maxLength: 12,
});

/** Every line takes two of the Values before it; the results are the last Value and one in the middle. */
function build(program: readonly Line[], xs: readonly Value[]): Value[] {
  const values = [...xs];
  for (const { rule, x, y } of program)
    values.push(RULES[rule]!(values[x % values.length]!, values[y % values.length]!));
  return [values.at(-1)!, values[values.length >> 1]!];
}

const operands = (dtype: 'float64' | 'float32'): fc.Arbitrary<Value[]> =>
  fc.array(arbitraryValue({ shape: [2, 3], dtype, special: true }), { minLength: 2, maxLength: 2 });

/** Results and effects, and where the random numbers are afterwards. */
function run(program: Program, xs: readonly Value[]): unknown[] {
  const before = generatorState();
  const results = interpretAll(program, xs);
  const after = generatorState();
  restoreGenerator(before);
  return [...results, after.draws - before.draws];
}

function requireUnchanged(program: Program, xs: readonly Value[]): void {
  const want = run(program, xs);
  optimize(program, (pass, after) => expect([pass, ...run(after, xs)]).toEqual([pass, ...want]));
}

describe.each(['float64', 'float32'] as const)('%s', (dtype) => {
  test('every pass keeps every bit', () => {
    fc.assert(
      fc.property(lines, operands(dtype), (code, xs) =>
        requireUnchanged(
          trace((...symbols: Value[]) => build(code, symbols), ...xs),
          xs,
        ),
      ),
    );
  });

  test('and of gradients, which are written into cells', () => {
    fc.assert(
      fc.property(lines, operands(dtype), (code, xs) => {
        const step = (...symbols: Value[]): Value => {
          const loss = build(code, symbols)
            .reduce((a, b) => a.add(b), symbols[0]!)
            .sum();
          loss.backward();
          return loss;
        };
        requireUnchanged(trace(step, ...xs), xs);
      }),
      { numRuns: 30 },
    );
  });
});
