/**
 * npm run bench: the compiled engine beside its peers, and what eager work costs.
 *   npm run bench -- --rows mlp,product-512 --peers none
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { contest, firstCalls, type ContestOptions, type Entry } from './contest.ts';
import { eagerIds, eagerTable, measureEager } from './eager.ts';
import { load, machine } from './machine.ts';
import { columns, marks, ourErrors, remarks, type Result } from './report.ts';
import { OURS, PEERS, roster, type ContenderName, type Roster } from './roster.ts';
import { ROWS, type Row } from './rows.ts';

const HELP = `npm run bench -- [options]
  --rows a,b      rows whose names begin so (default: all)
  --peers a,b     ${PEERS.join(', ')}; all (default) or none
  --ours a,b      ${OURS.join(', ')}; all (default) or none
  --rounds n      how often contenders take turns (default 15)
  --clock c       time (default), or processor: the time that a contender's threads are on processors, for machines that
                  have other work; contenders with two threads then stay away
  --list          the names of the rows
PyTorch and JAX take part where the Python that CHAINRULE_PYTHON names (default python3) has them.`;

/** Processes are started anew for every first call. */
const FIRST_CALLS = 5;

function fail(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  process.exit(2);
}

/** 'all', 'none', or names. @throws by leaving, for a name that is none of the known. */
function choose<Name extends string>(option: string, given: string | undefined, known: readonly Name[]): Set<Name> {
  if (given === undefined || given === 'all') return new Set(known);
  if (given === 'none') return new Set();
  const names = given.split(',');
  const unknown = names.find((name) => !known.some((k) => k === name));
  if (unknown !== undefined) fail(`--${option} ${unknown}: there is no such contender`);
  return new Set(known.filter((name) => names.includes(name)));
}

function chooseRows(given: string | undefined): Set<string> {
  const all = [...ROWS.map(({ id }) => id), ...eagerIds];
  if (given === undefined) return new Set(all);
  const found = given.split(',').map((start) => [start, all.filter((id) => id.startsWith(start))] as const);
  const none = found.find(([, ids]) => ids.length === 0);
  if (none !== undefined) fail(`--rows ${none[0]}: there is no such row; see --list`);
  return new Set(found.flatMap(([, ids]) => ids));
}

function entriesOf(row: Row, { starters }: Roster): Entry[] {
  const here = [...starters].filter(([name]) => !(row.without ?? []).includes(name));
  const entries = here.map(([name, starter]): Entry => ({ name, starter, work: row.work }));
  const compiled = starters.get('compiled');
  if (row.beside === undefined || compiled === undefined) return entries;
  return [...entries, { name: 'beside', starter: compiled, work: row.beside.work }];
}

async function measureRow(row: Row, all: Roster, options: ContestOptions): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'chainrule-bench-'));
  try {
    const entries = entriesOf(row, all);
    const outcomes = await (row.first
      ? firstCalls(entries, folder, { ...options, rounds: Math.min(FIRST_CALLS, options.rounds) })
      : contest(entries, folder, options));
    return { row, outcomes: new Map(outcomes.map((outcome) => [outcome.name, outcome])) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function peersTable(rows: readonly Row[], all: Roster, options: ContestOptions): Promise<Result[]> {
  const { head, line } = columns(new Set(all.starters.keys()));
  console.log(`\n${head}`);
  const results: Result[] = [];
  for (const row of rows) {
    const result = await measureRow(row, all, options);
    results.push(result);
    console.log(line(result));
  }
  return results;
}

async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      peers: { type: 'string' },
      ours: { type: 'string' },
      rounds: { type: 'string', default: '15' },
      clock: { type: 'string', default: 'time' },
      list: { type: 'boolean', default: false },
      child: { type: 'string' },
    },
  });
  if (values.child !== undefined) return measureEager(values.child);
  if (values.list) return console.log([...ROWS.map(({ id }) => id), ...eagerIds].join('\n'));
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds takes a whole number ≥ 1, got ${values.rounds}`);
  const { clock } = values;
  if (clock !== 'time' && clock !== 'processor') fail(`--clock takes time or processor, got ${clock}`);
  const ids = chooseRows(values.rows);
  const peers = choose('peers', values.peers, PEERS);
  const ours = choose('ours', values.ours, OURS);

  console.log(
    `${machine()}; load average ${load()} at the start; medians${clock === 'time' ? '' : ', time on processors'}`,
  );
  const rows = ROWS.filter(({ id }) => ids.has(id));
  let wrong = false;
  if (rows.length > 0) {
    const alone = (name: ContenderName): boolean => clock === 'time' || !name.endsWith('-2');
    const all = roster((name) => [...peers, ...ours].some((wanted) => wanted === name) && alone(name));
    if (all.versions.length > 0) console.log(`beside ${all.versions.join(', ')}`);
    for (const why of all.absent) console.log(`absent: ${why}`);
    const results = await peersTable(rows, all, { rounds, warmup: 700, round: 40, clock });
    const said = remarks(results);
    if (said.length > 0) console.log(`\n${said.map((text) => `- ${text}`).join('\n')}`);
    console.log(`\n${marks(results)}`);
    wrong = ourErrors(results);
  }
  eagerTable(ids);
  console.log(`\nload average ${load()} at the end`);
  if (wrong) process.exitCode = 1;
}

bench().catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
