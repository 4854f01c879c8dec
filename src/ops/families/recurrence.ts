/**
 * The linear recurrence, from which running products and running log-sums are made: no division, and closed under
 * differentiation, so that zeros are ordinary at any order.
 */
import { newStorage, type DType } from '../../base/dtypes.ts';
import { DtypeError, ShapeError, showShapes } from '../../base/errors.ts';
import type { Dense } from '../../base/storage.ts';
import type { Value } from '../../value/value.ts';
import { aroundAxis } from '../kernels/axis.ts';
import { primitive, type Cotangent, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';
import { embedPrimitive } from './slicing.ts';

export interface RecurrenceAttributes extends Record<string, unknown> {
  readonly axis: number;
  /** Runs from the last element to the first. */
  readonly reverse: boolean;
}

/** out[at + j] = a[factor + j]·out[previous + j] + b[at + j] for j < width. */
type Link = (out: Dense, a: Dense, b: Dense, at: number, previous: number, factor: number, width: number) => void;

const link64: Link = (out, a, b, at, previous, factor, width) => {
  for (let j = 0; j < width; j++) out.data[at + j] = a.data[factor + j]! * out.data[previous + j]! + b.data[at + j]!;
};

// Storing rounds the sum; the product is rounded here.
const link32: Link = (out, a, b, at, previous, factor, width) => {
  for (let j = 0; j < width; j++) {
    out.data[at + j] = Math.fround(a.data[factor + j]! * out.data[previous + j]!) + b.data[at + j]!;
  }
};

const linkInt: Link = (out, a, b, at, previous, factor, width) => {
  for (let j = 0; j < width; j++) {
    out.data[at + j] = Math.imul(a.data[factor + j]!, out.data[previous + j]!) + b.data[at + j]!;
  }
};

const LINKS: Readonly<Record<DType, Link>> = { float64: link64, float32: link32, int32: linkInt, bool: linkInt };

function runRecurrence(out: Dense, a: Dense, b: Dense, { axis, reverse }: RecurrenceAttributes): void {
  const { before, length, behind } = aroundAxis(b.shape, axis);
  const link = LINKS[b.dtype];
  const step = reverse ? -behind : behind;
  for (let m = 0; m < before; m++) {
    let at = (m * length + (reverse ? length - 1 : 0)) * behind;
    let factor = (m * (length - 1) + (reverse ? length - 2 : 0)) * behind;
    for (let j = 0; j < behind; j++) out.data[at + j] = b.data[at + j]!;
    for (let i = 1; i < length; i++, at += step, factor += step) link(out, a, b, at + step, at, factor, behind);
  }
}

/** All but the last (`from` 0) or all but the first (`from` 1) of an axis: the neighbours that the recurrence links. */
const neighbours = (x: Value, axis: number, from: 0 | 1): Value => x.narrow(axis, from, x.shape[axis]! - 1);

/** One element more on the axis: zero in front (`from` 1) or behind (`from` 0). */
const embedded = (x: Value, axis: number, from: 0 | 1): Value =>
  runtime.applyOne(embedPrimitive, [x], {
    starts: x.shape.map((_, i) => (i === axis ? from : 0)),
    sizes: x.shape,
    steps: x.shape.map(() => 1),
    shape: x.shape.map((n, i) => (i === axis ? n + 1 : n)),
  });

/**
 * s₀ = b₀, sᵢ₊₁ = aᵢ·sᵢ + bᵢ₊₁ along an axis; in reverse sₙ₋₁ = bₙ₋₁, sᵢ = aᵢ·sᵢ₊₁ + bᵢ. a has one element less.
 * The adjoint in b is the recurrence run the other way with the same a.
 */
const recurrencePrimitive: Primitive<RecurrenceAttributes> = primitive<RecurrenceAttributes>({
  name: 'recurrence',
  glyph: '↻',
  infer: ([a, b], { axis }) => {
    const fits =
      a!.shape.length === b!.shape.length && a!.shape.every((n, i) => n === b!.shape[i]! - (i === axis ? 1 : 0));
    if (!fits) {
      throw new ShapeError(`factors and terms of shapes ${showShapes([a!.shape, b!.shape])} along axis ${axis}`, {
        op: 'recurrence',
        shapes: [a!.shape, b!.shape],
        axis,
        hint: 'The factors have one element less along the axis, and the same lengths elsewhere.',
      });
    }
    if (a!.dtype !== b!.dtype) throw new DtypeError(`${a!.dtype} beside ${b!.dtype}`, { op: 'recurrence' });
    return [{ shape: b!.shape, dtype: b!.dtype }];
  },
  compute: { kind: 'kernel', run: ([out], [a, b], attrs) => runRecurrence(out!, a!, b!, attrs) },
  derivatives: {
    kind: 'joint',
    jvp: ([ta, tb], { inputs: [a], outputs: [s], attrs }) => {
      const [source, target] = attrs.reverse ? ([1, 0] as const) : ([0, 1] as const);
      const moved: Cotangent = ta && embedded(ta.mul(neighbours(s!, attrs.axis, source)), attrs.axis, target);
      const terms = moved !== undefined && tb !== undefined ? tb.add(moved) : (tb ?? moved);
      return [terms && runtime.applyOne(recurrencePrimitive, [a!, terms], attrs)];
    },
    vjp: ([g], { inputs: [a], outputs: [s], attrs }, [needsA]) => {
      if (g === undefined) return [undefined, undefined];
      const [source, target] = attrs.reverse ? ([1, 0] as const) : ([0, 1] as const);
      const back = runtime.applyOne(recurrencePrimitive, [a!, g], { ...attrs, reverse: !attrs.reverse });
      const forA = needsA && neighbours(back, attrs.axis, target).mul(neighbours(s!, attrs.axis, source));
      return [forA || undefined, back];
    },
  },
  batch: (inputs, batched, size, { axis, reverse }) => {
    const full = inputs.map((x, i) => (batched[i] ? x : x.broadcastTo([size, ...x.shape])));
    return [runtime.applyOne(recurrencePrimitive, full, { axis: axis + 1, reverse })];
  },
});

/** The recurrence of at least one element. */
export const recurrence = (a: Value, b: Value, axis: number, reverse: boolean): Value =>
  runtime.applyOne(recurrencePrimitive, [a, b], { axis, reverse });

/** 1 at one end of the axis and −0 elsewhere, which adds nothing: x + (−0) is x, also for x = −0. */
function oneAtEnd(x: Value, axis: number, reverse: boolean): Value {
  const n = x.shape[axis]!;
  const terms = newStorage(x.dtype, n).fill(-0);
  terms[reverse ? n - 1 : 0] = 1;
  const shape = x.shape.map((_, i) => (i === axis ? n : 1));
  return runtime.fromArray(terms, shape, x.dtype).broadcastTo(x.shape);
}

/** The product of what lies before each element (in reverse: behind it), the element itself left out; 1 for none. */
export function productsBefore(x: Value, axis: number, reverse: boolean): Value {
  if (x.shape[axis] === 0) return x;
  const factors = neighbours(x, axis, reverse ? 1 : 0);
  return runtime.applyOne(recurrencePrimitive, [factors, oneAtEnd(x, axis, reverse)], { axis, reverse });
}
