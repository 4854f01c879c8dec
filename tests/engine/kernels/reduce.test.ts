import fc from 'fast-check';
import { laneKernel } from '../../../src/base/lanes/compile.ts';
import { LaneGraph, type Node } from '../../../src/base/lanes/graph.ts';
import type { LaneFunction } from '../../../src/base/lanes/lanes.ts';
import { LANE_TYPES } from '../../../src/base/lanes/program.ts';
import { newStorage, type DType, type Storage } from '../../../src/base/dtypes.ts';
import { sizeOf } from '../../../src/base/shapes.ts';
import { reduceTask } from '../../../src/engine/kernels/reduce.ts';
import type { Access, ReduceStep } from '../../../src/engine/steps.ts';
import { multiplyStrided } from '../../../src/ops/kernels/product-tree.ts';
import { sumStrided } from '../../../src/ops/kernels/sum-tree.ts';
import type { Reducer } from '../../../src/ops/lowering.ts';
import { backwards, buffer, runTask, type Range } from './harness.ts';

// What a reduction has to give ---------------------------------------------------------------------------------------

const REFERENCES: Readonly<Record<Reducer, (data: Storage, dtype: DType) => number>> = {
  sum: (data, dtype) => sumStrided(data, 0, 1, data.length, dtype),
  product: (data, dtype) => multiplyStrided(data, 0, 1, data.length, dtype),
  maximum: (data) => Math.max(...data),
  minimum: (data) => Math.min(...data),
  all: (data) => Number(data.every((x) => x !== 0)),
  any: (data) => Number(data.some((x) => x !== 0)),
  argmax: (data) => place(data, (x, best) => x > best),
  argmin: (data) => place(data, (x, best) => x < best),
};

/** A NaN beats every number; the first of equals stays. */
function place(data: Storage, better: (x: number, best: number) => boolean): number {
  let at = 0;
  for (let i = 1; i < data.length; i++) {
    const [x, best] = [data[i]!, data[at]!];
    if (best === best && (x !== x || better(x, best))) at = i;
  }
  return at;
}

function resultOf(reducer: Reducer, dtype: DType): DType {
  if (reducer === 'argmax' || reducer === 'argmin') return 'int32';
  if (reducer === 'all' || reducer === 'any') return 'bool';
  return dtype === 'bool' && (reducer === 'sum' || reducer === 'product') ? 'int32' : dtype;
}

const rowMajor = (shape: readonly number[]): number[] => {
  const strides = new Array<number>(shape.length);
  for (let i = shape.length - 1, step = 1; i >= 0; i--) {
    strides[i] = step;
    step *= shape[i]!;
  }
  return strides;
};

const placeOf = ({ start, strides }: Access, digits: readonly number[]): number =>
  strides.reduce((at, stride, i) => at + stride * digits[i]!, start);

function* indices(shape: readonly number[]): Generator<number[]> {
  const total = sizeOf(shape);
  const steps = rowMajor(shape);
  for (let n = 0; n < total; n++) yield shape.map((size, i) => Math.floor(n / steps[i]!) % size);
}

// Cases --------------------------------------------------------------------------------------------------------------

interface Expression {
  readonly inputs: readonly DType[];
  readonly dtype: DType;
  readonly f: LaneFunction;
}

const FLOATS: readonly Expression[] = (['float32', 'float64'] as const).flatMap((dtype): Expression[] => [
  { inputs: [dtype], dtype, f: (_, x) => x },
  { inputs: [dtype, dtype], dtype, f: (k, x, m) => k.mul(k.sub(x, m), k.sub(x, m)) },
  { inputs: [dtype, 'bool', dtype], dtype, f: (k, x, c, y) => k.select(c, k.mul(x, 0.5), k.copySign(y, x)) },
]);
const WITHOUT_FLOATS: readonly Expression[] = [
  { inputs: ['int32'], dtype: 'int32', f: (_, x) => x },
  { inputs: ['int32', 'int32'], dtype: 'int32', f: (k, x, y) => k.mul(k.add(x, y), 77777) },
  // Without vectors.
  { inputs: ['int32'], dtype: 'int32', f: (k, x) => k.div(x, 3) },
  { inputs: ['bool'], dtype: 'bool', f: (_, x) => x },
  { inputs: ['float64', 'float64'], dtype: 'bool', f: (k, x, y) => k.lt(x, y) },
  { inputs: ['float32', 'bool'], dtype: 'bool', f: (k, x, y) => k.and(k.lt(x, 0), y) },
];
const MIXED: readonly Expression[] = [
  { inputs: ['float32', 'float64'], dtype: 'float32', f: (k, x, y) => k.to(k.mul(k.to(x, 'f64'), y), 'f32') },
  { inputs: ['int32', 'float64'], dtype: 'float64', f: (k, x, y) => k.mul(k.to(x, 'f64'), y) },
  { inputs: ['float64'], dtype: 'int32', f: (k, x) => k.to(x, 'i32') },
  // Mixed without vectors.
  { inputs: ['int32', 'float64'], dtype: 'float64', f: (k, x, y) => k.mul(k.to(k.mul(x, x), 'f64'), y) },
];
const EXPRESSIONS = [...FLOATS, ...WITHOUT_FLOATS, ...MIXED];

const LOGICAL: readonly Reducer[] = ['all', 'any'];
const reducers = (dtype: DType): readonly Reducer[] =>
  dtype === 'bool'
    ? (Object.keys(REFERENCES) as Reducer[])
    : (Object.keys(REFERENCES) as Reducer[]).filter((r) => !LOGICAL.includes(r));

/** Axes of an operand in the order in which they lie in memory, some repeated (stride 0), some backwards, with gaps. */
interface Lie {
  readonly order: readonly number[];
  readonly still: readonly boolean[];
  readonly back: readonly boolean[];
  readonly gap: readonly number[];
  readonly start: number;
}

interface Case {
  readonly expression: Expression;
  readonly reducer: Reducer;
  readonly outer: readonly number[];
  readonly inner: readonly number[];
  readonly lies: readonly Lie[];
  readonly target: Lie;
  readonly seed: number;
}

/** What a walk of this kind needs: its start and strides, and how many elements it spans. */
function lay(shape: readonly number[], lie: Lie): { start: number; strides: number[]; size: number } {
  const strides = new Array<number>(shape.length).fill(0);
  let step = 1;
  let start = lie.start;
  for (const axis of [...lie.order].reverse()) {
    if (lie.still[axis]!) continue;
    strides[axis] = lie.back[axis]! ? -step : step;
    if (lie.back[axis]! && shape[axis]! > 0) start += step * (shape[axis]! - 1);
    step *= Math.max(1, shape[axis]!) + lie.gap[axis]!;
  }
  return { start, strides, size: lie.start + step };
}

const rare = (weight: number): fc.Arbitrary<boolean> =>
  fc.oneof({ arbitrary: fc.constant(false), weight }, { arbitrary: fc.constant(true), weight: 1 });

const lie = (rank: number, repeats: boolean): fc.Arbitrary<Lie> => {
  const axes = Array.from({ length: rank }, (_, i) => i);
  const flags = (arbitrary: fc.Arbitrary<boolean>): fc.Arbitrary<boolean[]> =>
    fc.array(arbitrary, { minLength: rank, maxLength: rank });
  return fc.record({
    order: fc.oneof(fc.constant(axes), fc.shuffledSubarray(axes, { minLength: rank, maxLength: rank })),
    still: repeats ? flags(rare(5)) : fc.constant(axes.map(() => false)),
    back: flags(rare(12)),
    gap: fc.array(fc.constantFrom(0, 0, 0, 0, 0, 3), { minLength: rank, maxLength: rank }),
    start: fc.constantFrom(0, 0, 5),
  });
};

const shape = (sizes: fc.Arbitrary<number>, maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(sizes, { maxLength });
const small = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 10, 13, 16);

/** Long and short rows, many and few columns, several axes; rarely nothing at all. */
const shapes: fc.Arbitrary<{ outer: number[]; inner: number[] }> = fc.oneof(
  fc.record({ outer: shape(small, 3), inner: shape(small, 2) }),
  fc.record({ outer: shape(small, 1), inner: fc.tuple(fc.integer({ min: 100, max: 1100 })) }),
  fc.record({ outer: fc.tuple(fc.integer({ min: 1, max: 90 })), inner: fc.tuple(fc.integer({ min: 1, max: 300 })) }),
  fc.record({ outer: shape(small, 2), inner: fc.tuple(small, fc.integer({ min: 30, max: 140 })) }),
  fc.record({ outer: shape(fc.constantFrom(0, 3), 2), inner: shape(fc.constantFrom(0, 3), 2) }),
);

const cases = (expressions: readonly Expression[]): fc.Arbitrary<Case> =>
  fc.tuple(fc.constantFrom(...expressions), shapes).chain(([expression, { outer, inner }]) =>
    fc.record({
      expression: fc.constant(expression),
      reducer: fc.constantFrom(...reducers(expression.dtype)),
      outer: fc.constant(outer),
      inner: fc.constant(inner),
      lies: fc.tuple(...expression.inputs.map(() => lie(outer.length + inner.length, true))),
      target: lie(outer.length, false),
      seed: fc.nat(),
    }),
  );

const EDGES = [0, -0, NaN, Infinity, -Infinity, 1, -1];

/** Ordinary numbers, and in some cases many equal ones, zeros of both signs, infinities and NaNs. */
function fill(data: Storage, dtype: DType, seed: number): void {
  let state = (seed ^ 0x5bd1e995) >>> 0;
  const next = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const edges = [0, 0, 0.02, 0.5][seed % 4]!;
  for (let i = 0; i < data.length; i++) {
    if (dtype === 'bool') data[i] = Number(next() < [0.5, 0.02, 0.98][seed % 3]!);
    else if (dtype === 'int32') data[i] = next() < 0.3 ? Math.floor(next() * 7) - 3 : (next() - 0.5) * 2 ** 32;
    else data[i] = next() < edges ? EDGES[Math.floor(next() * EDGES.length)]! : (next() - 0.5) * 4;
  }
}

function build({ expression, reducer, outer, inner, lies, target, seed }: Case): {
  step: ReduceStep;
  contents: Map<Access['buffer'], Storage>;
} {
  const { inputs, dtype, f } = expression;
  const graph = new LaneGraph(inputs.map((type) => LANE_TYPES[type]));
  const value = f(graph, ...graph.inputs) as Node;
  const contents = new Map<Access['buffer'], Storage>();
  const access = (type: DType, axes: readonly number[], where: Lie, garbage: number): Access => {
    const { start, strides, size } = lay(axes, where);
    const of = buffer(type, size);
    const data = newStorage(type, size);
    fill(data, type, garbage);
    contents.set(of, data);
    return { buffer: of, start, strides };
  };
  const reads = inputs.map((type, i) => access(type, [...outer, ...inner], lies[i]!, seed + i));
  const to = access(resultOf(reducer, dtype), outer, target, seed + 99);
  return { step: { kind: 'reduce', reducer, outer, inner, graph, reads, value, dtype, to }, contents };
}

/** The step's output buffer as the reference kernels would leave it. */
function expected(
  step: ReduceStep,
  { f, inputs, dtype }: Expression,
  contents: ReadonlyMap<unknown, Storage>,
): Storage {
  const out = contents.get(step.to.buffer)!.slice();
  const kernel = laneKernel(f, inputs, dtype);
  const count = sizeOf(step.inner);
  for (const o of indices(step.outer)) {
    const row = newStorage(dtype, count);
    let at = 0;
    for (const i of indices(step.inner)) {
      const xs = step.reads.map((read) => contents.get(read.buffer)![placeOf(read, [...o, ...i])]!);
      row[at++] = kernel.scalar(...xs);
    }
    out[placeOf(step.to, o)] = REFERENCES[step.reducer](row, dtype);
  }
  return out;
}

const hasNothing = ({ inner, reducer }: Case): boolean =>
  sizeOf(inner) === 0 && !['sum', 'product', 'all', 'any'].includes(reducer);

function check(one: Case, ranges?: (units: number) => readonly Range[]): void {
  const { step, contents } = build(one);
  const after = runTask((e) => reduceTask(step, e), contents, ranges === undefined ? {} : { ranges });
  const wanted = expected(step, one.expression, contents);
  const got = after.get(step.to.buffer)!;
  // Not one assertion for each element: a whole run of cases would spend its time there.
  const differs = got.findIndex((x, i) => !Object.is(x, wanted[i]) && !(x !== x && wanted[i] !== wanted[i]));
  if (differs >= 0) expect({ at: differs, is: got[differs] }).toEqual({ at: differs, is: wanted[differs] });
}

const holds = (
  expressions: readonly Expression[],
  numRuns: number,
  ranges?: (units: number) => readonly Range[],
): void =>
  fc.assert(
    fc.property(cases(expressions), (one) => {
      fc.pre(!hasNothing(one));
      check(one, ranges);
    }),
    { numRuns },
  );

describe('a reduction gives the bits of the reference kernels', () => {
  test('for expressions of float32 and float64, however their operands lie', () => holds(FLOATS, 120));
  test('for int32 and bool', () => holds(WITHOUT_FLOATS, 80));
  test('for expressions of several types', () => holds(MIXED, 60));
});

test('every partition of its units, in any order, gives the same', () => {
  holds(EXPRESSIONS, 30, backwards(2));
  holds(EXPRESSIONS, 30, backwards(5));
});
