/**
 * A sparse linear map along one axis: out[to] is the weighted sum of x[from] over a list of terms (from, to, weight).
 * Average pooling sums windows with it, interpolation mixes neighbours; its transpose swaps `from` and `to`. Only the
 * terms that are listed are read, so an ∞ far away does no harm (as 0 · ∞ in a matrix would).
 */
import { isFloat } from '../../base/dtypes.ts';
import type { Dense } from '../../base/storage.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { Value } from '../../value/value.ts';
import type { Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';
import { bandsOf } from './bands.ts';
import { linear } from './linear.ts';

export interface ResampleAttributes extends Record<string, unknown> {
  readonly axis: number;
  /** The axis's length in the result. */
  readonly size: number;
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Null for 1 everywhere. */
  readonly weights: readonly number[] | null;
  /** Sums start from +0 (pooling), or from their first term (interpolation, where copies of −0 stay −0). */
  readonly start: 'zero' | 'term';
}

/** 1 where a term opens its sum. */
function openings(to: Int32Array, size: number): Uint8Array {
  const seen = new Uint8Array(size);
  return Uint8Array.from(to, (place) => {
    const opens = 1 - seen[place]!;
    seen[place] = 1;
    return opens;
  });
}

function run(out: Dense, x: Dense, attrs: ResampleAttributes): void {
  const { axis, size } = attrs;
  const length = x.shape[axis]!;
  const before = sizeOf(x.shape.slice(0, axis));
  const behind = sizeOf(x.shape.slice(axis + 1));
  const from = Int32Array.from(attrs.from);
  const to = Int32Array.from(attrs.to);
  const weights = attrs.weights === null ? null : Float64Array.from(attrs.weights);
  const opens = attrs.start === 'term' ? openings(to, size) : new Uint8Array(to.length);
  const single = out.dtype === 'float32';
  const source = x.data;
  const target = out.data;
  for (let b = 0; b < before; b++) {
    for (let t = 0; t < to.length; t++) {
      const s = (b * length + from[t]!) * behind;
      const o = (b * size + to[t]!) * behind;
      const w = weights === null ? 1 : weights[t]!;
      for (let i = 0; i < behind; i++) {
        const term = single ? Math.fround(source[s + i]! * w) : source[s + i]! * w;
        target[o + i] = opens[t] === 1 ? term : target[o + i]! + term;
      }
    }
  }
}

export const resamplePrimitive: Primitive<ResampleAttributes> = linear<ResampleAttributes>({
  name: 'resample',
  glyph: '⇲',
  infer: (x, { axis, size }) => ({ shape: x.shape.map((n, i) => (i === axis ? size : n)), dtype: x.dtype }),
  run,
  lower: ({ dtype }, attrs) => {
    const bands = isFloat(dtype) ? bandsOf(attrs) : null;
    return bands && { kind: 'bands', axis: attrs.axis, bands, start: attrs.start };
  },
  adjoint: (g, x, { axis, from, to, weights }) =>
    resample(g, { axis, size: x.shape[axis]!, from: to, to: from, weights, start: 'zero' }),
  batch: (x, _, attrs) => resample(x, { ...attrs, axis: attrs.axis + 1 }),
});

export const resample = (x: Value, attrs: ResampleAttributes): Value => runtime.applyOne(resamplePrimitive, [x], attrs);
