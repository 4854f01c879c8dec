// What the examples on real data share: where the data is, how much work is wanted, and whether a target was met.
//   --data FOLDER   where the data lies (or CHAINRULE_DATA=FOLDER)
//   --out FOLDER    where pictures go; default out
//   --quick         fewer epochs, for a first look and for automatic checks
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env['CHAINRULE_DATA'] ?? '' },
    out: { type: 'string', default: 'out' },
    quick: { type: 'boolean', default: false },
  },
});

/** Whether little work is wanted. */
export const quick: boolean = values.quick;

/** The path of the file of this name in the data folder; where there is none, the example ends here and says what it needs. */
export function dataFile(name: string | RegExp): string {
  const names = values.data !== '' && existsSync(values.data) ? readdirSync(values.data) : [];
  const found = names.find((file) => (typeof name === 'string' ? file === name : name.test(file)));
  if (found !== undefined) return join(values.data, found);
  const wanted = typeof name === 'string' ? name : `file like ${name.source}`;
  console.log(`skipped: no ${wanted}. Give the folder that holds it: --data FOLDER, or CHAINRULE_DATA=FOLDER`);
  process.exit(0);
}

/** Says what was reached and what was wanted; a miss is the exit code of the process. */
export function target(
  what: string,
  got: number,
  wanted: { readonly atLeast: number } | { readonly below: number },
): void {
  const [met, words] =
    'atLeast' in wanted
      ? [got >= wanted.atLeast, `at least ${wanted.atLeast}`]
      : [got < wanted.below, `below ${wanted.below}`];
  console.log(`${met ? 'met' : 'MISSED'}: ${what} ${got.toFixed(3)}, wanted ${words}`);
  if (!met) process.exitCode = 1;
}

/** Writes a picture. */
export function picture(name: string, svg: string): void {
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, name), svg);
  console.log(`picture: ${join(values.out, name)}`);
}
