/** Random programs run alike: eagerly, interpreted, compiled, whatever the number of threads. */
import * as fc from 'fast-check';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { randomProgram, textOf } from './arbitrary.ts';
import type { ProgramOptions } from './generate.ts';
import { differentiated, disagreement, makeOf, plainly, type Make, type Outside } from './modes.ts';
import { LARGE } from './numbers.ts';

/** `PROGRAMS_RUNS=5000` looks longer, `PROGRAMS_SEED=7` elsewhere. */
const numRuns = Number(process.env['PROGRAMS_RUNS'] ?? 100);
const seed = Number(process.env['PROGRAMS_SEED'] ?? 1);

function holds(options: ProgramOptions, runs: number, outside: Outside = plainly): void {
  const property = fc.property(randomProgram(options), (program) => {
    const difference = disagreement(makeOf(textOf(program)), { effects: options.effects === true, outside });
    if (difference !== null) throw new Error(difference);
  });
  fc.assert(property, { numRuns: Math.ceil(numRuns * runs), seed });
}

describe('the same bits, call after call, and the same errors', () => {
  test('ops alone', () => {
    holds({ transforms: false }, 1);
  });

  test('ops and functions given to grad, vmap, scan, checkpoint', () => {
    holds({}, 1);
  });

  test('with cells that are assigned, gradients that are accumulated, optimizers that step', () => {
    holds({ effects: true }, 1);
  });

  test('gradients taken outside of the function', () => {
    holds({}, 0.5, differentiated);
  });

  test('Values so large that several threads take part', () => {
    holds({ transforms: false, scale: LARGE, lines: 4 }, 0.15);
  });
});

describe('found before', () => {
  const folder = resolve(__dirname, 'found');
  const files = readdirSync(folder).filter((file) => file.endsWith('.js'));

  test.each(
    files.map((file) => [
      file
        .slice(0, -3)
        .replaceAll('-', ' ')
        .replace(/^effects /, ''),
      file,
    ]),
  )('%s', (_, file) => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- programs are code that the generator has printed
    const make = require(resolve(folder, file)) as Make;
    expect(disagreement(make, { effects: file.startsWith('effects-') })).toBeNull();
  });
});
