/** Every law, and what runs them on an op. */
import type { ErrorSample, Family, Op, OpRecord, Sample } from '../../ops/op.ts';
import { showShape } from '../../base/errors.ts';
import { fastCheck } from '../fast-check.ts';
import { differentiates, gradients, slices } from './batching.ts';
import { compiledErrorSample, compiledLaws, compiledSample, type Compile } from './compiling.ts';
import { first, second } from './derivatives.ts';
import { LawError, type Law } from './law.ts';
import { lowers } from './lowering.ts';
import { optimizes } from './passes.ts';
import { fills, records, singles, traces } from './running.ts';
import { arbitraryOperands } from './sampling.ts';
import { specials } from './special.ts';

export { compiledLaws, type Compile } from './compiling.ts';
export { LawError, type Case, type Law } from './law.ts';

export const laws: readonly Law[] = [
  traces,
  records,
  fills,
  singles,
  lowers,
  optimizes,
  first,
  second,
  slices,
  gradients,
  differentiates,
  specials,
];

export interface LawOptions {
  /** Inputs tried for each sample (default 3). */
  readonly numRuns?: number;
  readonly seed?: number;
  /** chainrule's `compile`: every call runs compiled, and is held against the eager one bit for bit. */
  readonly compile?: Compile;
}

const describeSample = ({ inputs, call }: Sample): string =>
  `${inputs.map(({ shape, dtype }) => `${dtype ?? 'float64'}${showShape(shape)}`).join(', ')}  ${String(call).replaceAll(/\s+/g, ' ')}`;

/** Runs one law on one sample. @throws LawError with the smallest operands that break it. */
export function checkLaw(law: Law, record: OpRecord, sample: Sample, options: LawOptions = {}): void {
  if (law.exempts(sample, record) !== null) return;
  const fc = fastCheck('checkLaw');
  const { numRuns = 3, seed = 1, compile } = options;
  const run = compile === undefined ? sample : compiledSample(sample, compile);
  const property = fc.property(arbitraryOperands(sample, law.special ?? false), (inputs) =>
    law.check({ record, sample: run, inputs }),
  );
  // A sample without elements is the same every time.
  const runs = sample.inputs.every(({ shape }) => shape.includes(0)) ? 1 : numRuns;
  const details = fc.check(property, { numRuns: runs, seed, interruptAfterTimeLimit: 5000 });
  if (!details.failed) return;
  const operands = (details.counterexample?.[0] ?? []).map((x, i) => `\n    operand ${i}: ${String(x)}`).join('');
  const cause = details.errorInstance;
  const what = cause instanceof LawError ? cause.message : String((cause as Error | null)?.stack ?? cause);
  throw new LawError(`${record.name} › ${law.name}\n  ${describeSample(sample)}${operands}\n${what}`);
}

/** Runs one error sample. @throws LawError unless it throws the stated class and message. */
export function checkErrorSample(record: OpRecord, sample: ErrorSample, { compile }: LawOptions = {}): void {
  const run = compile === undefined ? sample : compiledErrorSample(sample, compile);
  let thrown: unknown;
  try {
    run.call();
  } catch (error) {
    thrown = error;
  }
  const where = `${record.name} › refuses bad calls\n  ${String(sample.call).replaceAll(/\s+/g, ' ')}\n`;
  if (thrown === undefined) throw new LawError(`${where}was not refused; expected ${sample.error} ${sample.message}`);
  const { name, message } = thrown as Error;
  if (name === sample.error && sample.message.test(message)) return;
  throw new LawError(`${where}threw ${name}: ${message}\nexpected ${sample.error} ${sample.message}`);
}

/**
 * Holds an op to every law of the library, at inputs sampled in its domains: the ops of the table, and your own.
 * @throws LawError naming the law, the sample and the smallest operands that break it.
 * @example test('cube keeps all laws', () => checkOp(cube)); test('… compiled', () => checkOp(cube, { compile }))
 */
export function checkOp(op: Op<Family>, options: LawOptions = {}): void {
  const { record } = op;
  if (record.samples.length === 0) throw new LawError(`${record.name} has no samples`);
  const { compile, ...eager } = options;
  for (const sample of record.samples) {
    for (const law of laws) checkLaw(law, record, sample, options);
    if (compile !== undefined) for (const law of compiledLaws(compile)) checkLaw(law, record, sample, eager);
  }
  for (const sample of record.errors) checkErrorSample(record, sample, options);
}
