/** One lane function, made ready to run: for single numbers and for arrays. `laneKernel` in compile.ts makes one. */
import type { Storage } from '../dtypes.ts';

export interface LaneKernel {
  /** One element. Arguments and result are numbers as the dtypes store them (bool: 0 or 1). */
  readonly scalar: (...xs: number[]) => number;
  /** `out[i] = f(xs[0][i], …)` for i < out.length; a number operand stands for that number at every i. */
  run(out: Storage, xs: readonly (Storage | number)[]): void;
}
