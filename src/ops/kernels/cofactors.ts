/** The cofactors of square matrices: det(A)·A⁻ᵀ where A is regular, a product over singular values where it is not. */
import type { Dense } from '../../base/storage.ts';
import { determinant, factorise, substitute } from './lu.ts';
import { countOf, identity, matrixAt, multiplied, refuseMatrix, rowsOf, store, transposed } from './matrices.ts';
import { svdOf } from './svd.ts';

/** Pivots that differ more than this lose digits in the inverse. */
const LARGEST_RATIO = 1e6;

/** NaNs count as regular: they propagate by themselves. */
function isSingular(lu: Float64Array, n: number): boolean {
  let [least, largest] = [Infinity, 0];
  for (let i = 0; i < n; i++) {
    const pivot = Math.abs(lu[i * n + i]!);
    least = Math.min(least, pivot);
    largest = Math.max(largest, pivot);
  }
  return largest >= least * LARGEST_RATIO;
}

/** U·diag(Π of the other singular values)·Vᵀ, with the orientation of both. */
function fromSingularValues(a: Float64Array, n: number): Float64Array | null {
  const svd = svdOf(a, n, n);
  if (svd === null) return null;
  const orientation = determinant(factorise(svd.u.slice(), n, n), n) * determinant(factorise(svd.v.slice(), n, n), n);
  const scaled = svd.u;
  for (let j = 0; j < n; j++) {
    let others = orientation < 0 ? -1 : 1;
    for (let k = 0; k < n; k++) if (k !== j) others *= svd.s[k]!;
    for (let i = 0; i < n; i++) scaled[i * n + j]! *= others;
  }
  return multiplied(scaled, transposed(svd.v, n, n), n, n, n);
}

export function runCofactors(out: Dense, x: Dense): void {
  const n = rowsOf(x.shape);
  if (n === 0) return;
  for (let i = 0; i < countOf(x.shape); i++) {
    const a = matrixAt(x, i);
    const factors = factorise(a.slice(), n, n);
    if (isSingular(factors.lu, n) && a.every(Number.isFinite)) {
      store(out, i, fromSingularValues(a, n) ?? refuseMatrix('det', x, i, true));
      continue;
    }
    const inverse = substitute(factors, identity(n), n, n);
    const scale = determinant(factors, n);
    store(
      out,
      i,
      transposed(inverse, n, n).map((element) => element * scale),
    );
  }
}
