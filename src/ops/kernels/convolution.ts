/**
 * The three products of a convolution. All read the same relation between an input x, a weight w and an output y, along
 * every spatial axis: output place j and tap k meet input place j·stride + k·dilation − padding.
 *
 * Orders of summation, which every path keeps: y sums over (c, k) with places outside x as +0; w over (n, j), likewise;
 * x sums over o first, then over the taps in order, from +0. Products are accumulated as kernels/product.ts says.
 */
import { newStorage, type DType, type Storage } from '../../base/dtypes.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import { product32, product64, productInt, type ProductRun } from './product.ts';

/** The spatial part of a convolution: one entry for each spatial axis. */
export interface Windows {
  readonly input: Shape;
  readonly taps: Shape;
  readonly output: Shape;
  readonly stride: readonly number[];
  /** In front; what hangs over behind follows from the sizes. */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** Everything else: batch, groups, and channels in each group. */
export interface Channels {
  readonly batch: number;
  readonly groups: number;
  /** Channels of x in a group. */
  readonly incoming: number;
  /** Channels of y in a group. */
  readonly outgoing: number;
}

/** Elements packed at a time: what stays in the second-level cache. */
const TILE = 1 << 15;

const PRODUCTS: Readonly<Record<DType, ProductRun>> = {
  float64: product64,
  float32: product32,
  int32: productInt,
  bool: productInt,
};

/**
 * The region of x that the windows cover, as an array of its own ("plane"): within it, output j and tap k meet at
 * `bases[j] + offsets[k]`, and nothing is out of range.
 */
interface Plane {
  readonly size: number;
  readonly bases: Int32Array;
  readonly offsets: Int32Array;
  /** Copies between x's channel and the plane: `from` in x, `to` in the plane, runs of `length`. */
  readonly runs: { readonly from: Int32Array; readonly to: Int32Array; readonly length: number };
}

/** Σ index·step over all index tuples of a shape, in row-major order. */
function offsetsOf(shape: Shape, steps: readonly number[], start: number = 0): Int32Array {
  let out = Int32Array.of(start);
  shape.forEach((n, axis) => {
    const next = new Int32Array(out.length * n);
    for (let i = 0; i < out.length; i++) for (let k = 0; k < n; k++) next[i * n + k] = out[i]! + k * steps[axis]!;
    out = next;
  });
  return out;
}

function planeOf({ input, taps, output, stride, padding, dilation }: Windows): Plane {
  const extent = input.map((_, a) =>
    output[a]! > 0 && taps[a]! > 0 ? (output[a]! - 1) * stride[a]! + (taps[a]! - 1) * dilation[a]! + 1 : 0,
  );
  const steps = stridesOf(extent);
  const scaled = (factors: readonly number[]): number[] => steps.map((step, a) => step * factors[a]!);
  // The overlap of x with the plane, axis by axis, in coordinates of x.
  const low = padding.map((p) => Math.max(0, -p));
  const overlap = extent.map((e, a) => Math.max(0, Math.min(input[a]!, e - padding[a]!) - low[a]!));
  const own = stridesOf(input);
  const last = overlap.length - 1;
  const rows = overlap.slice(0, last);
  return {
    size: sizeOf(extent),
    bases: offsetsOf(output, scaled(stride)),
    offsets: offsetsOf(taps, scaled(dilation)),
    runs: {
      from: offsetsOf(
        rows,
        own,
        low.reduce((at, l, a) => at + l * own[a]!, 0),
      ),
      to: offsetsOf(
        rows,
        steps,
        low.reduce((at, l, a) => at + (l + padding[a]!) * steps[a]!, 0),
      ),
      length: overlap[last]!,
    },
  };
}

/** `channels` channels of x into planes. */
function fillPlanes(planes: Storage, x: Storage, x0: number, channels: number, channelSize: number, p: Plane): void {
  const { from, to, length } = p.runs;
  for (let c = 0; c < channels; c++) {
    const source = x0 + c * channelSize;
    const target = c * p.size;
    for (let r = 0; r < from.length; r++) {
      const s = source + from[r]!;
      const t = target + to[r]!;
      for (let i = 0; i < length; i++) planes[t + i] = x[s + i]!;
    }
  }
}

/** Planes back into channels of x; what the planes do not cover keeps its zeros. */
function readPlanes(x: Storage, x0: number, planes: Storage, channels: number, channelSize: number, p: Plane): void {
  const { from, to, length } = p.runs;
  for (let c = 0; c < channels; c++) {
    for (let r = 0; r < from.length; r++) {
      const t = c * p.size + to[r]!;
      const s = x0 + c * channelSize + from[r]!;
      for (let i = 0; i < length; i++) x[s + i] = planes[t + i]!;
    }
  }
}

/** How many rows of `length` to pack at a time. */
const tileOf = (rows: number, length: number): number =>
  Math.max(1, Math.min(rows, Math.floor(TILE / Math.max(1, length))));

// y ----------------------------------------------------------------------------------------------------------------

/** Patches of the planes as rows: `patches[j][c][k]` for output places from … to. */
function packPatches(
  patches: Storage,
  planes: Storage,
  channels: number,
  { size, bases, offsets }: Plane,
  from: number,
  to: number,
): void {
  const taps = offsets.length;
  let at = 0;
  for (let j = from; j < to; j++) {
    let base = bases[j]!;
    for (let c = 0; c < channels; c++, base += size) {
      for (let k = 0; k < taps; k++) patches[at++] = planes[base + offsets[k]!]!;
    }
  }
}

/** y[n][g][o][j] = Σ x[n][g][c][j ⋈ k] · w[g][o][c][k]. */
export function convolveOutput(y: Storage, x: Storage, w: Storage, dtype: DType, ch: Channels, win: Windows): void {
  if (y.length === 0) return;
  const plane = planeOf(win);
  const { incoming, outgoing, groups } = ch;
  const channelSize = sizeOf(win.input);
  const places = plane.bases.length;
  const inner = incoming * plane.offsets.length;
  const tile = tileOf(places, inner);
  const planes = newStorage(dtype, incoming * plane.size);
  const patches = newStorage(dtype, tile * inner);
  const whole = tile >= places;
  const part = whole ? y : newStorage(dtype, outgoing * tile);
  const run = PRODUCTS[dtype];
  for (let i = 0; i < ch.batch * groups; i++) {
    fillPlanes(planes, x, i * incoming * channelSize, incoming, channelSize, plane);
    const w0 = (i % groups) * outgoing * inner;
    const y0 = i * outgoing * places;
    for (let from = 0; from < places; from += tile) {
      const count = Math.min(tile, places - from);
      packPatches(patches, planes, incoming, plane, from, from + count);
      run(part, whole ? y0 : 0, w, w0, patches, 0, outgoing, count, inner);
      if (whole) continue;
      for (let o = 0; o < outgoing; o++) {
        const to = y0 + o * places + from;
        for (let j = 0; j < count; j++) y[to + j] = part[o * count + j]!;
      }
    }
  }
}

// w ----------------------------------------------------------------------------------------------------------------

/** `rows[o][n][j]` of one group of y, which has the batch axis in front. */
function batchInside(y: Storage, ch: Channels, group: number, places: number, dtype: DType): Storage {
  const { batch, groups, outgoing } = ch;
  const rows = newStorage(dtype, outgoing * batch * places);
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outgoing; o++) {
      const from = ((n * groups + group) * outgoing + o) * places;
      const to = (o * batch + n) * places;
      for (let j = 0; j < places; j++) rows[to + j] = y[from + j]!;
    }
  }
  return rows;
}

/** w[g][o][c][k] = Σ x[n][g][c][j ⋈ k] · y[n][g][o][j]. */
export function convolveWeight(w: Storage, x: Storage, y: Storage, dtype: DType, ch: Channels, win: Windows): void {
  if (w.length === 0) return;
  const plane = planeOf(win);
  const { batch, groups, incoming, outgoing } = ch;
  const { bases, offsets, size } = plane;
  const channelSize = sizeOf(win.input);
  const places = bases.length;
  const inner = batch * places;
  const rows = incoming * offsets.length;
  const tile = tileOf(rows, inner);
  const patches = newStorage(dtype, tile * inner);
  const part = newStorage(dtype, tile * outgoing);
  const planes = newStorage(dtype, batch * incoming * size);
  const run = PRODUCTS[dtype];
  for (let g = 0; g < groups; g++) {
    const gathered = batchInside(y, ch, g, places, dtype);
    for (let n = 0; n < batch; n++) {
      const own = planes.subarray(n * incoming * size, (n + 1) * incoming * size);
      fillPlanes(own, x, (n * groups + g) * incoming * channelSize, incoming, channelSize, plane);
    }
    for (let from = 0; from < rows; from += tile) {
      const count = Math.min(tile, rows - from);
      let at = 0;
      for (let r = from; r < from + count; r++) {
        const offset = Math.floor(r / offsets.length) * size + offsets[r % offsets.length]!;
        for (let n = 0; n < batch; n++) {
          const start = n * incoming * size + offset;
          for (let j = 0; j < places; j++) patches[at++] = planes[start + bases[j]!]!;
        }
      }
      run(part, 0, patches, 0, gathered, 0, count, outgoing, inner);
      for (let r = 0; r < count; r++) {
        for (let o = 0; o < outgoing; o++) w[(g * outgoing + o) * rows + from + r] = part[r * outgoing + o]!;
      }
    }
  }
}

// x ----------------------------------------------------------------------------------------------------------------

/** [rows, columns] → [columns, rows]. */
function transposed(a: Storage, a0: number, rows: number, columns: number, dtype: DType): Storage {
  const out = newStorage(dtype, rows * columns);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[a0 + i * columns + j]!;
  return out;
}

/** x[n][g][c][j ⋈ k] = Σ y[n][g][o][j] · w[g][o][c][k]: the transposed convolution. */
export function convolveInput(x: Storage, y: Storage, w: Storage, dtype: DType, ch: Channels, win: Windows): void {
  if (x.length === 0) return;
  const plane = planeOf(win);
  const { batch, groups, incoming, outgoing } = ch;
  const { bases, offsets, size } = plane;
  const channelSize = sizeOf(win.input);
  const places = bases.length;
  const rows = incoming * offsets.length;
  const tile = tileOf(rows, places);
  const part = newStorage(dtype, tile * places);
  const planes = newStorage(dtype, incoming * size);
  const run = PRODUCTS[dtype];
  for (let g = 0; g < groups; g++) {
    const weights = transposed(w, g * outgoing * rows, outgoing, rows, dtype);
    for (let n = 0; n < batch; n++) {
      const i = n * groups + g;
      const columns = transposed(y, i * outgoing * places, outgoing, places, dtype);
      planes.fill(0);
      for (let from = 0; from < rows; from += tile) {
        const count = Math.min(tile, rows - from);
        run(part, 0, weights, from * outgoing, columns, 0, count, places, outgoing);
        for (let r = 0; r < count; r++) {
          const row = from + r;
          const target = Math.floor(row / offsets.length) * size + offsets[row % offsets.length]!;
          for (let j = 0; j < places; j++) planes[target + bases[j]!]! += part[r * places + j]!;
        }
      }
      readPlanes(x, i * incoming * channelSize, planes, incoming, channelSize, plane);
    }
  }
}
