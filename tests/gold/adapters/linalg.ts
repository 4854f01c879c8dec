/* eslint-disable @typescript-eslint/no-unsafe-return -- see call.ts */
/** Products and linear algebra. */
import { isValue } from 'chainrule';
import type { Adapter } from '../compare.ts';
import { adapt, fn, optionsOf, same, type Kwargs } from './call.ts';

/** Tolerances may come as tensors; here they are numbers. */
const pinv: Adapter = adapt(([x], { rtol, atol }) => {
  const given = Object.entries({ rtol, atol }).map(([key, t]) => [key, isValue(t) ? t.item() : t]);
  return fn('pinv')(x, optionsOf(Object.fromEntries(given)));
});

export const linalg: Readonly<Record<string, Adapter>> = {
  addmm: adapt(([x, a, b], kwargs: Kwargs) => fn('addmm')(x, a, b, optionsOf(kwargs))),
  bmm: same('matmul'),
  __rmatmul__: adapt(([x, y]) => fn('matmul')(y, x)),
  dot: same('dot'),
  vdot: same('dot'),
  einsum: adapt(([xs, equation]) => fn('einsum')(equation, ...xs)),
  inner: same('inner'),
  kron: same('kron'),
  matmul: same('matmul'),
  mm: same('matmul'),
  mv: same('matmul'),
  outer: same('outer'),
  tensordot: adapt(([a, b], { dims }) => fn('tensordot')(a, b, dims)),
  trace: same('matrixTrace'),
  'nn.functional.bilinear': same('bilinear'),
  'nn.functional.linear': same('linear'),
  'linalg.cholesky': adapt(([x], kwargs: Kwargs) => fn('cholesky')(x, optionsOf(kwargs))),
  'linalg.cross': adapt(([x, y], { dim }) => fn('cross')(x, y, dim)),
  'linalg.det': same('det'),
  'linalg.eigh': adapt(([x], { UPLO }) => fn('eigh')(x, UPLO === undefined ? {} : { uplo: UPLO })),
  'linalg.inv': same('inv'),
  'linalg.lu': same('lu'),
  'linalg.lstsq': adapt(([a, b], kwargs: Kwargs) => fn('lstsq')(a, b, optionsOf(kwargs))),
  'linalg.matrix_power': same('matrixPower'),
  'linalg.multi_dot': same('multiDot'),
  'linalg.pinv': pinv,
  'linalg.eigvalsh': adapt(([x], { UPLO }) => fn('eigh')(x, UPLO === undefined ? {} : { uplo: UPLO }).eigenvalues),
  'linalg.svdvals': adapt(([x]) => fn('svd')(x).s),
  'linalg.qr': adapt(([x, mode]) => fn('qr')(x, mode === undefined ? {} : { mode })),
  'linalg.slogdet': same('slogdet'),
  'linalg.solve': adapt(([a, b], kwargs: Kwargs) => fn('solve')(a, b, optionsOf(kwargs))),
  'linalg.solve_triangular': adapt(([a, b], kwargs: Kwargs) => fn('triangularSolve')(a, b, optionsOf(kwargs))),
  'linalg.svd': adapt(([x], { full_matrices }) =>
    fn('svd')(x, full_matrices === undefined ? {} : { fullMatrices: full_matrices }),
  ),
};
