/** Rows of tables. PyTorch's functions take the indices first, except that its samples put the weight there. */
import { embedding, embeddingBag } from 'chainrule/nn';
import type { Adapter } from '../compare.ts';
import { adapt, named, optionsOf, type Kwargs } from './call.ts';

const LIMITS = ['max_norm', 'norm_type', 'scale_grad_by_freq'];

/** What has no counterpart here is dropped where it is off. */
const settings = (all: Kwargs): Record<string, unknown> =>
  optionsOf(Object.fromEntries(Object.entries(all).filter(([, x]) => x !== false)));

export const embeddings: Readonly<Record<string, Adapter>> = {
  'nn.functional.embedding': adapt(([weight, indices, ...rest], kwargs: Kwargs) =>
    embedding(indices, weight, settings(named(rest, ['padding_idx', ...LIMITS, 'sparse'], kwargs))),
  ),
  'nn.functional.embedding_bag': adapt(([weight, indices, ...rest], kwargs: Kwargs) =>
    embeddingBag(
      indices,
      weight,
      settings(
        named(rest, ['offsets', ...LIMITS, 'mode', 'sparse', 'per_sample_weights', 'include_last_offset'], kwargs),
      ),
    ),
  ),
};
