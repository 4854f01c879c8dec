/** What schedules made of schedules check. */
import { OptionError } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { ReduceLROnPlateau } from './plateau.ts';
import { refused, type Schedule, type SchedulerState } from './scheduler.ts';

/** @throws OptionError unless these are schedules of this optimizer, at least one. */
export function checkSchedules(op: string, schedulers: unknown, optimizer: Optimizer): void {
  if (!Array.isArray(schedulers) || schedulers.length === 0) {
    throw new OptionError('there are no schedules', { op, option: 'schedulers', hint: 'Give a list of schedules.' });
  }
  (schedulers as readonly (Schedule | undefined)[]).forEach((schedule, i) => {
    const refuse = (message: string, hint?: string): never => {
      throw new OptionError(message, { op, option: 'schedulers', ...(hint === undefined ? {} : { hint }) });
    };
    if (schedule instanceof ReduceLROnPlateau) {
      refuse(`schedulers[${i}] is a ReduceLROnPlateau, which needs a measure at each step`, 'Step it by itself.');
    }
    if (typeof schedule?.step !== 'function') refuse(`schedulers[${i}] is no schedule`);
    if (schedule!.optimizer !== optimizer) refuse(`schedulers[${i}] belongs to another optimizer`);
  });
}

/** @throws ChainruleError unless there is a state for each; nothing is changed then. */
export function loadSchedules(op: string, schedulers: readonly Schedule[], saved: unknown): void {
  if (!Array.isArray(saved) || saved.length !== schedulers.length) {
    const given = Array.isArray(saved) ? String(saved.length) : 'no';
    throw refused(op, `it has ${given} schedules, here there are ${schedulers.length}`);
  }
  const before = schedulers.map((schedule) => schedule.stateDict());
  try {
    schedulers.forEach((schedule, i) => schedule.loadStateDict(saved[i] as SchedulerState));
  } catch (error) {
    schedulers.forEach((schedule, i) => schedule.loadStateDict(before[i]!));
    throw error;
  }
}
