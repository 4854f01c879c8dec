/**
 * npm run demo [-- --data DIR|FILE] [--out DIR] [--epochs N] [--seed N]: the graph of e = (a + b)·(b + 1) and its
 * derivatives, then a small network that learns.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { value } from 'chainrule';
import { toSvg } from 'chainrule/graph';
import { runTrainJob } from '../src/cli/train/job.ts';
import type { Io } from '../src/cli/io.ts';
import { makeFolder, writeWhole } from '../src/cli/output.ts';

const io: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  cwd: process.cwd(),
  ...(process.stdout.isTTY ? { terminal: process.stdout } : {}),
};

async function drawExpression(out: string): Promise<void> {
  const a = value(2).named('a');
  const b = value(1).named('b');
  const c = a.add(b).named('c');
  const d = b.add(1).named('d');
  const e = c.mul(d).named('e');
  e.backward();
  console.log('e = (a + b)·(b + 1) at a = 2, b = 1');
  console.log(`  e = ${e.item()}   ∂e/∂a = ${a.grad!.item()}   ∂e/∂b = ${b.grad!.item()}`);
  const path = join(out, 'e.svg');
  writeWhole(path, await toSvg(e, { partials: 'both' }), io);
  console.log(`  Wrote ${path}\n`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      target: { type: 'string' },
      out: { type: 'string', default: 'out' },
      epochs: { type: 'string' },
      seed: { type: 'string' },
    },
  });
  makeFolder(values.out, io);
  await drawExpression(values.out);
  await runTrainJob(
    {
      out: values.out,
      data: values.data ?? (process.env['CHAINRULE_DATA'] || undefined),
      target: values.target,
      epochs: values.epochs === undefined ? undefined : Number(values.epochs),
      seed: values.seed === undefined ? undefined : Number(values.seed),
    },
    io,
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
