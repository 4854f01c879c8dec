/**
 * The one order in which products are accumulated: from +0, in blocks of 256 along the contracted axis, blocks added in
 * order. Every path (eager, compiled, threaded) does exactly this, so all give the same bits.
 */
import type { Storage } from '../../base/dtypes.ts';

export const K_BLOCK = 256;
/** Columns computed together: one row of a is read once for all of them. */
const COLUMNS = 4;

/** c[m, n] = Σ_k a[m, k] · b[n, k]: both operands have k contiguous. Offsets are in elements. */
export type ProductRun = (
  c: Storage,
  c0: number,
  a: Storage,
  a0: number,
  b: Storage,
  b0: number,
  m: number,
  n: number,
  k: number,
) => void;

export const product64: ProductRun = (c, c0, a, a0, b, b0, m, n, k) => {
  for (let i = 0; i < m; i++) {
    const row = a0 + i * k;
    let j = 0;
    for (; j + COLUMNS <= n; j += COLUMNS) {
      const p = b0 + j * k,
        q = p + k,
        r = q + k,
        s = r + k;
      let t0 = 0,
        t1 = 0,
        t2 = 0,
        t3 = 0;
      for (let from = 0; from < k; from += K_BLOCK) {
        const to = Math.min(k, from + K_BLOCK);
        let s0 = 0,
          s1 = 0,
          s2 = 0,
          s3 = 0;
        for (let l = from; l < to; l++) {
          const x = a[row + l]!;
          s0 += x * b[p + l]!;
          s1 += x * b[q + l]!;
          s2 += x * b[r + l]!;
          s3 += x * b[s + l]!;
        }
        t0 += s0;
        t1 += s1;
        t2 += s2;
        t3 += s3;
      }
      const at = c0 + i * n + j;
      c[at] = t0;
      c[at + 1] = t1;
      c[at + 2] = t2;
      c[at + 3] = t3;
    }
    for (; j < n; j++) {
      const p = b0 + j * k;
      let total = 0;
      for (let from = 0; from < k; from += K_BLOCK) {
        const to = Math.min(k, from + K_BLOCK);
        let sum = 0;
        for (let l = from; l < to; l++) sum += a[row + l]! * b[p + l]!;
        total += sum;
      }
      c[c0 + i * n + j] = total;
    }
  }
};

// The same loops with every operation rounded to float32; V8 turns fround of a float32 sum or product into one instruction.
export const product32: ProductRun = (c, c0, a, a0, b, b0, m, n, k) => {
  const f = Math.fround;
  for (let i = 0; i < m; i++) {
    const row = a0 + i * k;
    let j = 0;
    for (; j + COLUMNS <= n; j += COLUMNS) {
      const p = b0 + j * k,
        q = p + k,
        r = q + k,
        s = r + k;
      let t0 = f(0),
        t1 = f(0),
        t2 = f(0),
        t3 = f(0);
      for (let from = 0; from < k; from += K_BLOCK) {
        const to = Math.min(k, from + K_BLOCK);
        let s0 = f(0),
          s1 = f(0),
          s2 = f(0),
          s3 = f(0);
        for (let l = from; l < to; l++) {
          const x = a[row + l]!;
          s0 = f(s0 + f(x * b[p + l]!));
          s1 = f(s1 + f(x * b[q + l]!));
          s2 = f(s2 + f(x * b[r + l]!));
          s3 = f(s3 + f(x * b[s + l]!));
        }
        t0 = f(t0 + s0);
        t1 = f(t1 + s1);
        t2 = f(t2 + s2);
        t3 = f(t3 + s3);
      }
      const at = c0 + i * n + j;
      c[at] = t0;
      c[at + 1] = t1;
      c[at + 2] = t2;
      c[at + 3] = t3;
    }
    for (; j < n; j++) {
      const p = b0 + j * k;
      let total = f(0);
      for (let from = 0; from < k; from += K_BLOCK) {
        const to = Math.min(k, from + K_BLOCK);
        let sum = f(0);
        for (let l = from; l < to; l++) sum = f(sum + f(a[row + l]! * b[p + l]!));
        total = f(total + sum);
      }
      c[c0 + i * n + j] = total;
    }
  }
};

export const productInt: ProductRun = (c, c0, a, a0, b, b0, m, n, k) => {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum = (sum + Math.imul(a[a0 + i * k + l]!, b[b0 + j * k + l]!)) | 0;
      c[c0 + i * n + j] = sum;
    }
  }
};
