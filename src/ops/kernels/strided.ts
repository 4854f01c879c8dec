/** Walking arrays by strides: what broadcasting, permuting, slicing and their adjoints have in common. */
import type { Storage } from '../../base/dtypes.ts';
import { stridesOf } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';

/** A walk over two arrays in step: how many elements along each axis, and how far apart they lie in either. */
interface Walk {
  readonly sizes: readonly number[];
  readonly to: readonly number[];
  readonly from: readonly number[];
}

/** The same walk with as few axes as possible: none of length 1, and none that merely continues its neighbour. */
function simplified(sizes: readonly number[], to: readonly number[], from: readonly number[]): Walk {
  const out = { sizes: [] as number[], to: [] as number[], from: [] as number[] };
  for (let i = 0; i < sizes.length; i++) {
    const n = sizes[i]!;
    if (n === 1) continue;
    const last = out.sizes.length - 1;
    if (last >= 0 && out.to[last] === to[i]! * n && out.from[last] === from[i]! * n) {
      out.sizes[last]! *= n;
      out.to[last] = to[i]!;
      out.from[last] = from[i]!;
      continue;
    }
    out.sizes.push(n);
    out.to.push(to[i]!);
    out.from.push(from[i]!);
  }
  return out;
}

/** Calls `visit` with the places in both arrays for every position along the first `axes` axes of the walk. */
function eachStart(
  { sizes, to, from }: Walk,
  axes: number,
  toStart: number,
  fromStart: number,
  visit: (to: number, from: number) => void,
): void {
  let count = 1;
  for (let axis = 0; axis < axes; axis++) count *= sizes[axis]!;
  const index = new Array<number>(axes).fill(0);
  let t = toStart;
  let f = fromStart;
  for (let done = 0; done < count; done++) {
    visit(t, f);
    for (let axis = axes - 1; axis >= 0; axis--) {
      t += to[axis]!;
      f += from[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      t -= to[axis]! * sizes[axis]!;
      f -= from[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
}

/** Below this length a loop is faster than a view and `set`. */
const WORTH_A_VIEW = 64;
/** Tiles of this side stay in the first cache while they are transposed. */
const TILE = 16;

/** One row of `n` elements. */
function copyRow(
  target: Storage,
  t: number,
  tStep: number,
  source: Storage,
  f: number,
  fStep: number,
  n: number,
): void {
  if (tStep === 1 && n >= WORTH_A_VIEW && fStep === 1) target.set(source.subarray(f, f + n), t);
  else if (tStep === 1 && n >= WORTH_A_VIEW && fStep === 0) target.fill(source[f]!, t, t + n);
  else for (let i = 0; i < n; i++, t += tStep, f += fStep) target[t] = source[f]!;
}

/** A matrix read down its columns, tile by tile, so that both sides stay in cache. */
function copyTiled(target: Storage, t: number, source: Storage, f: number, walk: Walk): void {
  const axis = walk.sizes.length - 2;
  const [rows, columns] = [walk.sizes[axis]!, walk.sizes[axis + 1]!];
  const [tRow, tStep] = [walk.to[axis]!, walk.to[axis + 1]!];
  const [fRow, fStep] = [walk.from[axis]!, walk.from[axis + 1]!];
  for (let r0 = 0; r0 < rows; r0 += TILE) {
    const r1 = Math.min(rows, r0 + TILE);
    for (let c0 = 0; c0 < columns; c0 += TILE) {
      const n = Math.min(columns, c0 + TILE) - c0;
      for (let r = r0; r < r1; r++) {
        let to = t + r * tRow + c0 * tStep;
        let from = f + r * fRow + c0 * fStep;
        for (let i = 0; i < n; i++, to += tStep, from += fStep) target[to] = source[from]!;
      }
    }
  }
}

/** The axis along which the source lies closest together moved next to the last one. */
function withCloseAxisInside(walk: Walk): Walk {
  const last = walk.sizes.length - 1;
  let close = last;
  for (let i = 0; i < last; i++) {
    if (walk.from[i] !== 0 && Math.abs(walk.from[i]!) < Math.abs(walk.from[close]!)) close = i;
  }
  if (close >= last - 1) return walk;
  const order = walk.sizes.map((_, i) => i).filter((i) => i !== close && i !== last);
  order.push(close, last);
  const pick = (list: readonly number[]): number[] => order.map((i) => list[i]!);
  return { sizes: pick(walk.sizes), to: pick(walk.to), from: pick(walk.from) };
}

function copyWalk(target: Storage, t: number, source: Storage, f: number, plain: Walk): void {
  const rank = plain.sizes.length;
  if (rank === 0) {
    target[t] = source[f]!;
    return;
  }
  const scattered = Math.abs(plain.from[rank - 1]!) > 1 && rank > 1;
  const walk = scattered ? withCloseAxisInside(plain) : plain;
  if (scattered && Math.abs(walk.from[rank - 2]!) < Math.abs(walk.from[rank - 1]!)) {
    eachStart(walk, rank - 2, t, f, (to, from) => copyTiled(target, to, source, from, walk));
    return;
  }
  const [n, tStep, fStep] = [walk.sizes[rank - 1]!, walk.to[rank - 1]!, walk.from[rank - 1]!];
  eachStart(walk, rank - 1, t, f, (to, from) => copyRow(target, to, tStep, source, from, fStep, n));
}

/** out[i…] = x[start + Σ i·stride]: what broadcasting, permuting and slicing have in common. */
export function gatherStrided(out: Dense, x: Dense, strides: readonly number[], start: number): void {
  if (out.data.length === 0) return;
  copyWalk(out.data, 0, x.data, start, simplified(out.shape, stridesOf(out.shape), strides));
}

/** out[start + Σ i·stride] = x[i…], where no two places are the same: the adjoint of taking a slice. */
export function placeStrided(out: Dense, x: Dense, strides: readonly number[], start: number): void {
  if (x.data.length === 0) return;
  copyWalk(out.data, start, x.data, 0, simplified(x.shape, strides, stridesOf(x.shape)));
}

/** out[start + Σ i·stride] += x[i…], places may repeat: the adjoint of `gatherStrided`. */
export function scatterStrided(out: Dense, x: Dense, strides: readonly number[], start: number): void {
  const target = out.data;
  const source = x.data;
  if (source.length === 0) return;
  const walk = simplified(x.shape, strides, stridesOf(x.shape));
  const rank = walk.sizes.length;
  const n = rank === 0 ? 1 : walk.sizes[rank - 1]!;
  const [tStep, fStep] = rank === 0 ? [1, 1] : [walk.to[rank - 1]!, walk.from[rank - 1]!];
  eachStart(walk, Math.max(0, rank - 1), start, 0, (t, f) => {
    for (let i = 0; i < n; i++, t += tStep, f += fStep) target[t]! += source[f]!;
  });
}
