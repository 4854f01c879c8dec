/** Directions and weights that look random and are the same in every run. */

/** Numbers in [0, 1) that fill it evenly: multiples of an irrational, a different one for each seed. */
const evenly = (i: number, seed: number): number => {
  const x = (i + 1) * (0.6180339887498949 + 0.1257498 * seed) + seed * 0.7548776662466927;
  return x - Math.floor(x);
};

/** Weights of magnitude 0.5 … 1.5 and either sign: nothing cancels by symmetry, nothing vanishes. */
export function weights(count: number, seed: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const x = evenly(i, seed);
    return evenly(i, seed + 0.37) < 0.5 ? -0.5 - x : 0.5 + x;
  });
}

/** One 1 among zeros. */
export function basis(count: number, at: number): Float64Array {
  const out = new Float64Array(count);
  out[at] = 1;
  return out;
}

/** Zero weights count as absent: 0 · ∞ does not arise. */
export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) if (a[i] !== 0) sum += a[i]! * b[i]!;
  return sum;
}
