/** Walking arrays by strides: what broadcasting, permuting, slicing and their adjoints have in common. */
import type { Dense } from '../../base/storage.ts';

/** out[i…] = x[start + Σ i·stride]: what broadcasting, permuting and slicing have in common. */
export function gatherStrided(out: Dense, x: Dense, strides: readonly number[], start: number): void {
  const rank = out.shape.length;
  const source = x.data;
  const target = out.data;
  if (target.length === 0) return;
  if (rank === 0) {
    target[0] = source[start]!;
    return;
  }
  const inner = out.shape[rank - 1]!;
  const step = strides[rank - 1]!;
  const index = new Array<number>(rank - 1).fill(0);
  let base = start;
  for (let o = 0; o < target.length; o += inner) {
    for (let i = 0, at = base; i < inner; i++, at += step) target[o + i] = source[at]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      base += strides[axis]!;
      if (++index[axis]! < out.shape[axis]!) break;
      base -= strides[axis]! * out.shape[axis]!;
      index[axis] = 0;
    }
  }
}

/** out[start + Σ i·stride] += x[i…]: the adjoint of `gatherStrided`. */
export function scatterStrided(out: Dense, x: Dense, strides: readonly number[], start: number): void {
  const rank = x.shape.length;
  const target = out.data;
  const source = x.data;
  if (source.length === 0) return;
  if (rank === 0) {
    target[start]! += source[0]!;
    return;
  }
  const inner = x.shape[rank - 1]!;
  const step = strides[rank - 1]!;
  const index = new Array<number>(rank - 1).fill(0);
  let base = start;
  for (let o = 0; o < source.length; o += inner) {
    for (let i = 0, at = base; i < inner; i++, at += step) target[at]! += source[o + i]!;
    for (let axis = rank - 2; axis >= 0; axis--) {
      base += strides[axis]!;
      if (++index[axis]! < x.shape[axis]!) break;
      base -= strides[axis]! * x.shape[axis]!;
      index[axis] = 0;
    }
  }
}
