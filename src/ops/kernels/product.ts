/**
 * The one order in which products are accumulated: from +0, in blocks of 256 along the contracted axis, blocks added in
 * order. Every path (eager, compiled, threaded) does exactly this, so all give the same bits.
 */
import type { DType } from '../../base/dtypes.ts';
import { K_BLOCK, multiplyInBlocks, type Matrix, type Operand } from '../../base/products/index.ts';
import { allocate } from '../../base/storage.ts';

/** From this many multiplications on, blocks are faster; smaller products alone do not repay a few ms of compilation. */
const WORTH_PACKING = 64;

/** c[m, n] = Σ_k a[m, k] · b[n, k]; +0 where k is 0; int32 wraps. */
export function product(dtype: DType, c: Matrix, a: Operand, b: Operand, m: number, n: number, k: number): void {
  const floats = dtype === 'float64' || dtype === 'float32';
  if (floats && m * n * k >= WORTH_PACKING) multiplyInBlocks(dtype, c, a, b, m, n, k);
  else plainProduct(dtype, c, a, b, m, n, k);
}

/** The same in plain loops: what every other path is held against, bit for bit. */
export function plainProduct(dtype: DType, c: Matrix, a: Operand, b: Operand, m: number, n: number, k: number): void {
  LOOPS[dtype](c, written(a, dtype, m, k), written(b, dtype, n, k), m, n, k);
}

/** All of an operand, in an array. */
function written(x: Operand, dtype: DType, rows: number, depth: number): Matrix {
  const data = allocate(dtype, rows * depth);
  const innermost = x.bring(data, 0, { first: 0, rows, from: 0, depth });
  return innermost === 'k' ? { data, start: 0, rows: depth, columns: 1 } : { data, start: 0, rows: 1, columns: rows };
}

type Loop = (c: Matrix, a: Matrix, b: Matrix, m: number, n: number, k: number) => void;

const loop64: Loop = (c, a, b, m, n, k) => {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let [p, q, total] = [a.start + i * a.rows, b.start + j * b.rows, 0];
      for (let from = 0; from < k; from += K_BLOCK) {
        const to = Math.min(k, from + K_BLOCK);
        let sum = 0;
        for (let l = from; l < to; l++, p += a.columns, q += b.columns) sum += a.data[p]! * b.data[q]!;
        total += sum;
      }
      c.data[c.start + i * c.rows + j * c.columns] = total;
    }
  }
};

// The same with every operation rounded to float32; V8 turns fround of a float32 sum or product into one instruction.
const loop32: Loop = (c, a, b, m, n, k) => {
  const f = Math.fround;
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let [p, q, total] = [a.start + i * a.rows, b.start + j * b.rows, f(0)];
      for (let from = 0; from < k; from += K_BLOCK) {
        const to = Math.min(k, from + K_BLOCK);
        let sum = f(0);
        for (let l = from; l < to; l++, p += a.columns, q += b.columns) sum = f(sum + f(a.data[p]! * b.data[q]!));
        total = f(total + sum);
      }
      c.data[c.start + i * c.rows + j * c.columns] = total;
    }
  }
};

const loopInt: Loop = (c, a, b, m, n, k) => {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let [p, q, sum] = [a.start + i * a.rows, b.start + j * b.rows, 0];
      for (let l = 0; l < k; l++, p += a.columns, q += b.columns) sum = (sum + Math.imul(a.data[p]!, b.data[q]!)) | 0;
      c.data[c.start + i * c.rows + j * c.columns] = sum;
    }
  }
};

const LOOPS: Readonly<Record<DType, Loop>> = { float64: loop64, float32: loop32, int32: loopInt, bool: loopInt };
