/**
 * The three products of a convolution. All read the same relation between an input x, a weight w and an output y, along
 * every spatial axis: output place j and tap k meet input place j·stride + k·dilation − padding.
 *
 * Orders of summation, which every path keeps: y sums over (c, k) with places outside x as +0; w over (n, j), likewise;
 * x sums over o first, then over the taps in order, from +0. Products are accumulated as kernels/product.ts says.
 */
import { newStorage, type DType, type Storage } from '../../base/dtypes.ts';
import { gatheredOperand, matrixOperand, runLength } from '../../base/products/index.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import { offsetsOf } from './offsets.ts';
import { product } from './product.ts';

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
      from: offsetsOf(rows, own, Int32Array.of(low.reduce((at, l, a) => at + l * own[a]!, 0))),
      to: offsetsOf(rows, steps, Int32Array.of(low.reduce((at, l, a) => at + (l + padding[a]!) * steps[a]!, 0))),
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

/** Where each (channel, tap) of the planes starts. */
const tapsOfPlanes = (channels: number, { size, offsets }: Plane): Int32Array => offsetsOf([channels], [size], offsets);

/** y[n][g][o][j] = Σ x[n][g][c][j ⋈ k] · w[g][o][c][k]. */
export function convolveOutput(y: Storage, x: Storage, w: Storage, dtype: DType, ch: Channels, win: Windows): void {
  if (y.length === 0) return;
  const plane = planeOf(win);
  const { incoming, outgoing, groups } = ch;
  const channelSize = sizeOf(win.input);
  const places = plane.bases.length;
  const taps = tapsOfPlanes(incoming, plane);
  const planes = newStorage(dtype, incoming * plane.size);
  const patches = gatheredOperand(planes, 0, plane.bases, taps);
  for (let i = 0; i < ch.batch * groups; i++) {
    fillPlanes(planes, x, i * incoming * channelSize, incoming, channelSize, plane);
    const weights = matrixOperand({
      data: w,
      start: (i % groups) * outgoing * taps.length,
      rows: taps.length,
      columns: 1,
    });
    const target = { data: y, start: i * outgoing * places, rows: places, columns: 1 };
    product(dtype, target, weights, patches, outgoing, places, taps.length);
  }
}

/** w[g][o][c][k] = Σ x[n][g][c][j ⋈ k] · y[n][g][o][j]. */
export function convolveWeight(w: Storage, x: Storage, y: Storage, dtype: DType, ch: Channels, win: Windows): void {
  if (w.length === 0) return;
  const plane = planeOf(win);
  const { batch, groups, incoming, outgoing } = ch;
  const channelSize = sizeOf(win.input);
  const places = plane.bases.length;
  const taps = tapsOfPlanes(incoming, plane);
  const image = incoming * plane.size;
  const planes = newStorage(dtype, batch * image);
  const patches = gatheredOperand(planes, 0, taps, offsetsOf([batch], [image], plane.bases));
  const [rows, columns] = [
    offsetsOf([outgoing], [places]),
    offsetsOf([batch, places], [groups * outgoing * places, 1]),
  ];
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < batch; n++) {
      const own = planes.subarray(n * image, (n + 1) * image);
      fillPlanes(own, x, (n * groups + g) * incoming * channelSize, incoming, channelSize, plane);
    }
    const target = { data: w, start: g * outgoing * taps.length, rows: taps.length, columns: 1 };
    const outputs = gatheredOperand(y, g * outgoing * places, rows, columns);
    product(dtype, target, outputs, patches, outgoing, taps.length, batch * places);
  }
}

/** Elements of a product that are spread over the planes at a time: what stays in the second-level cache. */
const TILE = 1 << 17;

/** x[n][g][c][j ⋈ k] = Σ y[n][g][o][j] · w[g][o][c][k]: the transposed convolution. */
export function convolveInput(x: Storage, y: Storage, w: Storage, dtype: DType, ch: Channels, win: Windows): void {
  if (x.length === 0) return;
  const plane = planeOf(win);
  const { batch, groups, incoming, outgoing } = ch;
  const channelSize = sizeOf(win.input);
  const places = plane.bases.length;
  const taps = tapsOfPlanes(incoming, plane);
  const tile = Math.max(8, Math.min(taps.length, Math.floor(TILE / Math.max(1, places))));
  const part = newStorage(dtype, tile * places);
  const planes = newStorage(dtype, incoming * plane.size);
  for (let i = 0; i < batch * groups; i++) {
    const outputs = matrixOperand({ data: y, start: i * outgoing * places, rows: 1, columns: places });
    planes.fill(0);
    for (let from = 0; from < taps.length; from += tile) {
      const own = taps.subarray(from, from + tile);
      const start = (i % groups) * outgoing * taps.length + from;
      const weights = matrixOperand({ data: w, start, rows: 1, columns: taps.length });
      product(
        dtype,
        { data: part, start: 0, rows: places, columns: 1 },
        weights,
        outputs,
        own.length,
        places,
        outgoing,
      );
      addToPlanes(planes, part, own, plane.bases);
    }
    readPlanes(x, i * incoming * channelSize, planes, incoming, channelSize, plane);
  }
}

function addToPlanes(planes: Storage, part: Storage, taps: Int32Array, bases: Int32Array): void {
  const run = runLength(bases);
  for (let r = 0, from = 0; r < taps.length; r++) {
    for (let j = 0; j < bases.length; j += run, from += run) {
      const to = taps[r]! + bases[j]!;
      for (let i = 0; i < run; i++) planes[to + i]! += part[from + i]!;
    }
  }
}
