/** Every PyTorch operator in the gold files, and how it is called here. */
import type { Adapter } from '../compare.ts';
import { embeddings } from './embeddings.ts';
import { layers } from './layers.ts';
import { linalg } from './linalg.ts';
import { losses } from './losses.ts';
import { normalisation } from './normalisation.ts';
import { pointwise } from './pointwise.ts';
import { reductions } from './reductions.ts';
import { structure } from './structure.ts';

export const adapters: Readonly<Record<string, Adapter | undefined>> = {
  ...pointwise,
  ...reductions,
  ...structure,
  ...linalg,
  ...layers,
  ...embeddings,
  ...normalisation,
  ...losses,
};

const CELU = { tolerance: 1e-6, why: 'PyTorch differentiates with 1/alpha rounded to float32' };
const HARDSIGMOID = { tolerance: 1e-6, why: 'PyTorch multiplies gradients by 1/6 rounded to float32' };

/** Operators and modules compared less strictly, and why. */
export const looser: Readonly<Record<string, { readonly tolerance: number; readonly why: string } | undefined>> = {
  'nn.functional.celu': CELU,
  CELU,
  'nn.functional.hardsigmoid': HARDSIGMOID,
  Hardsigmoid: HARDSIGMOID,
};
