/** The random programs that Node and the browsers run alike: JavaScript, by fixed seeds. */
import * as fc from 'fast-check';
import { randomProgram, textOf } from '../../engine/programs/arbitrary.ts';
import type { ProgramOptions } from '../../engine/programs/generate.ts';
import { eagerError, makeOf } from '../../engine/programs/modes.ts';
import { LARGE } from '../../engine/programs/numbers.ts';

/** The built package has no samples. A few programs are so large that threads take part. */
const kinds: readonly (readonly [share: number, ProgramOptions])[] = [
  [1, { samples: false }],
  [1, { samples: false, effects: true }],
  [0.1, { samples: false, transforms: false, scale: LARGE, lines: 4 }],
];

/** A module that exports `programs`, a list of functions. */
export function programsModule(count: number): string {
  const texts = kinds.flatMap(([share, options], seed) =>
    fc
      .sample(randomProgram(options), { numRuns: Math.ceil(share * count), seed })
      .map(textOf)
      .filter((text) => eagerError(makeOf(text)) === null),
  );
  return `export const programs = [\n${texts.join(',\n')},\n];\n`;
}
