/**
 * npm run test:gold [DIR] [-- --only NAME]: runs every file of a folder laid out as tests/gold/data (op, optim,
 * scheduler, module; or of op alone) and prints a line for each. Exit code 1 if a case fails.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compile, TraceError } from 'chainrule';
import { looser } from './adapters/index.ts';
import { eagerly, Unsupported, type Runner } from './compare.ts';
import { sections, type AnyFile, type CaseRunner } from './sections.ts';

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

function runFile(name: string, file: AnyFile, run: NonNullable<CaseRunner>, tally: Tally): void {
  const failures: string[] = [];
  const unsupported: string[] = [];
  const tolerance = looser[name]?.tolerance ?? TOLERANCE;
  file.cases.forEach((gold, i) => {
    let verdict: string | null;
    try {
      verdict = run(gold, tolerance, runner);
    } catch (error) {
      if (error instanceof Unsupported) {
        unsupported.push(`    case ${i} unsupported: ${error.message}`);
        return;
      }
      verdict = error instanceof Error ? `${error.name}: ${error.message.split('\n')[0]}` : String(error);
    }
    if (verdict !== null) failures.push(`    case ${i}: ${verdict}`);
  });
  const passed = file.cases.length - failures.length - unsupported.length;
  tally.passed += passed;
  tally.failed += failures.length;
  tally.unsupported += unsupported.length;
  const note = looser[name] === undefined ? '' : ` (tolerance ${looser[name].tolerance}: ${looser[name].why})`;
  console.log(`${failures.length === 0 ? 'passed' : 'FAILED'}  ${name}  ${passed}/${file.cases.length}${note}`);
  unsupported.slice(0, SHOWN_FAILURES).forEach((line) => console.log(line));
  failures.slice(0, SHOWN_FAILURES).forEach((line) => console.log(line));
  if (failures.length > SHOWN_FAILURES) console.log(`    … ${failures.length - SHOWN_FAILURES} more`);
}

function runFolder(section: string, folder: string, only: string | undefined, tally: Tally): void {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -5))
    .sort();
  for (const name of names) {
    if (only !== undefined && !name.includes(only)) continue;
    const file = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as AnyFile;
    const run = sections[section]!(name, file);
    if (run === null) {
      tally.unsupported += file.cases.length;
      console.log(`unsupported  ${name}  ${file.cases.length}`);
    } else runFile(name, file, run, tally);
  }
}

function main(): number {
  const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
  const root = positionals[0] ?? join('tests', 'gold', 'data');
  const found = Object.keys(sections).filter((section) => existsSync(join(root, section)));
  const tally: Tally = { passed: 0, failed: 0, unsupported: 0 };
  for (const section of found) runFolder(section, join(root, section), values.only, tally);
  if (found.length === 0) runFolder('op', root, values.only, tally);
  if (tally.passed + tally.failed + tally.unsupported === 0) {
    console.error(`no gold files in ${root}`);
    return 1;
  }
  if (untraceable > 0) console.log(`${untraceable} cases depend on numbers: run eagerly`);
  console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.unsupported} skipped`);
  return tally.failed === 0 ? 0 : 1;
}

process.exitCode = main();
