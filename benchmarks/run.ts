/** npm run bench: what eager work costs here, against the marks that the library sets itself. */
import { cpus } from 'node:os';
import { grad, value, type Value } from 'chainrule';
import { duration, measure } from './measure.ts';

interface Row {
  readonly work: string;
  readonly result: string;
  readonly mark: string;
  readonly met: boolean;
}

const rows: Row[] = [];
const report = (work: string, ns: number, markNs: number): void => {
  rows.push({ work, result: duration(ns), mark: `≤ ${duration(markNs)}`, met: ns <= markNs });
};

/** A dense network of scalars: 48 layers of 32, as many leaves as products. */
function scalarNetwork(width: number, layers: number): { run: () => void; nodes: number } {
  const number = (i: number): number => ((i * 7919) % 1000) / 1000 - 0.5;
  const run = (): void => {
    let x = Array.from({ length: width }, (_, i) => value(number(i)));
    for (let l = 0; l < layers; l++) {
      x = x.map((_, j) => {
        let sum: Value<[]> = value(number(l + j));
        for (let i = 0; i < width; i++) sum = sum.add(value(number(l * j + i) * 0.3).mul(x[i]!));
        return sum.tanh();
      });
    }
    x.reduce((a, b) => a.add(b)).backward();
  };
  return { run, nodes: layers * width * (2 * width + 1) + width - 1 };
}

function scalars(): void {
  const { run, nodes } = scalarNetwork(32, 48);
  report(
    `scalar graph of ${nodes.toLocaleString('en')} ops (and 50,720 leaves), built and differentiated, per op`,
    measure(run, { inner: nodes }).median,
    250,
  );
  const chain = (n: number) => (): void => {
    const x = value(1);
    let y: Value<[]> = x;
    for (let i = 0; i < n; i++) y = y.mul(0.999999);
    y.backward();
  };
  report(
    'chain of 100,000 scalar ops, built and differentiated, per op',
    measure(chain(1e5), { inner: 1e5 }).median,
    250,
  );
  report(
    'chain of 1,000,000 scalar ops, built and differentiated, per op',
    measure(chain(1e6), { inner: 1e6, runs: 5, warmup: 1 }).median,
    500,
  );
}

function smallTensors(): void {
  const numbers = (shift: number): Value =>
    value(
      Float64Array.from({ length: 16 }, (_, i) => Math.sin(i + shift)),
      { requiresGrad: true },
    );
  const [a, b] = [numbers(1), numbers(2)];
  const adds = (): void => {
    for (let i = 0; i < 10000; i++) a.add(b);
  };
  report('add of two 16-element tensors, recorded', measure(adds, { inner: 10000 }).median, 500);
  const gradient = grad((x: Value) => {
    let y = x;
    for (let i = 0; i < 10; i++) y = y.add(b).mul(b);
    return y.sum();
  });
  const chains = (): void => {
    for (let i = 0; i < 200; i++) gradient(a);
  };
  report('gradient through 20 such ops', measure(chains, { inner: 200 }).median, 20000);
}

/** Results are dropped without any disposal; what stays resident is what counts. */
function memory(): void {
  const make = (shift: number): Value =>
    value(
      Float64Array.from({ length: 10000 }, (_, i) => Math.sin(i + shift)),
      { requiresGrad: true },
    );
  const [x, w, b] = [make(1), make(2), make(3)];
  let peak = 0;
  const start = process.hrtime.bigint();
  for (let i = 0; i < 100000; i++) {
    x.mul(w).add(b).tanh();
    if (i % 1000 === 0) peak = Math.max(peak, process.memoryUsage().rss);
  }
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const mb = peak / 1e6;
  rows.push({
    work: `100,000 × x.mul(w).add(b).tanh() on 10⁴ elements, peak resident (${seconds.toFixed(1)} s)`,
    result: `${mb.toFixed(0)} MB`,
    mark: '< 400 MB',
    met: mb < 400,
  });
}

scalars();
smallTensors();
memory();
console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.version}; medians\n`);
console.log('| work | result | mark | |');
console.log('| --- | --- | --- | --- |');
for (const { work, result, mark, met } of rows)
  console.log(`| ${work} | ${result} | ${mark} | ${met ? 'met' : 'missed'} |`);
