/**
 * npm run bench: what eager work costs, against the marks that the library sets itself. Every row runs in a process of
 * its own, so that none inherits another's heap.
 */
import { execFileSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { duration, measure, type MeasureOptions } from './measure.ts';
import { bareNetwork, chain, network, NETWORK_LEAVES, NETWORK_OPS } from './scalars.ts';
import { REPEATS, residency, smallAdds, smallGradients, trainingStep } from './tensors.ts';

interface Row {
  readonly work: string;
  /** In nanoseconds, or in the unit of the result. */
  readonly mark: number | null;
  readonly flags?: readonly string[];
  run(): { readonly value: number; readonly shown: string };
}

const timed = (
  work: string,
  mark: number | null,
  make: () => () => void,
  options: MeasureOptions,
  flags: readonly string[] = [],
): Row => ({
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

const rows: readonly Row[] = [
  timed(networkText, 250, () => network, perOp),
  timed('the same with `node --max-semi-space-size=64`', 250, () => network, perOp, LARGE_NURSERY),
  timed('the same on a bare tape of opcode objects (no library), per op', null, () => bareNetwork, perOp),
  timed('the bare tape with `node --max-semi-space-size=64`', null, () => bareNetwork, perOp, LARGE_NURSERY),
  timed('chain of 100,000 scalar products, built and differentiated, per op', 250, () => chain(1e5), { inner: 1e5 }),
  timed('chain of 1,000,000, per op', null, () => chain(1e6), { inner: 1e6, runs: 5, warmup: 1 }),
  timed('add of two 16-element float64 tensors, recorded', 500, smallAdds, { inner: REPEATS, runs: 201, warmup: 200 }),
  timed('gradient through 20 such ops', 20000, smallGradients, { inner: REPEATS, warmup: 10 }),
  timed('training step of an MLP 784-256-128-10, batch 64, float32, SGD', null, trainingStep, { runs: 51, warmup: 20 }),
  {
    work: '100,000 rounds of x.mul(w).add(b).tanh() on 10⁴ elements: peak resident memory',
    mark: 400,
    run: () => {
      const { peakMegabytes, seconds } = residency();
      return { value: peakMegabytes, shown: `${peakMegabytes.toFixed(0)} MB (in ${seconds.toFixed(0)} s)` };
    },
  },
];

function runInChild(index: number): { value: number; shown: string } {
  const args = [...(rows[index]!.flags ?? []), process.argv[1]!, String(index)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as { value: number; shown: string };
}

function table(): void {
  const busy = loadavg()[0]!.toFixed(1);
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}, load average ${busy}; medians\n`);
  console.log('| work | result | mark | |\n| --- | --- | --- | --- |');
  rows.forEach(({ work, mark }, i) => {
    const { value, shown } = runInChild(i);
    const limit = mark === null ? '–' : `≤ ${shown.includes('MB') ? `${mark} MB` : duration(mark)}`;
    const verdict = mark === null ? '' : value <= mark ? 'met' : `missed by ${(value / mark).toFixed(1)} ×`;
    console.log(`| ${work} | ${shown} | ${limit} | ${verdict} |`);
  });
}

const only = process.argv[2];
if (only === undefined) table();
else console.log(JSON.stringify(rows[Number(only)]!.run()));
