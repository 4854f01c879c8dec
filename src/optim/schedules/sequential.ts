/** Schedules one after the other. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkWhole } from '../settings.ts';
import { checkSchedules, loadSchedules } from './combine.ts';
import { checkKeys, refused, requireOptimizer, type Schedule, type SchedulerState } from './scheduler.ts';

export interface SequentialLROptions {
  readonly schedulers: readonly Schedule[];
  /** The epochs at which the next one begins: one less than there are schedules. */
  readonly milestones: readonly number[];
}

const OP = 'SequentialLR';

const isList = (x: SequentialLROptions | readonly Schedule[]): x is readonly Schedule[] => Array.isArray(x);

/**
 * Schedules one after the other, each from its own epoch 0 on: a warm-up, then a decay.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.SequentialLR.html
 * @example
 * const warmup = new LinearLR(optimizer, { startFactor: 0.1, totalIters: 5 })
 * const decay = new CosineAnnealingLR(optimizer, { TMax: 95 })
 * new SequentialLR(optimizer, { schedulers: [warmup, decay], milestones: [5] })
 */
export class SequentialLR implements Schedule {
  readonly optimizer: Optimizer;
  readonly #schedulers: readonly Schedule[];
  readonly #milestones: readonly number[];
  #epoch = 0;

  /** @throws OptionError for schedules of other optimizers, or another number of milestones. */
  constructor(optimizer: Optimizer, options: SequentialLROptions);
  constructor(optimizer: Optimizer, schedulers: readonly Schedule[], milestones: readonly number[]);
  constructor(
    optimizer: Optimizer,
    given: SequentialLROptions | readonly Schedule[],
    milestonesGiven: readonly number[] = [],
  ) {
    requireOptimizer(OP, optimizer);
    const options = isList(given) ? { schedulers: given, milestones: milestonesGiven } : given;
    checkOptions(OP, options, ['schedulers', 'milestones']);
    const { schedulers, milestones } = options ?? {};
    checkSchedules(OP, schedulers, optimizer);
    if (!Array.isArray(milestones) || milestones.length !== schedulers.length - 1) {
      const given = Array.isArray(milestones) ? String(milestones.length) : typeof milestones;
      throw new OptionError(`${schedulers.length} schedules need ${schedulers.length - 1} milestones, got ${given}`, {
        op: OP,
        option: 'milestones',
      });
    }
    this.#milestones = milestones.map((epoch, i) => {
      const after = i === 0 ? 0 : (milestones[i - 1] as number);
      return checkWhole(OP, `milestones[${i}]`, epoch, after);
    });
    this.optimizer = optimizer;
    this.#schedulers = [...schedulers];
    // Each has set its first rates when it was made.
    schedulers.forEach((schedule) => schedule._undo());
    this.#first();
  }

  #first(): void {
    this.#epoch = 0;
    for (const group of this.optimizer.paramGroups) group.lr = group.initialLr ?? group.lr;
    this.#present()._begin();
  }

  /** Which schedule the present epoch is in. */
  #index(): number {
    return this.#milestones.filter((milestone) => milestone <= this.#epoch).length;
  }

  #present(): Schedule {
    return this.#schedulers[this.#index()]!;
  }

  /** How many epochs are over. */
  get lastEpoch(): number {
    return this.#epoch;
  }

  /** On to the next epoch. */
  step(): void {
    this.#epoch++;
    const index = this.#index();
    if (index > 0 && this.#milestones[index - 1] === this.#epoch) this.#schedulers[index]!._moveTo(0);
    else this.#schedulers[index]!.step();
  }

  getLastLr(): readonly number[] {
    return this.#present().getLastLr();
  }

  stateDict(): SchedulerState {
    return { epoch: this.#epoch, schedulers: this.#schedulers.map((schedule) => schedule.stateDict()) };
  }

  /** @throws ChainruleError if the state is of other schedules. */
  loadStateDict(saved: SchedulerState): void {
    const { epoch, schedulers } = checkKeys(OP, saved, ['epoch', 'schedulers']);
    if (typeof epoch !== 'number') throw refused(OP, `epoch is ${String(epoch)}, not a number`);
    loadSchedules(OP, this.#schedulers, schedulers);
    this.#epoch = epoch;
  }

  /** @internal */
  _undo(): void {
    this.#schedulers.forEach((schedule) => schedule._undo());
  }

  /** @internal */
  _begin(): void {
    this.#first();
  }

  /** @internal Sequences start at their beginning only. */
  _moveTo(epoch: number): void {
    this.#schedulers[0]!._moveTo(epoch);
    this.#epoch = epoch;
  }
}
