/**
 * npm run test:gold [DIR] [-- --only NAME]: runs every file of a folder laid out as tests/gold/data and prints a line
 * for each operator. Exit code 1 if a case fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, TraceError } from 'chainrule';
import { adapters, looser } from './adapters/index.ts';
import { eagerly, runCase, type Adapter, type Runner } from './compare.ts';
import type { GoldFile } from './format.ts';

const TOLERANCE = 1e-9;
const SHOWN_FAILURES = 3;

/** Compiled, where the call can be traced: what depends on numbers (nonzero) cannot. */
const compiled: Runner = (f) => {
  const run = compile(f) as unknown as typeof f;
  return (...tensors) => {
    try {
      return run(...tensors);
    } catch (error) {
      if (!(error instanceof TraceError)) throw error;
      untraceable++;
      return f(...tensors);
    }
  };
};

let untraceable = 0;

/** `CHAINRULE_MODE=compiled` sends every case, its derivatives included, through compile. */
const runner = process.env['CHAINRULE_MODE'] === 'compiled' ? compiled : eagerly;

interface Tally {
  passed: number;
  failed: number;
  unsupported: number;
}

function runFile(name: string, file: GoldFile, adapter: Adapter, tally: Tally): void {
  const failures: string[] = [];
  const tolerance = looser[name]?.tolerance ?? TOLERANCE;
  file.cases.forEach((gold, i) => {
    let verdict: string | null;
    try {
      verdict = runCase(adapter, gold, tolerance, runner);
    } catch (error) {
      verdict = error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error);
    }
    if (verdict !== null) failures.push(`    case ${i}: ${verdict}`);
  });
  const passed = file.cases.length - failures.length;
  tally.passed += passed;
  tally.failed += failures.length;
  const note = looser[name] === undefined ? '' : ` (tolerance ${looser[name].tolerance}: ${looser[name].why})`;
  console.log(`${failures.length === 0 ? 'passed' : 'FAILED'}  ${name}  ${passed}/${file.cases.length}${note}`);
  failures.slice(0, SHOWN_FAILURES).forEach((line) => console.log(line));
  if (failures.length > SHOWN_FAILURES) console.log(`    … ${failures.length - SHOWN_FAILURES} more`);
}

function main(): number {
  const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
  const root = positionals[0] ?? join('tests', 'gold', 'data');
  const folder = existsSync(join(root, 'op')) ? join(root, 'op') : root;
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -5))
    .sort();
  const tally: Tally = { passed: 0, failed: 0, unsupported: 0 };
  for (const name of names) {
    if (values.only !== undefined && !name.includes(values.only)) continue;
    const file = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as GoldFile;
    const adapter = adapters[file.op] ?? adapters[name];
    if (adapter === undefined) {
      tally.unsupported += file.cases.length;
      console.log(`unsupported  ${name}  ${file.cases.length}`);
    } else runFile(name, file, adapter, tally);
  }
  if (tally.passed + tally.failed + tally.unsupported === 0) {
    console.error(`no gold files in ${folder}`);
    return 1;
  }
  if (untraceable > 0) console.log(`${untraceable} cases depend on numbers: run eagerly`);
  console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.unsupported} skipped`);
  return tally.failed === 0 ? 0 : 1;
}

process.exitCode = main();
