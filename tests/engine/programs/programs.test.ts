/** Random programs run alike: eagerly, interpreted, compiled, whatever the number of threads. */
import * as fc from 'fast-check';
import { randomProgram, textOf } from './arbitrary.ts';
import type { ProgramOptions } from './generate.ts';
import { disagreement, makeOf } from './modes.ts';

/** `PROGRAMS_RUNS=5000` looks longer, `PROGRAMS_SEED=7` elsewhere. */
const numRuns = Number(process.env['PROGRAMS_RUNS'] ?? 150);
const seed = Number(process.env['PROGRAMS_SEED'] ?? 1);

const holds = (options: ProgramOptions): void => {
  const property = fc.property(randomProgram(options), (program) => {
    const difference = disagreement(makeOf(textOf(program)), options.effects === true);
    if (difference !== null) throw new Error(difference);
  });
  fc.assert(property, { numRuns, seed });
};

describe('the same bits, call after call, and the same errors', () => {
  test('ops alone', () => {
    holds({ transforms: false });
  });

  test('ops and functions given to grad, vmap, scan, checkpoint', () => {
    holds({});
  });

  test('with cells that are assigned, gradients that are accumulated, optimizers that step', () => {
    holds({ effects: true });
  });
});
