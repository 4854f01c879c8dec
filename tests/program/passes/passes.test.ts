/** Which instructions passes take away. That no bit changes is a law of every op, and random-programs.test.ts. */
import {
  checkpoint,
  customGradient,
  full,
  manualSeed,
  rand,
  scan,
  stopGradient,
  trace,
  value,
  where,
  zeros,
  type Value,
} from 'chainrule';
import { interpret } from '../../../src/program/interpret.ts';
import { eliminateCommon } from '../../../src/program/passes/eliminate-common.ts';
import { eliminateDead } from '../../../src/program/passes/eliminate-dead.ts';
import { foldConstants } from '../../../src/program/passes/fold-constants.ts';
import { inlineCalls } from '../../../src/program/passes/inline-calls.ts';
import { optimize, passes } from '../../../src/program/passes/index.ts';
import { simplify } from '../../../src/program/passes/simplify.ts';
import type { Program } from '../../../src/program/program.ts';

const names = (program: Program): string[] => program.instructions.map(({ primitive }) => primitive.name);

const VECTOR = value([1, 2, 3]);

describe('inlineCalls', () => {
  const block = checkpoint((x: Value) => x.exp().mul(x));

  test('puts the body into the place of a call, as often as it is called', () => {
    const program = trace((x: Value) => block(block(x)), VECTOR);
    expect(names(program)).toEqual(['call', 'call']);
    const inlined = inlineCalls(program);
    expect(names(inlined)).toEqual(['exp', 'mul', 'exp', 'mul']);
    expect(interpret(inlined, [VECTOR])[0]!.toArray()).toEqual(interpret(program, [VECTOR])[0]!.toArray());
  });

  test('goes into calls within calls', () => {
    const outer = checkpoint((x: Value) => block(x).sin());
    expect(names(inlineCalls(trace(outer, VECTOR)))).toEqual(['exp', 'mul', 'sin']);
  });

  test('takes what a custom gradient computes', () => {
    const clip = customGradient(
      (x: Value) => x.exp(),
      (g: Value) => [g],
    );
    expect(names(inlineCalls(trace((x: Value) => clip(x).sin(), VECTOR)))).toEqual(['exp', 'sin']);
  });

  test('unrolls short loops and leaves long ones', () => {
    const loop = (length: number): Program =>
      inlineCalls(trace((x: Value) => scan((s: Value) => [s.sin(), s], x, null, { length }), VECTOR));
    expect(names(loop(3)).filter((name) => name === 'sin')).toHaveLength(3);
    expect(names(loop(100_000))).toEqual(['scan']);
    expect(names(loop(0))).toEqual(['scan']);
  });
});

describe('foldConstants', () => {
  const folded = (f: (x: Value) => unknown, x: Value = VECTOR): Program => foldConstants(trace(f, x));

  test('computes what no argument and no cell has a part in', () => {
    const scaled = checkpoint((x: Value, c: Value) => x.mul(c.add(2).sqrt()));
    const constant = VECTOR.mul(2);
    const program = inlineCalls(trace((x: Value) => scaled(x, constant), VECTOR));
    expect(names(program)).toEqual(['add', 'sqrt', 'mul']);
    expect(names(foldConstants(program))).toEqual(['mul']);
    const cell = value([1, 2, 3]);
    expect(names(folded((x) => x.mul(cell.add(2))))).toEqual(['add', 'mul']);
  });

  test('numbers stay numbers, however many elements they stand for', () => {
    const add = checkpoint((x: Value, c: Value) => x.add(c.mul(3)));
    const two = full([1000, 1000], 2).mul(1);
    const program = foldConstants(inlineCalls(trace((x: Value) => add(x, two), zeros([1000, 1000]))));
    expect(names(program)).toEqual(['add']);
    expect(program.captures.at(-1)!.value._content).toBe(6);
  });

  test('does not write out what is larger than what it is made of', () => {
    const add = checkpoint((x: Value, row: Value) => x.add(row));
    const row = value(Array.from({ length: 1000 }, (_, i) => i)).mul(1);
    const program = inlineCalls(trace((x: Value) => add(x, row), zeros([1000, 1000])));
    expect(names(foldConstants(program))).toEqual(['broadcastTo', 'add']);
  });

  test('draws are no constants, and refusals wait until the Program runs', () => {
    expect(names(folded((x) => x.add(rand([3]))))).toEqual(['rand', 'add']);
    const [one, zero] = [1, 0].map((n) => full([], n, { dtype: 'int32' }).mul(1));
    const rest = checkpoint((x: Value, a: Value, b: Value) => x.add(a.remainder(b)));
    const program = inlineCalls(trace((x: Value) => rest(x, one!, zero!), VECTOR));
    expect(names(foldConstants(program))).toContain('remainder');
  });
});

describe('simplify', () => {
  const left = (f: (x: Value) => unknown, x: Value = VECTOR): string[] =>
    names(eliminateDead(simplify(foldConstants(trace(f, x)))));

  test.each<[string, (x: Value) => unknown]>([
    ['x·1, 1·x', (x) => x.mul(1).mul(1)],
    ['x/1', (x) => x.div(1)],
    ['x − 0', (x) => x.sub(0)],
    ['x + (−0)', (x) => x.add(-0)],
    ['−(−x)', (x) => x.neg().neg()],
    ['casts that lose nothing, there and back', (x) => x.to('float32').to('float64').to('float32')],
    ['views there and back', (x) => x.reshape([3, 1]).reshape([1, 3]).reshape([3])],
    [
      'permutations that undo each other',
      (x) => x.reshape([1, 3, 1]).permute([1, 2, 0]).permute([2, 0, 1]).reshape([3]),
    ],
    ['a choice between the same', (x) => where(x.gt(0), x, x)],
    ['a choice that is known', (x) => where(full([3], 1, { dtype: 'bool' }), x, x.exp())],
    ['copies in the graph', (x) => stopGradient(x.clone())],
    ['the larger of x and x', (x) => x.maximum(x).minimum(x)],
  ])('nothing is left of %s', (name, f) => {
    expect(left(f)).toEqual(name.startsWith('casts') ? ['to'] : []);
  });

  test.each<[string, (x: Value) => unknown, string[]]>([
    ['x + 0, for −0 + 0 is +0', (x) => x.add(0), ['add']],
    ['x − (−0), for −0 − (−0) is +0', (x) => x.sub(-0), ['sub']],
    ['x·0, for ∞·0 is NaN', (x) => x.mul(0), ['mul']],
    ['x − x, for ∞ − ∞ is NaN', (x) => x.sub(x), ['sub']],
    ['a cast that loses something', (x) => x.to('int32').to('float64'), ['to', 'to']],
  ])('%s: stays', (_, f, want) => {
    expect(left(f)).toEqual(want);
  });

  test.each<[string, (x: Value) => unknown, string[]]>([
    ['reshapes in a row are one', (x) => x.reshape([3, 1]).reshape([1, 3]), ['reshape']],
    [
      'permutations in a row are one',
      (x) => x.reshape([1, 3, 1]).permute([1, 0, 2]).permute([0, 2, 1]),
      ['reshape', 'permute'],
    ],
    ['slices in a row are one', (x) => x.slice([1]).slice([null, null, -1]), ['slice']],
    ['broadcasts in a row are one', (x) => x.broadcastTo([2, 3]).broadcastTo([4, 2, 3]), ['broadcastTo']],
    ['the sign under an absolute value', (x) => x.neg().abs().abs(), ['abs']],
    ['a division by a power of two is a multiplication', (x) => x.div(8), ['mul']],
    ['a division by another number is none', (x) => x.div(10), ['div']],
  ])('%s', (_, f, want) => {
    expect(left(f)).toEqual(want);
  });
});

describe('eliminateCommon', () => {
  const common = (f: (x: Value) => unknown): string[] => names(eliminateCommon(trace(f, VECTOR)));

  test('equal applications to equal operands are one', () => {
    expect(common((x) => x.exp().mul(2).add(x.exp().mul(2)))).toEqual(['exp', 'mul', 'add']);
    expect(common((x) => x.sum(0).add(x.sum(0)))).toEqual(['sum', 'add']);
  });

  test('other attributes make another application, −0 another number', () => {
    expect(common((x) => [x.slice([0, 1]), x.slice([1, 2])])).toEqual(['slice', 'slice']);
    expect(common((x) => [x.mul(0), x.mul(-0)]).filter((name) => name === 'mul')).toHaveLength(2);
  });

  test('every draw is a draw', () => {
    expect(common(() => [rand([2]), rand([2])])).toEqual(['rand', 'rand']);
  });
});

describe('eliminateDead', () => {
  const unused = (f: (x: Value) => unknown): string[] => names(eliminateDead(eliminateCommon(trace(f, VECTOR))));

  test('what nothing needs is left out, with the constants that only it used', () => {
    const program = simplify(trace((x: Value) => where(full([3], 1, { dtype: 'bool' }), x.sin(), x.mul(5)), VECTOR));
    const alive = eliminateDead(program);
    expect(names(program)).toEqual(['sin', 'mul']);
    expect(names(alive)).toEqual(['sin']);
    expect(alive.captures).toEqual([]);
  });

  test('inputs stay, draws go but are counted: the next program draws what it would have drawn', () => {
    const f = (x: Value, y: Value): Value[] => [where(full([3], 1, { dtype: 'bool' }), x, y.mul(rand([3]))), rand([2])];
    const program = trace(f, VECTOR, VECTOR);
    const alive = eliminateDead(simplify(program));
    expect(names(alive)).toEqual(['rand']);
    expect(alive.inputs).toHaveLength(2);
    expect(alive.draws).toBe(2);
    const run = (p: Program): unknown[] => {
      manualSeed(3);
      return [interpret(p, [VECTOR, VECTOR])[1]!.toArray(), rand([2]).toArray()];
    };
    expect(run(alive)).toEqual(run(program));
  });

  test('of several results one is enough', () => {
    expect(unused((x) => x.split(1)[2])).toEqual(['split']);
  });
});

test('optimize shows the Program after every pass', () => {
  const seen: string[] = [];
  const program = trace((x: Value) => x.mul(1).exp().add(x.exp()), VECTOR);
  const after = optimize(program, (pass) => seen.push(pass));
  expect(seen).toEqual(passes.map(({ name }) => name));
  expect(names(after)).toEqual(['exp', 'add']);
});
