/**
 * What eager work costs, against the marks that the library sets itself. Every row runs in a process of its own, so that
 * none inherits another's heap.
 */
import { execFileSync } from 'node:child_process';
import { duration, measure, type MeasureOptions } from './measure.ts';
import { bareNetwork, chain, network, NETWORK_LEAVES, NETWORK_OPS } from './scalars.ts';
import { REPEATS, residency, smallAdds, smallGradients, trainingStep } from './tensors.ts';

interface Shown {
  /** In nanoseconds, or in the unit of the result. */
  readonly value: number;
  readonly shown: string;
}

interface EagerRow {
  readonly id: string;
  readonly work: string;
  readonly mark: number | null;
  readonly flags: readonly string[];
  run(): Shown;
}

const timed = (
  id: string,
  work: string,
  mark: number | null,
  make: () => () => void,
  options: MeasureOptions,
  flags: readonly string[] = [],
): EagerRow => ({
  id: `eager-${id}`,
  work,
  mark,
  flags,
  run: () => {
    const { median } = measure(make(), options);
    return { value: median, shown: duration(median) };
  },
});

const LARGE_NURSERY = ['--max-semi-space-size=64'];
const networkText = `network of ${NETWORK_OPS.toLocaleString('en')} scalar ops and ${NETWORK_LEAVES.toLocaleString('en')} leaves, built and differentiated, per op`;
const perOp = { inner: NETWORK_OPS };

const ROWS: readonly EagerRow[] = [
  timed('network', networkText, 250, () => network, perOp),
  timed('network-nursery', 'the same with `node --max-semi-space-size=64`', 250, () => network, perOp, LARGE_NURSERY),
  timed('bare', 'the same on a bare tape of opcode objects (no library), per op', null, () => bareNetwork, perOp),
  timed(
    'bare-nursery',
    'the bare tape with `node --max-semi-space-size=64`',
    null,
    () => bareNetwork,
    perOp,
    LARGE_NURSERY,
  ),
  timed('chain', 'chain of 100,000 scalar products, built and differentiated, per op', 250, () => chain(1e5), {
    inner: 1e5,
  }),
  timed('chain-long', 'chain of 1,000,000, per op', null, () => chain(1e6), { inner: 1e6, runs: 5, warmup: 1 }),
  timed('add', 'add of two 16-element float64 tensors, recorded', 500, smallAdds, {
    inner: REPEATS,
    runs: 201,
    warmup: 200,
  }),
  timed('gradient', 'gradient through 20 such ops', 20000, smallGradients, { inner: REPEATS, warmup: 10 }),
  timed('mlp', 'training step of an MLP 784-256-128-10, batch 64, float32, SGD', null, trainingStep, {
    runs: 51,
    warmup: 20,
  }),
  {
    id: 'eager-residency',
    work: '100,000 rounds of x.mul(w).add(b).tanh() on 10⁴ elements: peak resident memory',
    mark: 400,
    flags: [],
    run: () => {
      const { peakMegabytes, seconds } = residency();
      return { value: peakMegabytes, shown: `${peakMegabytes.toFixed(0)} MB (in ${seconds.toFixed(0)} s)` };
    },
  },
];

export const eagerIds: readonly string[] = ROWS.map(({ id }) => id);

/** In a child: measures one row and writes its result. */
export function measureEager(id: string): void {
  console.log(JSON.stringify(ROWS.find((row) => row.id === id)!.run()));
}

function runInChild({ flags, id }: EagerRow): Shown {
  const args = [...flags, process.argv[1]!, '--child', id];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Shown;
}

/** Measures the rows and prints their table, line by line. */
export function eagerTable(ids: ReadonlySet<string>): void {
  const rows = ROWS.filter(({ id }) => ids.has(id));
  if (rows.length === 0) return;
  console.log('\n| eager work | result | mark | |\n| --- | --- | --- | --- |');
  for (const row of rows) {
    const { value, shown } = runInChild(row);
    const limit = row.mark === null ? '–' : `≤ ${shown.includes('MB') ? `${row.mark} MB` : duration(row.mark)}`;
    const verdict = row.mark === null ? '' : value <= row.mark ? 'met' : `missed by ${(value / row.mark).toFixed(1)} ×`;
    console.log(`| ${row.work} | ${shown} | ${limit} | ${verdict} |`);
  }
}
