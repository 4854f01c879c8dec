/** scan: a loop whose body is traced once, differentiable in both modes. */
import { isFloat, newStorage, type Storage } from '../base/dtypes.ts';
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { sameShape, sizeOf } from '../base/shapes.ts';
import { structureKey, type Structure } from '../base/trees.ts';
import { stack } from '../ops/joining.ts';
import { primitive, type Aval, type BodyRunner, type Cotangent, type Primitive } from '../ops/primitive.ts';
import { interpret } from '../program/interpret.ts';
import type { Program } from '../program/program.ts';
import { programStats } from '../program/stats.ts';
import { traceFlat } from '../program/trace.ts';
import { apply } from '../value/apply.ts';
import { refusePromise, requireFunction } from '../value/recording.ts';
import { arrayOf, contentOf, immediate, type Value } from '../value/value.ts';
import { avalOf, fromTree, toTree, zerosOf } from './arguments.ts';
import { interpretBatched } from './batch.ts';
import { close, pullBackProgram, pushForwardProgram, withDrawsAsInputs } from './call.ts';
import type { AnyFunction, AnyTree, Lifted, Reshaped, Values } from './signatures.ts';

/**
 * Operands: `constants` Values that stay, `carries` that go from step to step, and sequences with a leading axis of
 * `length`. The body takes (constants, carries, one element of each sequence) and gives (carries, one element of each
 * result). `reverse` runs from the last element to the first; results stay in the order of the sequences.
 */
interface ScanAttributes extends Record<string, unknown> {
  readonly body: Program;
  readonly constants: number;
  readonly carries: number;
  readonly length: number;
  readonly reverse: boolean;
}

interface Parts<T> {
  readonly constants: readonly T[];
  readonly carries: readonly T[];
  readonly sequences: readonly T[];
}

const split = <T>(
  xs: readonly T[],
  { constants, carries }: Pick<ScanAttributes, 'constants' | 'carries'>,
): Parts<T> => ({
  constants: xs.slice(0, constants),
  carries: xs.slice(constants, constants + carries),
  sequences: xs.slice(constants + carries),
});

const elementOf = ({ shape, dtype }: Aval): Aval => ({ shape: shape.slice(1), dtype });
const sequenceOf = ({ shape, dtype }: Aval, length: number): Aval => ({ shape: [length, ...shape], dtype });

function infer(_: readonly Aval[], { body, carries, length }: ScanAttributes): Aval[] {
  return body.outputs.map((out, i) => (i < carries ? avalOf(out) : sequenceOf(out, length)));
}

/** One element of a sequence, without a copy: its numbers never change. */
function elementAt(sequence: Value, at: number): Value {
  const { shape, dtype } = elementOf(sequence);
  const size = sizeOf(shape);
  const all = arrayOf(sequence);
  return immediate(shape, dtype, shape.length === 0 ? all[at]! : all.subarray(at * size, (at + 1) * size));
}

function evaluate(inputs: readonly Value[], attrs: ScanAttributes, run: BodyRunner = interpret): Value[] {
  const { body, carries, length, reverse } = attrs;
  const parts = split(inputs, attrs);
  let carried = parts.carries;
  const outs = body.outputs.slice(carries);
  const stacks = outs.map((out): Storage => newStorage(out.dtype, length * sizeOf(out.shape)));
  for (let step = 0; step < length; step++) {
    const at = reverse ? length - 1 - step : step;
    const elements = parts.sequences.map((xs) => elementAt(xs, at));
    const results = run(body, [...parts.constants, ...carried, ...elements]);
    carried = results.slice(0, carries);
    results.slice(carries).forEach((y, i) => stacks[i]!.set(arrayOf(y), at * y.size));
  }
  const last = carried.map((x) => immediate(x.shape, x.dtype, x.rank === 0 ? contentOf(x) : arrayOf(x).slice()));
  return [...last, ...outs.map((out, i) => immediate([length, ...out.shape], out.dtype, stacks[i]!))];
}

/** Loops that come to no more instructions than this may be unrolled: longer code takes longer to make than to run. */
const MOST_UNROLLED = 1 << 13;

/** The steps one after the other, as an engine runs them; null for long loops, and for those of no step. */
function unrolled(inputs: readonly Aval[], attrs: ScanAttributes): Program | null {
  const { body, carries, length, reverse } = attrs;
  if (length === 0 || length * body.instructions.length > MOST_UNROLLED) return null;
  const loop = (...xs: Value[]): Value[] => {
    const parts = split(xs, attrs);
    const rows = Array.from({ length }, (): readonly Value[] => []);
    let carried = parts.carries;
    for (let step = 0; step < length; step++) {
      const at = reverse ? length - 1 - step : step;
      const results = interpret(body, [...parts.constants, ...carried, ...parts.sequences.map((xs) => xs.slice(at))]);
      carried = results.slice(0, carries);
      rows[at] = results.slice(carries);
    }
    return [...carried, ...body.outputs.slice(carries).map((_, i) => stack(rows.map((row): Value => row[i]!)))];
  };
  return traceFlat('scan', loop, inputs);
}

const runScan = (inputs: Parts<Value>, body: Program, length: number, reverse: boolean): readonly Value[] => {
  const { program, captured } = close(body);
  const constants = [...captured, ...inputs.constants];
  return apply(scanPrimitive, [...constants, ...inputs.carries, ...inputs.sequences], {
    body: program,
    constants: constants.length,
    carries: inputs.carries.length,
    length,
    reverse,
  });
};

// Forward mode: the same loop over pairs of primals and tangents --------------------------------------------------------

function jvp(tangents: readonly Cotangent[], inputs: readonly Value[], attrs: ScanAttributes): Cotangent[] {
  const { body, carries, length, reverse } = attrs;
  const floats = inputs.map((x) => isFloat(x.dtype));
  const paired = <T>(xs: readonly T[], ts: readonly T[], from: number): T[] => [
    ...xs,
    ...ts.filter((_, i) => floats[from + i]),
  ];
  const given = inputs.map((x, i) => tangents[i] ?? zerosOf(x));
  const [p, t] = [split(inputs, attrs), split(given, attrs)];
  const [atCarries, atSequences] = [attrs.constants, attrs.constants + carries];
  const parts: Parts<Value> = {
    constants: paired(p.constants, t.constants, 0),
    carries: paired(p.carries, t.carries, atCarries),
    sequences: paired(p.sequences, t.sequences, atSequences),
  };
  const counts = [
    p.constants.length,
    parts.constants.length,
    p.carries.length,
    parts.carries.length,
    p.sequences.length,
  ];
  const both = traceFlat(
    'scan',
    (...xs) => {
      const [constants, carried] = [xs.slice(0, counts[1]), xs.slice(counts[1], counts[1]! + counts[3]!)];
      const elements = xs.slice(counts[1]! + counts[3]!);
      const primals = [
        ...constants.slice(0, counts[0]),
        ...carried.slice(0, counts[2]),
        ...elements.slice(0, counts[4]),
      ];
      const rest = [...constants.slice(counts[0]), ...carried.slice(counts[2]), ...elements.slice(counts[4])];
      let next = 0;
      const ts = floats.map((float) => (float ? rest[next++] : undefined));
      const out = pushForwardProgram(body, primals, ts);
      const full = out.results.map((y, i) => out.tangents[i] ?? zerosOf(y));
      const float = (i: number): boolean => isFloat(body.outputs[i]!.dtype);
      const of = (from: number, to: number): Value[] => [
        ...out.results.slice(from, to),
        ...full.slice(from, to).filter((_, i) => float(from + i)),
      ];
      return [...of(0, carries), ...of(carries, out.results.length)];
    },
    [...parts.constants.map(avalOf), ...parts.carries.map(avalOf), ...parts.sequences.map(elementOf)],
  );
  const results = runScan(parts, both, length, reverse);
  return tangentsOf(results, body, carries);
}

/** Picks the tangents out of (carries, their tangents, results, their tangents). */
function tangentsOf(results: readonly Value[], body: Program, carries: number): Cotangent[] {
  const out: Cotangent[] = [];
  let at = 0;
  for (const group of [body.outputs.slice(0, carries), body.outputs.slice(carries)]) {
    at += group.length;
    for (const v of group) out.push(isFloat(v.dtype) ? results[at++] : undefined);
  }
  return out;
}

// Reverse mode: carries are saved on the way, then the loop runs backwards ----------------------------------------------

function savedCarries(inputs: readonly Value[], attrs: ScanAttributes): readonly Value[] {
  const { body, carries, length, reverse } = attrs;
  const parts = split(inputs, attrs);
  const saving = traceFlat('scan', (...xs) => [...interpret(body, xs).slice(0, carries), ...split(xs, attrs).carries], [
    ...parts.constants.map(avalOf),
    ...parts.carries.map(avalOf),
    ...parts.sequences.map(elementOf),
  ]);
  return runScan(parts, saving, length, reverse).slice(carries);
}

function vjp(gs: readonly Cotangent[], inputs: readonly Value[], attrs: ScanAttributes): Cotangent[] {
  const { body, constants, carries, length, reverse } = attrs;
  const parts = split(inputs, attrs);
  const saved = savedCarries(inputs, attrs);
  const floatAt = inputs.map((x) => isFloat(x.dtype));
  const isFloatOut = body.outputs.map((v) => isFloat(v.dtype));
  const full = infer([], attrs).map((aval, i) => gs[i] ?? zerosOf(aval));
  // Carried backwards: cotangents of the float carries, and sums for the float constants.
  const carryCotangents = full.slice(0, carries).filter((_, i) => isFloatOut[i]);
  const sums = parts.constants.filter((_, i) => floatAt[i]).map(zerosOf);
  const outCotangents = full.slice(carries).filter((_, i) => isFloatOut[carries + i]);
  const backwards: Parts<Value> = {
    constants: parts.constants,
    carries: [...carryCotangents, ...sums],
    sequences: [...saved, ...parts.sequences, ...outCotangents],
  };
  const step = (...xs: Value[]): Value[] => {
    const fixed = xs.slice(0, constants);
    const cotangents = xs.slice(constants, constants + carryCotangents.length);
    const accumulated = xs.slice(constants + carryCotangents.length, constants + backwards.carries.length);
    const elements = xs.slice(constants + backwards.carries.length);
    const operands = [...fixed, ...elements.slice(0, carries + parts.sequences.length)];
    const given = [...cotangents, ...elements.slice(carries + parts.sequences.length)];
    let next = 0;
    const seeds = isFloatOut.map((float) => (float ? given[next++] : undefined));
    const pulled = pullBackProgram(body, operands, seeds, floatAt).map((g, i) => g ?? zerosOf(operands[i]!));
    const at = split(
      pulled.map((g, i) => (floatAt[i] ? g : undefined)),
      attrs,
    );
    const floats = (list: readonly Cotangent[]): Value[] => list.filter((g): g is Value => g !== undefined);
    return [
      ...floats(at.carries),
      ...floats(at.constants).map((g, i) => accumulated[i]!.add(g)),
      ...floats(at.sequences),
    ];
  };
  const traced = traceFlat('scan', step, [
    ...backwards.constants.map(avalOf),
    ...backwards.carries.map(avalOf),
    ...backwards.sequences.map(elementOf),
  ]);
  const results = runScan(backwards, traced, length, !reverse);
  let [ofCarry, ofConstant, ofSequence] = [0, carryCotangents.length, backwards.carries.length];
  return inputs.map((_, i) => {
    if (!floatAt[i]) return undefined;
    if (i < constants) return results[ofConstant++];
    return i < constants + carries ? results[ofCarry++] : results[ofSequence++];
  });
}

// Batches --------------------------------------------------------------------------------------------------------------

function batch(inputs: readonly Value[], batched: readonly boolean[], size: number, attrs: ScanAttributes): Value[] {
  const { body, carries, constants, length, reverse } = attrs;
  const isSequence = (i: number): boolean => i >= constants + carries;
  // The batch axis of a sequence goes behind the axis that the loop runs along.
  const swap = (x: Value): Value => x.permute([1, 0, ...x.shape.slice(2).map((_, i) => i + 2)]);
  const isCarry = (i: number): boolean => i >= constants && !isSequence(i);
  const operands = inputs.map((x, i) => {
    if (isCarry(i)) return batched[i] ? x : x.broadcastTo([size, ...x.shape]);
    return isSequence(i) && batched[i] ? swap(x) : x;
  });
  const flags = batched.map((flag, i) => flag || isCarry(i));
  const inner = traceFlat(
    'scan',
    (...xs) => interpretBatched(body, { values: xs, batched: flags, size }),
    operands.map((x, i) => (isSequence(i) ? elementOf(x) : avalOf(x))),
  );
  const results = runScan(split(operands, attrs), inner, length, reverse);
  return results.map((y, i) => (i < carries ? y : swap(y)));
}

const scanPrimitive: Primitive<ScanAttributes> = primitive<ScanAttributes>({
  name: 'scan',
  glyph: '↻',
  infer,
  compute: { kind: 'program', evaluate },
  lower: (inputs, attrs) => {
    const body = unrolled(inputs, attrs);
    return body && { kind: 'inline', body };
  },
  flops: (_, { body, length }) => length * programStats(body).flop,
  derivatives: {
    kind: 'joint',
    jvp: (tangents, { inputs, attrs }) => jvp(tangents, inputs, attrs),
    vjp: (gs, { inputs, attrs }) => vjp(gs, inputs, attrs),
  },
  batch,
});

// The public function --------------------------------------------------------------------------------------------------

export interface ScanOptions {
  /** From the last element to the first. */
  readonly reverse?: boolean;
  /** The number of steps, where there are no sequences to tell. */
  readonly length?: number;
}

function stepsOf(sequences: readonly Value[], options: ScanOptions | undefined): number {
  const lengths = sequences.map((x) => x.shape[0]);
  const length = options?.length ?? lengths[0];
  if (length === undefined || !Number.isInteger(length) || length < 0) {
    throw new OptionError('the number of steps is unknown', {
      op: 'scan',
      option: 'length',
      hint: 'Give sequences with a leading axis, or { length }.',
    });
  }
  const wrong = sequences.find((x) => x.shape[0] !== length);
  if (wrong === undefined) return length;
  throw new ShapeError(`sequences have ${length} and ${wrong.shape[0] ?? 'no'} steps`, {
    op: 'scan',
    shapes: sequences.map((x) => x.shape),
  });
}

function checkCarries(
  before: readonly Aval[],
  after: readonly Aval[],
  structures: readonly [Structure, Structure],
): void {
  const same =
    structureKey(structures[0]) === structureKey(structures[1]) &&
    before.every((x, i) => sameShape(x.shape, after[i]!.shape) && x.dtype === after[i]!.dtype);
  if (same) return;
  const show = (xs: readonly Aval[]): string => xs.map((x) => `${showShape(x.shape)} ${x.dtype}`).join(', ');
  throw new ShapeError(`the carry must keep its structure, shapes and dtypes: ${show(before)} became ${show(after)}`, {
    op: 'scan',
    hint: 'Return [carry, y] with a carry like the one that came in.',
  });
}

/**
 * Runs `f(carry, x) → [carry, y]` along the leading axis of xs; returns [last carry, stacked ys]. f is traced once, so
 * it must not read numbers. carry, xs and ys may be trees; y may be null.
 * @throws ShapeError if the carry changes its shape or dtype.
 * @example scan((sum, x) => [sum.add(x), sum.add(x)], value(0), value([1, 2, 3])) // [6, [1, 3, 6]]
 */
export function scan<C = Value, X = Value, Y = unknown>(
  f: (carry: C, x: X) => readonly [unknown, Y],
  init: Lifted<C>,
  xs: Reshaped<X> | null,
  options?: ScanOptions,
): [Values<C>, Reshaped<Y>];
export function scan(f: AnyFunction, init: unknown, xs: unknown, options?: ScanOptions): [AnyTree, AnyTree];
export function scan(f: AnyFunction, init: unknown, xs: unknown, options?: ScanOptions): [unknown, unknown] {
  requireFunction(f, 'scan');
  checkOptions('scan', options, ['reverse', 'length']);
  const carry = toTree(init, 'scan');
  const sequences = toTree(xs ?? null, 'scan');
  const length = stepsOf(sequences.leaves, options);
  const n = carry.leaves.length;
  let resultTree: Structure | null = null;
  let carryTree: Structure | null = null;
  const body = traceFlat(
    'scan',
    (...values) => {
      const result = f(fromTree(carry.structure, values.slice(0, n)), fromTree(sequences.structure, values.slice(n)));
      refusePromise(result, 'scan');
      if (!Array.isArray(result) || result.length !== 2)
        throw new OptionError('f must return [carry, y]', { op: 'scan', hint: 'y may be null.' });
      const [after, y] = result.map((part: unknown) => toTree(part, 'scan'));
      carryTree = after!.structure;
      resultTree = y!.structure;
      checkCarries(carry.leaves, after!.leaves, [carry.structure, carryTree]);
      return [...after!.leaves, ...y!.leaves];
    },
    [...carry.leaves.map(avalOf), ...sequences.leaves.map(elementOf)],
  );
  // Each step has random numbers of its own, which derivatives must see again: they come in as a sequence.
  const { program, draws } = withDrawsAsInputs(body);
  const drawn = draws.map(({ primitive, attrs }) => primitive.batch([], [], length, attrs)[0]!);
  const parts = { constants: [], carries: carry.leaves, sequences: [...sequences.leaves, ...drawn] };
  const results = runScan(parts, program, length, options?.reverse ?? false);
  return [fromTree(carryTree!, results.slice(0, n)), fromTree(resultTree!, results.slice(n))];
}
