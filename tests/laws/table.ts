/** The table's ops, dealt out to the test files so that they run side by side. */
import { compile } from 'chainrule';
import * as table from '../../src/ops/index.ts';
import { isOp, type Family, type Op } from '../../src/ops/op.ts';
import { checkErrorSample, checkLaw, compiledLaws, laws, type LawOptions } from '../../src/testing/laws/index.ts';

export const ops: readonly Op<Family>[] = Object.values<unknown>(table).filter(isOp);

/** `LAWS_RUNS=20` looks longer, `LAWS_SEED=7` elsewhere; `CHAINRULE_MODE=compiled` sends every call through compile. */
const options: LawOptions = {
  numRuns: Number(process.env['LAWS_RUNS'] ?? 4),
  seed: Number(process.env['LAWS_SEED'] ?? 1),
  ...(process.env['CHAINRULE_MODE'] === 'compiled' ? { compile } : {}),
};

/** What holds compiled against eager needs calls that are not compiled yet. */
const { compile: _, ...eager } = options;

/** One test for each law and op: `jest tests/laws -t 'softmax ›'` runs those of one op. */
export function testLaws(part: number, of: number): void {
  const own = ops.filter((_, i) => i % of === part);
  for (const { record } of own) {
    for (const law of laws) {
      const samples = record.samples.filter((sample) => law.exempts(sample, record) === null);
      if (samples.length === 0) continue;
      test(`${record.name} › ${law.name}`, () => {
        for (const sample of samples) checkLaw(law, record, sample, options);
      });
    }
    for (const law of compiledLaws(compile)) {
      const samples = record.samples.filter((sample) => law.exempts(sample, record) === null);
      if (samples.length === 0) continue;
      test(`${record.name} › ${law.name}`, () => {
        for (const sample of samples) checkLaw(law, record, sample, eager);
      });
    }
    if (record.errors.length > 0) {
      test(`${record.name} › refuses bad calls`, () => {
        for (const sample of record.errors) checkErrorSample(record, sample, options);
      });
    }
  }
}
