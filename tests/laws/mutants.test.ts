/** Ops that are wrong on purpose, made with the builders that the library's own ops are made with: each must be caught. */
import 'chainrule';
import { contract } from '../../src/ops/families/contraction.ts';
import { linear, type LinearSpec } from '../../src/ops/families/linear.ts';
import { negated, one, times, unary, binary, whereMask } from '../../src/ops/families/pointwise.ts';
import { reductionPrimitive, stretchBack, type AxesAttributes } from '../../src/ops/families/reduction.ts';
import type { Lowering, Part, Reducer } from '../../src/ops/lowering.ts';
import { composite, op, type Call, type Family, type Op, type Sample } from '../../src/ops/op.ts';
import { NO_ATTRIBUTES, primitive, type Primitive, type PrimitiveSpec } from '../../src/ops/primitive.ts';
import { runtime } from '../../src/ops/runtime.ts';
import type { Value } from '../../src/value/value.ts';
import { checkOp } from 'chainrule/testing';

type AnyOp = Op<Family>;

const shaped = (...shapes: readonly number[][]): Sample['inputs'] => shapes.map((shape) => ({ shape }));

const opOf = (name: string, p: Primitive | null, call: Call, inputs: Sample['inputs']): AnyOp =>
  op(name, p, call, { samples: [{ inputs, call: call as Sample['call'] }] });

/** An op of one operand and no attributes. */
function onePrimitive(name: string, spec: Omit<PrimitiveSpec, 'name' | 'glyph'>, shape: number[] = [2, 3]): AnyOp {
  const p = primitive({ name, glyph: name, ...spec });
  return opOf(name, p, (x: Value) => runtime.applyOne(p, [x], NO_ATTRIBUTES), shaped(shape));
}

/** A linear op of one operand and no attributes. */
function linearOp(name: string, spec: Omit<LinearSpec<never>, 'name' | 'glyph'>, shape: number[] = [2, 3]): AnyOp {
  const p = linear({ name, glyph: name, ...spec }) as unknown as Primitive;
  return opOf(name, p, (x: Value) => runtime.applyOne(p, [x], NO_ATTRIBUTES), shaped(shape));
}

/** y[i] = x[i] + x[i−1] along the last axis, cyclically: x + shift(x). What is right about it can be replaced. */
function shiftAdd(name: string, wrong: Partial<Omit<LinearSpec<never>, 'name' | 'glyph'>> = {}): AnyOp {
  return linearOp(name, {
    infer: (x) => x,
    run: (out, x) => {
      const n = x.shape.at(-1)!;
      for (let i = 0; i < x.data.length; i++) {
        const before = i % n === 0 ? i + n - 1 : i - 1;
        out.data[i] = x.data[i]! + x.data[before]!;
      }
    },
    adjoint: (g) => g.add(g.roll(-1, -1)),
    batch: (x) => x.add(x.roll(1, -1)),
    ...wrong,
  });
}

/** x ↦ 2x by hand, with each rule in one place. */
const twice = (name: string, wrong: Partial<PrimitiveSpec> = {}): AnyOp =>
  onePrimitive(name, {
    infer: ([x]) => [x!],
    compute: {
      kind: 'kernel',
      run: ([out], [x]) => x!.data.forEach((a, i) => (out!.data[i] = 2 * a)),
    },
    derivatives: { kind: 'each', jvp: ([t]) => t?.mul(2), vjp: (g) => g.mul(2) },
    batch: ([x]) => [x!.mul(2)],
    ...wrong,
  });

/** Both halves of a row as two results. */
function halves(name: string, vjp: (gs: readonly (Value | undefined)[]) => Value): AnyOp {
  const half = (x: Value, i: number): Value => x.narrow(-1, 2 * i, 2);
  const p: Primitive = primitive({
    name,
    glyph: name,
    infer: ([x]) => [0, 1].map(() => ({ shape: [...x!.shape.slice(0, -1), 2], dtype: x!.dtype })),
    compute: {
      kind: 'kernel',
      run: (outs, [x]) =>
        x!.data.forEach((a, i) => (outs[i % 4 < 2 ? 0 : 1]!.data[2 * Math.floor(i / 4) + (i % 2)] = a)),
    },
    derivatives: { kind: 'joint', jvp: ([t]) => [t && half(t, 0), t && half(t, 1)], vjp: (gs) => [vjp(gs)] },
    batch: ([x]) => runtime.apply(p, [x!], NO_ATTRIBUTES),
  });
  return opOf(name, p, (x: Value) => runtime.apply(p, [x], NO_ATTRIBUTES), shaped([3, 4]));
}

const padHalf = (g: Value | undefined, i: number): Value =>
  g === undefined ? runtime.fill([], 0, 'float64') : g.pad(i === 0 ? [0, 2] : [2, 0]);

function total(name: string, wrong: Partial<Primitive<AxesAttributes>>): AnyOp {
  const right: Primitive<AxesAttributes> = reductionPrimitive({
    name,
    glyph: name,
    reduce: (data, start, stride, count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += data[start + i * stride]!;
      return sum;
    },
    derivatives: {
      kind: 'each',
      jvp: ([t], { attrs }) => t?.sum(attrs.axes),
      vjp: (g, _, { inputs, attrs }) => stretchBack(g, inputs[0]!.shape, attrs.axes),
    },
  });
  const p = { ...right, ...wrong };
  return opOf(name, p, (x: Value) => runtime.applyOne(p, [x], { axes: [1] }), shaped([2, 2, 2]));
}

const factor = unary({ name: 'factor', lane: (k, x) => k.mul(x, x), partials: [times((_, a) => a.mul(2))] });

const lowersTo = (reducer: Reducer): Lowering => ({ kind: 'reduce', reducer, axes: [1] });

/** Three elements in reverse order, lowered to these parts. */
function reversed(name: string, ...wrong: Partial<Part>[]): AnyOp {
  const part: Part = { operand: 0, at: [0], size: [3], start: 2, strides: [-1] };
  const spec: Omit<LinearSpec<never>, 'name' | 'glyph'> = {
    infer: (x) => x,
    run: (out, x) => x.data.forEach((a, i) => (out.data[2 - i] = a)),
    lower: () => ({ kind: 'map', parts: wrong.map((change) => ({ ...part, ...change })) }),
    adjoint: (g) => g.flip(0),
    batch: (x) => x.flip(1),
  };
  return linearOp(name, spec, [3]);
}

const right: Record<string, AnyOp> = {
  'a pointwise op': factor,
  'a linear op': shiftAdd('shiftAdd'),
  'an op with each rule by hand': twice('twice'),
  'an op with two results': halves('halves', ([g0, g1]) => padHalf(g0, 0).add(padHalf(g1, 1))),
  'a reduction': total('total', { lower: () => lowersTo('sum') }),
  'a lowered permutation': reversed('reversed', {}),
};

test.each(Object.entries(right))('unmutated: %s keeps all laws', (_, made) => {
  checkOp(made, { numRuns: 3 });
});

const FIRST = 'jvp and vjp = finite differences';
const SECOND = 'second derivatives = finite differences';
const LOWERED = 'lowered = the reference kernel';
const SLICES = 'vmap = stack of slices';

/** What is wrong, the law that says so, the op. */
const mutants: [string, string, () => AnyOp][] = [
  ['a sign', FIRST, () => binary({ name: 'm', lane: (k, x, y) => k.sub(x, y), partials: [one, one] })],
  [
    'a forgotten factor',
    FIRST,
    () => unary({ name: 'm', lane: (k, x) => k.mul(x, x), partials: [times((_, a) => a)] }),
  ],
  [
    'partials of the wrong operands',
    FIRST,
    () => binary({ name: 'm', lane: (k, x, y) => k.mul(x, y), partials: [times((_, a) => a), times((_, __, b) => b)] }),
  ],
  [
    'a partial that forgets that it depends on the operand',
    SECOND,
    () => unary({ name: 'm', lane: (k, x) => k.mul(x, x), partials: [times((_, a) => a.detach().mul(2))] }),
  ],
  [
    'a mask the wrong way round',
    FIRST,
    () =>
      unary({
        name: 'm',
        lane: (k, x) => k.select(k.gt(x, 0), x, 0),
        partials: [whereMask((_, a) => a.lt(0))],
        domains: [{ except: [0] }],
      }),
  ],
  [
    'selection by multiplying with a mask: 0 · ∞',
    FIRST,
    () =>
      unary({
        name: 'm',
        lane: (k, x) => k.select(k.gt(x, 0), k.sqrt(x), 0),
        partials: [(g, _, a) => g.mul(a.clamp(0).sqrt().reciprocal().mul(0.5)).mul(a.gt(0).to('float64'))],
        domains: [{ except: [0] }],
      }),
  ],
  [
    'a derivative called zero that is not',
    FIRST,
    () => twice('m', { derivatives: { kind: 'each', jvp: () => undefined, vjp: () => undefined } }),
  ],
  [
    'vjp right, jvp wrong',
    FIRST,
    () => twice('m', { derivatives: { kind: 'each', jvp: ([t]) => t?.mul(3), vjp: (g) => g.mul(2) } }),
  ],
  [
    'jvp right, vjp wrong',
    FIRST,
    () => twice('m', { derivatives: { kind: 'each', jvp: ([t]) => t?.mul(2), vjp: (g) => g.neg() } }),
  ],
  ['an adjoint that shifts the wrong way', FIRST, () => shiftAdd('m', { adjoint: (g) => g.add(g.roll(1, -1)) })],
  [
    'a permutation taken for its own inverse',
    FIRST,
    () =>
      linearOp(
        'm',
        {
          infer: ({ shape: [a, b, c], dtype }) => ({ shape: [c!, a!, b!], dtype }),
          run: (out, x) => {
            const [n, a, b] = out.shape as [number, number, number];
            for (let i = 0; i < out.data.length; i++)
              out.data[i] = x.data[(i % (a * b)) * n + Math.floor(i / (a * b))]!;
          },
          adjoint: (g) => g.permute([2, 0, 1]),
          batch: (x) => x.permute([0, 3, 1, 2]),
        },
        [2, 2, 2],
      ),
  ],
  [
    'a shape rule that is one too short',
    FIRST,
    () =>
      shiftAdd('m', { infer: ({ shape, dtype }) => ({ shape: [...shape.slice(0, -1), shape.at(-1)! - 1], dtype }) }),
  ],
  [
    'a product whose second operand gets the cotangent of the first',
    FIRST,
    () => {
      const names = { a: [0, 1], b: [1, 2], out: [0, 2], as: 'm' };
      const p: Primitive = primitive({
        name: 'm',
        glyph: 'm',
        infer: ([a, b]) => [{ shape: [a!.shape[0]!, b!.shape[1]!], dtype: a!.dtype }],
        compute: { kind: 'program', evaluate: ([a, b]) => [contract(a!, b!, names)] },
        derivatives: {
          kind: 'each',
          jvp: ([s, t], { inputs: [a, b] }) =>
            contract(s ?? a!.mul(0), b!, names).add(contract(a!, t ?? b!.mul(0), names)),
          vjp: (g, i, { inputs: [a, b] }) => (i === 0 ? g.matmul(b!.transpose(0, 1)) : g.transpose(0, 1).matmul(a!)),
        },
        batch: ([a, b]) => [a!.matmul(b!)],
      });
      return opOf('m', p, (a: Value, b: Value) => runtime.applyOne(p, [a, b], NO_ATTRIBUTES), shaped([2, 2], [2, 2]));
    },
  ],
  [
    'a result whose cotangent is forgotten',
    FIRST,
    () => halves('m', ([g0]) => padHalf(g0, 0).add(runtime.fill([3, 4], 0, 'float64'))),
  ],
  [
    'a batch axis that is reduced with the others',
    SLICES,
    () => {
      const batch: Primitive<AxesAttributes>['batch'] = ([x], _, __, { axes }) => [x!.sum(axes)];
      return total('m', { batch });
    },
  ],
  ['a batch rule that loses the batch axis', SLICES, () => twice('m', { batch: ([x]) => [x!.slice(0).mul(2)] })],
  [
    'a batch rule that serves every example the first',
    SLICES,
    () => twice('m', { batch: ([x]) => [x!.slice([0, 1]).mul(2).broadcastTo(x!.shape)] }),
  ],
  [
    'a batch rule that rounds otherwise',
    SLICES,
    () => shiftAdd('m', { batch: (x) => x.mul(3).add(x.roll(1, -1).mul(3)).div(3) }),
  ],
  [
    'a batch rule that lets no derivative through',
    'derivatives of vmap = stack of derivatives',
    () => twice('m', { batch: ([x]) => [x!.detach().mul(2)] }),
  ],
  [
    'a copy that is none, claimed of a filled operand',
    'a filled operand = its elements written out',
    () => shiftAdd('m', { copies: true }),
  ],
  [
    'float32 widened',
    'float32 stays float32, near float64',
    () => unary({ name: 'm', lane: (k, x) => k.to(k.neg(x), 'f64'), result: 'float64', partials: [negated] }),
  ],
  ['a lowering that reads the wrong elements', LOWERED, () => reversed('m', { start: 0, strides: [1] })],
  ['a lowering that reads beyond its operand', LOWERED, () => reversed('m', { start: 3, strides: [-1] })],
  ['a lowering whose parts overlap', LOWERED, () => reversed('m', { size: [1] }, { start: 1, size: [2] })],
  ['a lowering that leaves elements out', LOWERED, () => reversed('m', { size: [2] })],
  ['a reduction lowered as another', LOWERED, () => total('m', { lower: () => lowersTo('maximum') })],
  [
    'a branch on data',
    'trace and interpret = eager',
    () =>
      composite('m', (x: Value) => (x.sum().item() > 0 ? x : x.neg()), {
        samples: [{ inputs: shaped([3]), call: (x) => (x.sum().item() > 0 ? x : x.neg()) }],
      }),
  ],
  [
    'state: another result each time',
    'trace and interpret = eager',
    () => {
      let calls = 0;
      const call = (x: Value): Value => x.add(++calls);
      return composite('m', call, { samples: [{ inputs: shaped([3]), call }] });
    },
  ],
  [
    'a bad call that is let through',
    'refuses bad calls',
    () =>
      op('m', null, (x: Value) => x, {
        samples: [{ inputs: shaped([2]), call: (x) => x }],
        errors: [{ call: () => runtime.fill([2], 0, 'float64'), error: 'ShapeError', message: /2/ }],
      }),
  ],
  [
    'an error of the wrong class',
    'refuses bad calls',
    () =>
      op('m', null, (x: Value) => x, {
        samples: [{ inputs: shaped([2]), call: (x) => x }],
        errors: [{ call: () => runtime.fill([2], 0, 'float64').reshape([3]), error: 'AxisError', message: /reshape/ }],
      }),
  ],
  [
    'a value that depends on whether it is recorded',
    'recording changes nothing',
    () => {
      const call = (x: Value): Value => (x.requiresGrad ? x.add(0.1).sub(0.1) : x);
      return composite('m', call, {
        samples: [{ inputs: shaped([8]), call, differentiable: false, notBatched: 'wrong' }],
      });
    },
  ],
];

test.each(mutants)('caught: %s', (_, law, mutant) => {
  expect(() => checkOp(mutant(), { numRuns: 10 })).toThrow(new RegExp(`^m › ${law}`));
});

test('caught: a compile that rounds otherwise', () => {
  const compile =
    (f: (...xs: Value[]) => unknown) =>
    (...xs: Value[]) =>
      (f(...xs) as Value).mul(1 + Number.EPSILON);
  expect(() => checkOp(twice('m'), { compile })).toThrow(/^m › compiled = eager, values and gradients/);
});
