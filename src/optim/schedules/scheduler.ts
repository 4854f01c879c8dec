/** Learning-rate schedules: what they share. */
import { ChainruleError, OptionError } from '../../base/errors.ts';
import { Optimizer } from '../optimizer.ts';
import { checkWhole } from '../settings.ts';

/** What a schedule needs to go on: plain data. */
export type SchedulerState = Readonly<Record<string, unknown>>;

/** Something that sets learning rates as training goes on. */
export interface Schedule {
  readonly optimizer: Optimizer;
  /** To be called after each epoch, or each step, whichever the schedule counts. */
  step(): void;
  /** The rates in force, one for each parameter group. */
  getLastLr(): readonly number[];
  stateDict(): SchedulerState;
  loadStateDict(saved: SchedulerState): void;
  /** @internal Back to before the first step. */
  _undo(): void;
  /** @internal The rates of epoch 0, of groups that have their initial ones. */
  _begin(): void;
  /** @internal The rates of an epoch, whatever was before. */
  _moveTo(epoch: number): void;
}

/** What rounding may take a rate that ends at 0 below it. */
const ROUNDING = 1e-12;

/**
 * Base of schedules: `rates()` gives the rates of the present epoch, mostly from those of the one before, so that
 * schedules can be chained and rates be changed by hand in between. Schedules count calls of `step()` as epochs, and set
 * the rates of the optimizer's groups; call it after the optimizer's step, outside of compiled functions, which read the
 * rate anew at each call.
 *
 * The rates of epoch 0 are set while the schedule is constructed, before a subclass has fields (and #methods) of its own:
 * what it needs, it passes as `options`.
 * https://docs.pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate
 * @example
 * class Halving extends LRScheduler {
 *   protected override rates() {
 *     return this.currentRates().map((lr) => (this.lastEpoch > 0 ? lr / 2 : lr))
 *   }
 * }
 * new Halving(optimizer, {})
 */
export abstract class LRScheduler<O extends object = object> implements Schedule {
  readonly optimizer: Optimizer;
  /** The rates that the schedule starts from, one for each group. */
  protected baseLrs: readonly number[];
  /** True while the rates of the first epoch are computed. */
  protected isInitial: boolean = false;
  protected readonly options: O;
  // Whole for most; between epochs for schedules that can be asked there.
  protected position: number;
  #lastLr: readonly number[] = [];

  /**
   * @param lastEpoch The last epoch of an interrupted run whose optimizer has been loaded; −1 at the start.
   * @throws OptionError for an impossible epoch, or if groups do not know the rate they started from.
   */
  constructor(optimizer: Optimizer, options: O, lastEpoch: number = -1) {
    const op = this.constructor.name;
    requireOptimizer(op, optimizer);
    this.optimizer = optimizer;
    this.options = options;
    this.position = checkWhole(op, 'lastEpoch', lastEpoch, -1);
    if (lastEpoch === -1) this.prepare();
    this.baseLrs = optimizer.paramGroups.map((group, i) => {
      if (lastEpoch === -1) group.initialLr ??= group.lr;
      return group.initialLr ?? refuseResume(op, i);
    });
    this._begin();
  }

  /** Sets up the groups before the first epoch. */
  protected prepare(): void {}

  /** The rates of `lastEpoch`, one for each group. */
  protected abstract rates(): readonly number[];

  /** The same without those before, for schedules that can. */
  protected closedForm(): readonly number[] {
    return this.rates();
  }

  /** How many epochs are over. */
  get lastEpoch(): number {
    return Math.floor(this.position);
  }

  /** What the groups have now. */
  protected currentRates(): readonly number[] {
    return this.optimizer.paramGroups.map((group) => group.lr);
  }

  /**
   * On to the next epoch, or to the given one.
   * @throws TraceError inside a compiled function.
   */
  step(epoch?: number): void {
    if (epoch !== undefined) return this._moveTo(epoch);
    this.position += 1;
    this.#apply(this.rates());
  }

  /** @internal */
  _moveTo(epoch: number): void {
    this.position = this.checkEpoch(epoch);
    this.#apply(this.closedForm());
  }

  protected checkEpoch(epoch: number): number {
    return checkWhole(this.constructor.name, 'epoch', epoch, 0);
  }

  /** @internal */
  _undo(): void {
    this.position -= 1;
  }

  /** @internal */
  _begin(): void {
    this.isInitial = true;
    try {
      this.position += 1;
      this.#apply(this.rates());
    } finally {
      this.isInitial = false;
    }
  }

  #apply(rates: readonly number[]): void {
    this.optimizer.paramGroups.forEach((group, i) => {
      const lr = rates[i]!;
      if (!(lr >= -ROUNDING && lr < Infinity)) this.#refuse(lr, i);
      group.lr = Math.max(0, lr);
    });
    this.#lastLr = this.currentRates();
  }

  #refuse(lr: number, group: number): never {
    throw new OptionError(`the rate of parameter group ${group} would be ${lr} in epoch ${this.lastEpoch}`, {
      op: this.constructor.name,
      option: 'lr',
      hint: 'Schedules with a lower bound overshoot it where another schedule lowers the rate, too: use SequentialLR, or no bound.',
    });
  }

  getLastLr(): readonly number[] {
    return this.#lastLr;
  }

  /** Plain data. The rates themselves are in the optimizer's state. */
  stateDict(): SchedulerState {
    return { position: this.position, baseLrs: [...this.baseLrs], lastLr: [...this.#lastLr] };
  }

  /** @throws ChainruleError if the state is of another schedule, or of other groups; nothing is changed then. */
  loadStateDict(saved: SchedulerState): void {
    const op = this.constructor.name;
    const { position, baseLrs, lastLr } = checkKeys(op, saved, Object.keys(this.stateDict()));
    const groups = this.optimizer.paramGroups.length;
    const [base, last] = [checkRates(op, 'baseLrs', baseLrs, groups), checkRates(op, 'lastLr', lastLr, groups)];
    if (typeof position !== 'number') throw refused(op, `position is ${String(position)}, not a number`);
    this.position = position;
    this.baseLrs = base;
    this.#lastLr = last;
  }
}

/** @throws OptionError unless it is one. */
export function requireOptimizer(op: string, optimizer: unknown): void {
  if (optimizer instanceof Optimizer) return;
  throw new OptionError(
    `the first argument must be an optimizer, got ${optimizer === null ? 'null' : typeof optimizer}`,
    {
      op,
      option: 'optimizer',
      hint: `Write new ${op}(optimizer, { … }).`,
    },
  );
}

function refuseResume(op: string, group: number): never {
  throw new OptionError(`parameter group ${group} does not know the rate that it started from`, {
    op,
    option: 'lastEpoch',
    hint: 'Load the state of the optimizer first; leave lastEpoch out at the start of a run.',
  });
}

export const refused = (op: string, message: string): ChainruleError =>
  new ChainruleError(`the state does not fit: ${message}`, { op: `${op}.loadStateDict` });

/** @throws ChainruleError unless the state has exactly these entries. */
export function checkKeys(op: string, saved: unknown, keys: readonly string[]): SchedulerState {
  if (typeof saved !== 'object' || saved === null) throw refused(op, `it is ${saved === null ? 'null' : typeof saved}`);
  const missing = keys.filter((key) => !Object.hasOwn(saved, key));
  const unexpected = Object.keys(saved).filter((key) => !keys.includes(key));
  if (missing.length > 0) throw refused(op, `${missing.join(', ')} missing`);
  if (unexpected.length > 0) throw refused(op, `unexpected ${unexpected.join(', ')}`);
  return saved as SchedulerState;
}

/** @throws ChainruleError unless there is a number for each group. */
export function checkRates(op: string, name: string, x: unknown, groups: number): readonly number[] {
  if (!Array.isArray(x) || x.some((each) => typeof each !== 'number'))
    throw refused(op, `${name} is no list of numbers`);
  if (x.length !== groups)
    throw refused(op, `${name} has ${x.length} entries, the optimizer ${groups} parameter groups`);
  return [...(x as number[])];
}
