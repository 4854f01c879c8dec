/** Segments of an axis: joining them and taking them apart are each other's adjoints. */
import { ShapeError, showShapes } from '../../base/errors.ts';
import { stridesOf, type Shape } from '../../base/shapes.ts';
import type { Value } from '../../value/value.ts';
import { gatherStrided, placeStrided } from '../kernels/strided.ts';
import { primitive, type Aval, type Cotangent, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';
import { box } from './maps.ts';

interface AxisAttributes extends Record<string, unknown> {
  readonly axis: number;
}

interface SplitAttributes extends AxisAttributes {
  /** The lengths of the parts; they fill the axis. */
  readonly sizes: readonly number[];
}

const withLength = (shape: Shape, axis: number, length: number): Shape =>
  shape.map((n, i) => (i === axis ? length : n));

export const total = (sizes: readonly number[]): number => sizes.reduce((sum, n) => sum + n, 0);

/** Where segments of these lengths begin. */
function startsOf(sizes: readonly number[]): number[] {
  let next = 0;
  return sizes.map((n) => (next += n) - n);
}

const cornerAt = (shape: Shape, axis: number, start: number): Shape => shape.map((_, i) => (i === axis ? start : 0));

const orZeros = (t: Cotangent, x: Aval): Value => t ?? runtime.fill(x.shape, 0, x.dtype);

function requireFitting(shapes: readonly Shape[], axis: number): void {
  const first = shapes[0]!;
  const misfit = shapes.find((s) => s.length !== first.length || s.some((n, i) => i !== axis && n !== first[i]));
  if (misfit === undefined) return;
  throw new ShapeError(`${showShapes([first, misfit])} cannot be joined along axis ${axis}`, {
    op: 'concat',
    shapes,
    axis,
    hint: 'All axes but the joined one must agree; stack joins along a new axis.',
  });
}

export const concatPrimitive: Primitive<AxisAttributes> = primitive<AxisAttributes>({
  name: 'concat',
  glyph: '⧺',
  infer: (inputs, { axis }) => {
    const shapes = inputs.map((x) => x.shape);
    requireFitting(shapes, axis);
    const length = total(shapes.map((shape) => shape[axis]!));
    return [{ shape: withLength(shapes[0]!, axis, length), dtype: inputs[0]!.dtype }];
  },
  compute: {
    kind: 'kernel',
    copies: true,
    run: ([out], inputs, { axis }) => {
      const strides = stridesOf(out!.shape);
      let start = 0;
      for (const x of inputs) {
        placeStrided(out!, x, strides, start * strides[axis]!);
        start += x.shape[axis]!;
      }
    },
  },
  lower: (inputs, { axis }) => ({
    kind: 'map',
    parts: startsOf(inputs.map((x) => x.shape[axis]!)).flatMap((start, i) =>
      box(cornerAt(inputs[i]!.shape, axis, start), inputs[i]!.shape, stridesOf(inputs[i]!.shape), 0, [0, i]),
    ),
  }),
  derivatives: {
    kind: 'joint',
    jvp: (tangents, { inputs, attrs }) => [
      runtime.applyOne(
        concatPrimitive,
        tangents.map((t, i) => orZeros(t, inputs[i]!)),
        attrs,
      ),
    ],
    vjp: ([g], { inputs, attrs: { axis } }) =>
      parts(
        g!,
        axis,
        inputs.map((x) => x.shape[axis]!),
      ),
  },
  batch: (inputs, batched, size, { axis }) => {
    const full = inputs.map((x, i) => (batched[i] ? x : x.broadcastTo([size, ...x.shape])));
    return [runtime.applyOne(concatPrimitive, full, { axis: axis + 1 })];
  },
});

/** Joined along an axis; dtypes and shapes are known to fit. */
export const joined = (xs: readonly Value[], axis: number): Value =>
  xs.length === 1 ? xs[0]! : runtime.applyOne(concatPrimitive, xs, { axis });

export const splitPrimitive: Primitive<SplitAttributes> = primitive<SplitAttributes>({
  name: 'split',
  glyph: '⫼',
  infer: ([x], { axis, sizes }) => sizes.map((size) => ({ shape: withLength(x!.shape, axis, size), dtype: x!.dtype })),
  compute: {
    kind: 'kernel',
    copies: true,
    run: (outs, [x], { axis }) => {
      const strides = stridesOf(x!.shape);
      let start = 0;
      for (const out of outs) {
        gatherStrided(out, x!, strides, start * strides[axis]!);
        start += out.shape[axis]!;
      }
    },
  },
  lower: ([x], { axis, sizes }) => {
    const strides = stridesOf(x!.shape);
    const origin = cornerAt(x!.shape, axis, 0);
    return {
      kind: 'map',
      parts: startsOf(sizes).flatMap((start, i) =>
        box(origin, withLength(x!.shape, axis, sizes[i]!), strides, start * strides[axis]!, [i, 0]),
      ),
    };
  },
  derivatives: {
    kind: 'joint',
    jvp: ([t], { attrs }) => parts(t!, attrs.axis, attrs.sizes),
    vjp: (gs, { outputs, attrs: { axis } }) => [
      joined(
        gs.map((g, i) => orZeros(g, outputs[i]!)),
        axis,
      ),
    ],
  },
  batch: ([x], _, __, { axis, sizes }) => parts(x!, axis + 1, sizes),
});

/** x taken apart along an axis into parts of these lengths, which fill it. */
export const parts = (x: Value, axis: number, sizes: readonly number[]): readonly Value[] =>
  sizes.length === 1 ? [x] : runtime.apply(splitPrimitive, [x], { axis, sizes });
