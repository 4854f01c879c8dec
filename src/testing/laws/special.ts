/** The laws that need no derivatives, at numbers outside every domain. */
import { slices } from './batching.ts';
import type { Law } from './law.ts';
import { lowers } from './lowering.ts';
import { optimizes } from './passes.ts';
import { fills, records, traces } from './running.ts';

const parts: readonly Law[] = [traces, records, fills, lowers, optimizes, slices];

/** NaN, ±∞ and −0 come out alike whichever way the op runs: scalar or vector, traced, batched, recorded. */
export const specials: Law = {
  name: 'NaN, ±∞, −0: the same whichever way it runs',
  special: true,
  exempts: ({ inputs }) =>
    inputs.some(({ matrix }) => matrix !== undefined) ? 'matrices must be well conditioned' : null,
  check(at) {
    for (const law of parts) if (law.exempts(at.sample, at.record) === null) law.check(at);
  },
};
