/** Where the largest element of each window lies. */
import type { Dense } from '../../base/storage.ts';

/** The windows along one axis: window i covers starts[i], starts[i] + step, … below stops[i], all within the axis. */
export interface AxisWindows extends Record<string, unknown> {
  readonly starts: readonly number[];
  readonly stops: readonly number[];
  readonly step: number;
}

/**
 * Over the last two axes of x: the place (row · columns + column) of the largest element of every window. The first of
 * equals; a NaN beats every number, and the last NaN the others, as in PyTorch.
 */
export function largestPlaces(out: Dense, x: Dense, rows: AxisWindows, columns: AxisWindows): void {
  const [height, width] = x.shape.slice(-2) as [number, number];
  const { data } = x;
  const places = out.data;
  const perPlane = rows.starts.length * columns.starts.length;
  const planes = perPlane === 0 ? 0 : places.length / perPlane;
  let at = 0;
  for (let p = 0; p < planes; p++) {
    const base = p * height * width;
    for (let i = 0; i < rows.starts.length; i++) {
      const top = rows.starts[i]!;
      const bottom = rows.stops[i]!;
      for (let j = 0; j < columns.starts.length; j++) {
        const left = columns.starts[j]!;
        const right = columns.stops[j]!;
        let best = -Infinity;
        let place = top * width + left;
        for (let r = top; r < bottom; r += rows.step) {
          for (let c = left; c < right; c += columns.step) {
            const v = data[base + r * width + c]!;
            if (v > best || v !== v) {
              best = v;
              place = r * width + c;
            }
          }
        }
        places[at++] = place;
      }
    }
  }
}
