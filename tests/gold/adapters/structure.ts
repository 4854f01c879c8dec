/* eslint-disable @typescript-eslint/no-unsafe-return -- see call.ts */
/** Shapes, parts, joining, indexing. */
import { isValue } from 'chainrule';
import type { Adapter } from '../compare.ts';
import { adapt, fn, named, same, type Kwargs, type Loose } from './call.ts';

/** Shapes may come as one list or as separate numbers. */
const shaped = (name: string): Adapter => adapt(([x, ...rest]) => fn(name)(x, Array.isArray(rest[0]) ? rest[0] : rest));

const defined = (options: Record<string, Loose>): Record<string, Loose> =>
  Object.fromEntries(Object.entries(options).filter(([, x]) => x !== undefined && x !== null));

/** Everything positional in the order of PyTorch's signature. */
const positional = (name: string, keys: readonly string[]): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const all = named(rest, keys, kwargs);
    const given = keys.map((key) => all[key]);
    while (given.length > 0 && given.at(-1) === undefined) given.pop();
    return fn(name)(x, ...given);
  });

const pad = (mode: string): Adapter =>
  adapt(([x, ...rest], kwargs: Kwargs) => {
    const all = named(rest, ['pad', 'mode', 'value'], kwargs);
    return fn('pad')(x, all['pad'], defined({ mode, value: all['value'] }));
  });

/** A list with anything but numbers in it was a tuple of entries; a list of numbers is one entry. */
const entries = (i: Loose): readonly Loose[] =>
  Array.isArray(i) && i.some((entry: Loose) => typeof entry !== 'number') ? i : [i];

export const structure: Readonly<Record<string, Adapter>> = {
  __getitem__: adapt(([x, i]) => fn('index')(x, ...entries(i))),
  broadcast_to: shaped('broadcastTo'),
  expand: shaped('expand'),
  reshape: shaped('reshape'),
  view: shaped('reshape'),
  permute: shaped('permute'),
  repeat: shaped('repeat'),
  tile: shaped('tile'),
  cat: positional('concat', ['dim']),
  stack: positional('stack', ['dim']),
  chunk: positional('chunk', ['chunks', 'dim']),
  split: positional('split', ['split_size', 'dim']),
  'split.list_args': positional('split', ['split_size', 'dim']),
  split_with_sizes: positional('split', ['split_sizes', 'dim']),
  diag_embed: positional('diagEmbed', ['offset', 'dim1', 'dim2']),
  diagonal: positional('diagonal', ['offset', 'dim1', 'dim2']),
  flatten: positional('flatten', ['start_dim', 'end_dim']),
  flip: positional('flip', ['dims']),
  gather: same('gather'),
  index_add: adapt(([x, axis, i, source], { alpha }) => fn('indexAdd')(x, axis, i, source, defined({ alpha }))),
  index_copy: same('indexCopy'),
  index_select: same('indexSelect'),
  masked_fill: same('maskedFill'),
  masked_select: same('maskedSelect'),
  'meshgrid.list_of_tensors': adapt(([xs], { indexing }) => fn('meshgrid')(xs, defined({ indexing }))),
  'meshgrid.variadic_tensors': adapt((xs, { indexing }) => fn('meshgrid')(xs, defined({ indexing }))),
  movedim: same('movedim'),
  narrow: same('narrow'),
  roll: positional('roll', ['shifts', 'dims']),
  // With `reduce: 'multiply'` it has no counterpart here.
  scatter: adapt(([x, axis, index, source], { reduce }) => {
    if (reduce !== undefined && reduce !== 'add') throw new Error(`scatter with reduce: ${reduce} is not known here`);
    if (reduce === undefined) return fn('scatter')(x, axis, index, source);
    const added = isValue(source) ? source : fn('full')(index.shape, source, { dtype: x.dtype });
    return fn('scatterAdd')(x, axis, index, added);
  }),
  scatter_add: same('scatterAdd'),
  squeeze: positional('squeeze', ['dim']),
  'squeeze.multiple': positional('squeeze', ['dim']),
  unsqueeze: positional('unsqueeze', ['dim']),
  take_along_dim: positional('takeAlongAxis', ['indices', 'dim']),
  transpose: positional('transpose', ['dim0', 'dim1']),
  tril: positional('tril', ['diagonal']),
  triu: positional('triu', ['diagonal']),
  unbind: positional('unbind', ['dim']),
  'nn.functional.pad.constant': pad('constant'),
  'nn.functional.pad.reflect': pad('reflect'),
  'nn.functional.pad.replicate': pad('replicate'),
  'nn.functional.pad.replicate_negative': pad('replicate'),
  'nn.functional.pad.circular': pad('circular'),
  'nn.functional.unfold': adapt(([x, ...rest], kwargs: Kwargs) => {
    const { kernel_size, dilation, padding, stride } = named(
      rest,
      ['kernel_size', 'dilation', 'padding', 'stride'],
      kwargs,
    );
    return fn('unfold')(x, kernel_size, defined({ dilation, padding, stride }));
  }),
};
