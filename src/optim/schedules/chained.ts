/** Schedules at the same time. */
import type { Optimizer } from '../optimizer.ts';
import { checkSchedules, loadSchedules } from './combine.ts';
import { checkKeys, type Schedule, type SchedulerState } from './scheduler.ts';

const OP = 'ChainedScheduler';

/**
 * Several schedules at once, each changing what the one before has left.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.ChainedScheduler.html
 * @example new ChainedScheduler([new ConstantLR(optimizer), new ExponentialLR(optimizer, { gamma: 0.9 })])
 */
export class ChainedScheduler implements Schedule {
  readonly optimizer: Optimizer;
  readonly #schedulers: readonly Schedule[];

  /** @throws OptionError for no schedules, or schedules of different optimizers. */
  constructor(schedulers: readonly Schedule[], optimizer?: Optimizer) {
    const owner = optimizer ?? (schedulers as readonly Schedule[] | undefined)?.[0]?.optimizer;
    checkSchedules(OP, schedulers, owner as Optimizer);
    this.optimizer = owner!;
    this.#schedulers = [...schedulers];
  }

  /** On to the next epoch. */
  step(): void {
    this.#schedulers.forEach((schedule) => schedule.step());
  }

  getLastLr(): readonly number[] {
    return this.#schedulers.at(-1)!.getLastLr();
  }

  stateDict(): SchedulerState {
    return { schedulers: this.#schedulers.map((schedule) => schedule.stateDict()) };
  }

  /** @throws ChainruleError if the state is of other schedules. */
  loadStateDict(saved: SchedulerState): void {
    loadSchedules(OP, this.#schedulers, checkKeys(OP, saved, ['schedulers'])['schedulers']);
  }

  /** @internal */
  _undo(): void {
    this.#schedulers.forEach((schedule) => schedule._undo());
  }

  /** @internal */
  _begin(): void {
    this.#schedulers.forEach((schedule) => schedule._begin());
  }

  /** @internal */
  _moveTo(epoch: number): void {
    this.#schedulers.forEach((schedule) => schedule._moveTo(epoch));
  }
}
