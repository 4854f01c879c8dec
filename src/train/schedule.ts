/** Learning rates that change as a run goes on. */
import { OptionError } from '../base/errors.ts';
import { ReduceLROnPlateau } from '../optim/schedules/plateau.ts';
import type { SchedulerState } from '../optim/schedules/scheduler.ts';
import type { Callback, Run } from './callback.ts';

/** A schedule of chainrule/optim. */
export interface Scheduler {
  step(metric?: never): void;
  getLastLr(): readonly number[];
  stateDict(): SchedulerState;
  loadStateDict(saved: SchedulerState): void;
}

/** A schedule, and when it moves on. */
export interface ScheduleOptions {
  readonly scheduler: Scheduler | ReduceLROnPlateau;
  /** Default `epoch`. */
  readonly every?: 'batch' | 'epoch';
  /** What a ReduceLROnPlateau follows; default `valLoss` with validation data, else `loss`. */
  readonly monitor?: string;
}

/** The factor of the starting rates by the share of all batches that are done. */
export type RateFunction = (done: number) => number;

export type ScheduleLike = Scheduler | ReduceLROnPlateau | ScheduleOptions | RateFunction;

const fail = (message: string, hint: string): never => {
  throw new OptionError(message, { op: 'fit', option: 'schedule', hint });
};

/** Rates by a function of the share that is done. */
function byShare(f: RateFunction): Callback {
  let starting: readonly number[] = [];
  const set = ({ optimizer, step, epochs, batches }: Run): void => {
    const factor = f(step / (epochs * batches!));
    optimizer.paramGroups.forEach((group, i) => {
      group.lr = starting[i]! * factor;
    });
  };
  return {
    name: 'schedule',
    onTrainBegin(run) {
      if (run.batches === null) {
        fail(
          'a function of the share of batches needs to know how many there are',
          'Give a schedule of chainrule/optim.',
        );
      }
      if (starting.length === 0) starting = run.optimizer.paramGroups.map(({ lr }) => lr);
    },
    onEpochBegin: set,
    onBatchEnd: (run) => {
      if (run.step < run.epochs * run.batches!) set(run);
    },
    stateDict: () => ({ starting }),
    loadStateDict: (saved) => {
      starting = (saved as { starting: readonly number[] }).starting;
    },
  };
}

const isScheduler = (x: unknown): x is Scheduler =>
  typeof (x as Partial<Scheduler> | null)?.step === 'function' && 'stateDict' in (x as object);

function byScheduler({ scheduler, every = 'epoch', monitor }: ScheduleOptions, hasValidation: boolean): Callback {
  const states = {
    name: 'schedule',
    stateDict: () => scheduler.stateDict(),
    loadStateDict: (saved: unknown) => scheduler.loadStateDict(saved as SchedulerState),
  };
  if (!(scheduler instanceof ReduceLROnPlateau)) {
    if (monitor !== undefined) fail('only ReduceLROnPlateau follows a number', 'Leave monitor out.');
    return every === 'batch'
      ? { ...states, onBatchEnd: () => scheduler.step() }
      : { ...states, onEpochEnd: () => scheduler.step() };
  }
  if (every === 'batch') fail('ReduceLROnPlateau follows what an epoch has measured', "Leave out every: 'batch'.");
  const followed = monitor ?? (hasValidation ? 'valLoss' : 'loss');
  return { ...states, monitor: followed, onEpochEnd: (_, record) => scheduler.step(record[followed]!) };
}

/** What moves the learning rate, as a callback. @throws OptionError for what is no schedule. */
export function scheduleCallback(schedule: unknown, hasValidation: boolean): Callback {
  if (typeof schedule === 'function') return byShare(schedule as RateFunction);
  if (isScheduler(schedule)) return byScheduler({ scheduler: schedule }, hasValidation);
  const options = schedule as Partial<ScheduleOptions> | null;
  if (typeof options !== 'object' || !isScheduler(options?.scheduler)) {
    return fail(
      `a schedule is one of chainrule/optim, or a function, got ${schedule === null ? 'null' : typeof schedule}`,
      "Write schedule: new StepLR(optimizer, { stepSize: 10 }), or { scheduler, every: 'batch' }.",
    );
  }
  const { every = 'epoch' } = options;
  if (every !== 'batch' && every !== 'epoch') fail(`every is 'batch' or 'epoch', got ${JSON.stringify(every)}`, '');
  return byScheduler(options as ScheduleOptions, hasValidation);
}
