/** Bias or variance: what the curves of a run say. */
import type { Finding } from './finding.ts';
import { short } from './numbers.ts';

/** What is needed of a run's history. */
export interface Curves {
  readonly epochs: readonly { readonly epoch: number; readonly loss: number; readonly [name: string]: unknown }[];
  readonly batchLosses?: readonly number[];
}

/** What the curves look like; `too short` for fewer than three epochs. */
export type CurveVerdict =
  'good fit' | 'overfitting' | 'underfitting' | 'unfinished' | 'diverging' | 'unsteady' | 'too short';

export interface CurveReport {
  readonly verdict: CurveVerdict;
  readonly findings: readonly Finding[];
}

/** The last tenth of the epochs is the end; at least one. */
const END = 0.1;
/** Where on the way the end is compared with. */
const LATE = 0.8;

interface Run {
  readonly train: readonly number[];
  /** Empty without validation. */
  readonly validation: readonly number[];
  /** The loss before anything was learnt. */
  readonly start: number;
  readonly epochs: readonly number[];
}

const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
const endOf = (xs: readonly number[]): number => mean(xs.slice(-Math.max(1, Math.floor(xs.length * END))));

function runOf({ epochs, batchLosses = [] }: Curves, baseline: number | null): Run {
  const train = epochs.map(({ loss }) => loss);
  const validation = epochs.map((record) => record['valLoss']).filter((x) => typeof x === 'number');
  return {
    train,
    validation: validation.length === train.length ? validation : [],
    start: Math.max(train[0]!, batchLosses[0] ?? -Infinity, baseline ?? -Infinity),
    epochs: epochs.map(({ epoch }) => epoch),
  };
}

function diverging({ train, start, epochs }: Run): Finding | null {
  const broken = train.findIndex((loss) => !Number.isFinite(loss));
  const remedy = 'Divide the learning rate by 10, clip gradients (clipGradNorm), or warm the rate up (LinearLR).';
  if (broken >= 0) {
    return {
      kind: 'diverging',
      where: 'history',
      message: `the loss is ${train[broken]} in epoch ${epochs[broken]}`,
      remedy,
    };
  }
  const [least, end] = [Math.min(...train), endOf(train)];
  if (end <= least * 1.5 || end - least < 0.2 * Math.abs(start)) return null;
  return {
    kind: 'diverging',
    where: 'history',
    message: `the training loss rose from ${short(least)} to ${short(end)}`,
    remedy,
  };
}

function overfitting({ train, validation, start, epochs }: Run): Finding | null {
  if (validation.length === 0) return null;
  const [least, end, trained] = [Math.min(...validation), endOf(validation), endOf(train)];
  const best = validation.indexOf(least);
  const scale = Math.max(start, validation[0]!);
  const hasRisen = end - least > 0.1 * Math.abs(least) && end - least > 0.02 * scale && trained < train[best]!;
  const isApart = end - trained > 0.2 * scale && end > 1.5 * trained;
  if (!hasRisen && !isApart) return null;
  const how = hasRisen
    ? `the validation loss rose from ${short(least)} in epoch ${epochs[best]} to ${short(end)}, while the training loss fell to ${short(trained)}`
    : `the validation loss, ${short(end)}, is far above the training loss, ${short(trained)}`;
  return {
    kind: 'overfitting',
    where: 'history',
    message: `${how}: high variance`,
    remedy: 'Stop early, collect or augment data, add weight decay or dropout, or take a smaller model.',
  };
}

/** How far the loss has still come since `LATE`, as a share of all that it had to go. */
function unfinished({ train, start }: Run): Finding | null {
  const late = train[Math.floor((train.length - 1) * LATE)]!;
  const gained = late - train.at(-1)!;
  if (gained < 0.04 * start) return null;
  return {
    kind: 'unfinished',
    where: 'history',
    message: `the training loss was still falling: ${short(late)} → ${short(train.at(-1)!)} in the last fifth of the epochs`,
    remedy: 'Train longer, or with a higher learning rate (findLearningRate).',
  };
}

function underfitting({ train, start }: Run): Finding | null {
  const end = endOf(train);
  if (!(start > 0) || end <= 0.6 * start) return null;
  return {
    kind: 'underfitting',
    where: 'history',
    message: `the training loss ended at ${short(end)}, from ${short(start)} at the start: high bias`,
    remedy:
      'Take a larger model or better features, less regularisation, a better learning rate (findLearningRate), scaled inputs; check that a batch of 10 examples can be learnt by heart.',
  };
}

/** What the loss climbed again on its way, against how far it came down in all. */
function unsteady({ train }: Run): Finding | null {
  let climbed = 0;
  for (let i = 1; i < train.length; i++) climbed += Math.max(0, train[i]! - train[i - 1]!);
  if (train.length < 6 || climbed <= 0.5 * (train[0]! - Math.min(...train))) return null;
  return {
    kind: 'unsteady',
    where: 'history',
    message: `the training loss jumps up and down: it climbed ${short(climbed)} in all, and fell only from ${short(train[0]!)} to ${short(Math.min(...train))}`,
    remedy: 'Try a smaller learning rate, larger batches, or a schedule that lowers the rate.',
  };
}

/** What the curves say; `baseline` is the loss of knowing nothing, if it is known. */
export function readCurves(curves: Curves, baseline: number | null): CurveReport {
  if (curves.epochs.length === 0) return { verdict: 'too short', findings: [] };
  const run = runOf(curves, baseline);
  const diverged = diverging(run);
  if (diverged !== null) return { verdict: 'diverging', findings: [diverged] };
  if (run.train.length < 3) return { verdict: 'too short', findings: [] };
  const findings = [overfitting(run), unfinished(run) ?? underfitting(run)].filter((each) => each !== null);
  const last = findings.length === 0 ? unsteady(run) : null;
  if (last !== null) findings.push(last);
  return { verdict: (findings[0]?.kind as CurveVerdict | undefined) ?? 'good fit', findings };
}
