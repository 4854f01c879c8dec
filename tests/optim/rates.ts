/** What PyTorch's schedules were run with, and the same run here. */
import { value } from 'chainrule';
import * as optim from 'chainrule/optim';
import { camelCase } from './walks.ts';

type GoldOptions = Readonly<Record<string, unknown>>;

/** The rates of the parameter groups before each step, and their momentum, where it is told. */
export interface GoldRates {
  readonly name: string;
  readonly options: GoldOptions;
  readonly optimizer: 'SGD' | 'Adam';
  readonly lrs: readonly number[];
  /** What a schedule that measures is told. */
  readonly metrics: readonly number[] | null;
  readonly lr: readonly (readonly number[])[];
  readonly momentum: readonly (readonly number[])[] | null;
}

/** The rates of one group: the form of tests/gold/data/scheduler. */
export interface GoldSchedule {
  readonly options: GoldOptions;
  readonly baseLr: number;
  readonly lr: readonly number[];
}

export const ratesOfOne = (name: string, { options, baseLr, lr }: GoldSchedule): GoldRates => {
  const none = { metrics: null, momentum: null };
  return { name, options, optimizer: 'SGD', lrs: [baseLr], lr: lr.map((x) => [x]), ...none };
};

type Make = new (optimizer: optim.Optimizer, options: never) => optim.Schedule;

const plain: Readonly<Record<string, Make>> = {
  StepLR: optim.StepLR,
  MultiStepLR: optim.MultiStepLR,
  ConstantLR: optim.ConstantLR,
  LinearLR: optim.LinearLR,
  ExponentialLR: optim.ExponentialLR,
  PolynomialLR: optim.PolynomialLR,
  CosineAnnealingLR: optim.CosineAnnealingLR,
  CosineAnnealingWarmRestarts: optim.CosineAnnealingWarmRestarts,
  CyclicLR: optim.CyclicLR,
  OneCycleLR: optim.OneCycleLR,
};

/** The schedule that a case describes. */
export function makeSchedule(name: string, optimizer: optim.Optimizer, options: GoldOptions): optim.Schedule {
  const [k, parts] = [options['k'] as number, options['schedulers'] as readonly [string, GoldOptions][] | undefined];
  const schedulers = parts?.map(([part, its]) => makeSchedule(part, optimizer, its)) ?? [];
  switch (name) {
    case 'LambdaLR':
      return new optim.LambdaLR(optimizer, (epoch) => 1 / (1 + k * epoch));
    case 'MultiplicativeLR':
      return new optim.MultiplicativeLR(optimizer, (epoch) => (epoch % 2 === 1 ? k : 0.99));
    case 'SequentialLR':
      return new optim.SequentialLR(optimizer, { schedulers, milestones: options['milestones'] as number[] });
    case 'ChainedScheduler':
      return new optim.ChainedScheduler(schedulers);
    default:
      return new plain[name]!(optimizer, camelCase(options) as never);
  }
}

const groupsOf = (lrs: readonly number[]): { params: ReturnType<typeof value>; lr: number }[] =>
  lrs.map((lr) => ({ params: value([0]), lr }));

/** An optimizer with a group for each rate. */
export const optimizerOf = (kind: 'SGD' | 'Adam', lrs: readonly number[]): optim.SGD | optim.Adam =>
  kind === 'SGD' ? new optim.SGD(groupsOf(lrs), { momentum: 0.9 }) : new optim.Adam(groupsOf(lrs));

const momentumOf = (group: optim.ParameterGroup): number => {
  const options = group.options();
  return (options['momentum'] ?? (options['betas'] as readonly number[])[0]) as number;
};

/** How far rates and momenta are from PyTorch's, at most. */
export function distanceOfRates({ name, options, optimizer: kind, lrs, metrics, lr, momentum }: GoldRates): number {
  const optimizer = optimizerOf(kind, lrs);
  const groups: readonly optim.ParameterGroup[] = optimizer.paramGroups;
  const plateau = metrics === null ? null : new optim.ReduceLROnPlateau(optimizer, camelCase(options));
  const schedule = plateau ?? makeSchedule(name, optimizer, options);
  const distances = lr.flatMap((expected, i) => {
    const found = groups.flatMap((group, j) => [
      group.lr - expected[j]!,
      momentum === null ? 0 : momentumOf(group) - momentum[i]![j]!,
    ]);
    if (plateau === null) (schedule as optim.Schedule).step();
    else plateau.step(metrics![i]!);
    return found.map(Math.abs);
  });
  return Math.max(...distances);
}
