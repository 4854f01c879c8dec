/* eslint-disable @typescript-eslint/no-unsafe-return -- see call.ts */
/** Reductions, order, softmax. */
import type { Adapter } from '../compare.ts';
import { adapt, fn, named, reduction, type Kwargs, type Loose } from './call.ts';

/** `unbiased` and `correction` are two ways of saying the same. */
const spread = (name: string): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const unbiasedOnly = rest.length === 1 && typeof rest[0] === 'boolean';
    const { dim, unbiased, correction, keepdim } = named(
      rest,
      unbiasedOnly ? ['unbiased'] : ['dim', 'unbiased', 'keepdim'],
      kwargs,
    );
    const options: Record<string, Loose> = {};
    if (keepdim !== undefined) options['keepDims'] = keepdim;
    if (unbiased !== undefined) options['correction'] = unbiased === true ? 1 : 0;
    if (typeof correction === 'number') options['correction'] = correction;
    return fn(name)(x, dim ?? undefined, options);
  });

/** `norm(x, order, axis, { keepDims })` in PyTorch's three spellings. */
const norm = (name: string, order: string): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const all = named(rest, [order, 'dim', 'keepdim'], kwargs);
    const p = all[order];
    return fn(name)(
      x,
      p ?? undefined,
      all['dim'] ?? undefined,
      all['keepdim'] === undefined ? {} : { keepDims: all['keepdim'] },
    );
  });

/** A vector norm or a matrix norm, by what PyTorch is given. */
const linalgNorm: Adapter = adapt(([x, ...rest], kwargs: Kwargs) => {
  const { ord, dim, keepdim } = named(rest, ['ord', 'dim', 'keepdim'], kwargs);
  const options = keepdim === undefined ? {} : { keepDims: keepdim };
  const axes = typeof dim === 'number' ? [dim] : (dim as readonly number[] | null | undefined);
  const isMatrix = axes === undefined || axes === null ? x.rank === 2 : axes.length === 2;
  return ord !== undefined && ord !== null && isMatrix
    ? fn('matrixNorm')(x, ord, axes ?? undefined, options)
    : fn('vectorNorm')(x, ord ?? 2, axes ?? undefined, options);
});

/** `f(x, axis, { descending, stable })`. */
const ordering = (name: string): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const { dim, descending, stable } = named(rest, ['dim', 'descending', 'stable'], kwargs);
    return fn(name)(x, dim ?? -1, {
      ...(descending === undefined ? {} : { descending }),
      ...(stable === undefined ? {} : { stable }),
    });
  });

/** `f(x, axis)` alone. */
const along = (name: string): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const { dim } = named(rest, ['dim'], kwargs);
    return fn(name)(x, dim);
  });

export const reductions: Readonly<Record<string, Adapter>> = {
  ...Object.fromEntries(
    ['sum', 'mean', 'prod', 'amax', 'amin', 'argmax', 'argmin', 'all', 'any', 'median'].map((name) => [
      name,
      reduction(name),
    ]),
  ),
  count_nonzero: reduction('countNonzero'),
  'max.reduction_with_dim': reduction('max'),
  'min.reduction_with_dim': reduction('min'),
  logsumexp: reduction('logSumExp'),
  var: spread('variance'),
  'var.unbiased': spread('variance'),
  std: spread('std'),
  'std.unbiased': spread('std'),
  'linalg.norm.subgradients_at_zero': linalgNorm,
  'max.reduction_no_dim': reduction('max'),
  'min.reduction_no_dim': reduction('min'),
  norm: norm('norm', 'p'),
  'norm.fro': norm('norm', 'p'),
  'norm.inf': norm('norm', 'p'),
  'norm.nuc': norm('norm', 'p'),
  'linalg.norm': linalgNorm,
  'linalg.matrix_norm': norm('matrixNorm', 'ord'),
  'linalg.vector_norm': norm('vectorNorm', 'ord'),
  cumsum: along('cumsum'),
  cumprod: along('cumprod'),
  cummax: along('cummax'),
  cummin: along('cummin'),
  logcumsumexp: along('logCumSumExp'),
  softmax: along('softmax'),
  log_softmax: along('logSoftmax'),
  'nn.functional.softmin': along('softmin'),
  sort: ordering('sort'),
  argsort: ordering('argsort'),
  kthvalue: adapt(([x, ...rest], kwargs: Kwargs) => {
    const { k, dim, keepdim } = named(rest, ['k', 'dim', 'keepdim'], kwargs);
    return fn('kthvalue')(x, k, dim ?? undefined, keepdim === undefined ? {} : { keepDims: keepdim });
  }),
  topk: adapt(([x, ...rest], kwargs: Kwargs) => {
    const { k, dim, largest, sorted } = named(rest, ['k', 'dim', 'largest', 'sorted'], kwargs);
    const options: Record<string, Loose> = { axis: dim, largest, sorted };
    return fn('topk')(x, k, Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)));
  }),
  diff: adapt(([x, ...rest], kwargs: Kwargs) => {
    const { n, dim, prepend, append } = named(rest, ['n', 'dim', 'prepend', 'append'], kwargs);
    const options: Record<string, Loose> = { n, axis: dim, prepend, append };
    return fn('diff')(x, Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined && v !== null)));
  }),
  'nn.functional.normalize': adapt(([x, ...rest], kwargs: Kwargs) => {
    const { p, dim, eps } = named(rest, ['p', 'dim', 'eps'], kwargs);
    const options: Record<string, Loose> = { p, axis: dim, eps };
    return fn('normalize')(x, Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)));
  }),
  'nn.functional.cosine_similarity': adapt(([x, y, ...rest], kwargs: Kwargs) => {
    const { dim, eps } = named(rest, ['dim', 'eps'], kwargs);
    const options: Record<string, Loose> = { axis: dim, eps };
    return fn('cosineSimilarity')(x, y, Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)));
  }),
  'nn.functional.pairwise_distance': adapt(([x, y, ...rest], kwargs: Kwargs) => {
    const { p, eps, keepdim } = named(rest, ['p', 'eps', 'keepdim'], kwargs);
    const options: Record<string, Loose> = { p, eps, keepDims: keepdim };
    return fn('pairwiseDistance')(x, y, Object.fromEntries(Object.entries(options).filter(([, v]) => v !== undefined)));
  }),
};
