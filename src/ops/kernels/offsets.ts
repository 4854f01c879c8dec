/** Places in an array as sums of index times step. */
import type { Shape } from '../../base/shapes.ts';

const ORIGIN: Int32Array = Int32Array.of(0);

/** Σ index·step + innermost[j] over all index tuples of a shape, in row-major order, and over j, which runs fastest. */
export function offsetsOf(shape: Shape, steps: readonly number[], innermost: Int32Array = ORIGIN): Int32Array {
  let out = innermost;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const [n, step, length] = [shape[axis]!, steps[axis]!, out.length];
    const next = new Int32Array(n * length);
    for (let i = 0, at = 0; i < n; i++) for (let j = 0; j < length; j++) next[at++] = i * step + out[j]!;
    out = next;
  }
  return out;
}
