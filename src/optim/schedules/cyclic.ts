/** Rates between two bounds, up and down. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkFlag, checkNumber, checkWhole } from '../settings.ts';
import { momentumNameOf, setMomentum } from './momentum.ts';
import { perGroup, power, type PerGroup } from './numbers.ts';
import { LRScheduler, requireOptimizer } from './scheduler.ts';

export type CyclicMode = 'triangular' | 'triangular2' | 'expRange' | 'exp_range';

export interface CyclicLROptions {
  /** The lower bound, where it starts. */
  readonly baseLr: PerGroup;
  readonly maxLr: PerGroup;
  /** Steps from the lower bound to the upper; default 2000. */
  readonly stepSizeUp?: number;
  /** Steps back; default stepSizeUp. */
  readonly stepSizeDown?: number;
  /** Cycles of one height, of half the height each time, or lower by a factor gamma at each step; default `triangular`. */
  readonly mode?: CyclicMode;
  /** Default 1. */
  readonly gamma?: number;
  /** The height of cycles instead of `mode`: a function of the cycle (from 1) or of the step. */
  readonly scaleFn?: (x: number) => number;
  /** What scaleFn is a function of; default `cycle`. */
  readonly scaleMode?: 'cycle' | 'iterations';
  /** Whether momentum goes down while the rate goes up; default true. */
  readonly cycleMomentum?: boolean;
  /** Default 0.8. */
  readonly baseMomentum?: PerGroup;
  /** Default 0.9. */
  readonly maxMomentum?: PerGroup;
  readonly lastEpoch?: number;
}

interface Settled {
  readonly baseLr: readonly number[];
  readonly maxLr: readonly number[];
  readonly total: number;
  /** The share of a cycle that goes up. */
  readonly up: number;
  readonly scale: (x: number) => number;
  readonly scaleBy: 'cycle' | 'iterations';
  /** Null where momentum is left alone. */
  readonly momentum: { readonly base: readonly number[]; readonly max: readonly number[] } | null;
}

const OPTIONS = [
  'baseLr',
  'maxLr',
  'stepSizeUp',
  'stepSizeDown',
  'mode',
  'gamma',
  'scaleFn',
  'scaleMode',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'lastEpoch',
];

const OP = 'CyclicLR';

function scaleOf(options: CyclicLROptions): Pick<Settled, 'scale' | 'scaleBy'> {
  const { mode = 'triangular', gamma = 1, scaleFn, scaleMode = 'cycle' } = options;
  if (scaleMode !== 'cycle' && scaleMode !== 'iterations') {
    throw new OptionError(`scaleMode is cycle or iterations, got ${JSON.stringify(scaleMode)}`, {
      op: OP,
      option: 'scaleMode',
    });
  }
  if (scaleFn !== undefined) return { scale: scaleFn, scaleBy: scaleMode };
  switch (mode) {
    case 'triangular':
      return { scale: () => 1, scaleBy: 'cycle' };
    case 'triangular2':
      return { scale: (cycle) => power(0.5, cycle - 1), scaleBy: 'cycle' };
    case 'expRange':
    case 'exp_range':
      return { scale: (step) => power(checkNumber(OP, 'gamma', gamma), step), scaleBy: 'iterations' };
    default:
      throw new OptionError(`mode is triangular, triangular2 or expRange, got ${JSON.stringify(mode)}`, {
        op: OP,
        option: 'mode',
      });
  }
}

function settled(optimizer: Optimizer, options: CyclicLROptions): Settled {
  checkOptions(OP, options, OPTIONS);
  requireOptimizer(OP, optimizer);
  const { baseLr, maxLr, stepSizeUp = 2000, stepSizeDown = stepSizeUp, cycleMomentum = true } = options ?? {};
  const [up, down] = [checkWhole(OP, 'stepSizeUp', stepSizeUp, 1), checkWhole(OP, 'stepSizeDown', stepSizeDown, 1)];
  const { baseMomentum = 0.8, maxMomentum = 0.9 } = options ?? {};
  return {
    baseLr: perGroup(OP, 'baseLr', baseLr, optimizer),
    maxLr: perGroup(OP, 'maxLr', maxLr, optimizer),
    total: up + down,
    up: up / (up + down),
    ...scaleOf(options),
    momentum: checkFlag(OP, 'cycleMomentum', cycleMomentum)
      ? {
          base: perGroup(OP, 'baseMomentum', baseMomentum, optimizer),
          max: perGroup(OP, 'maxMomentum', maxMomentum, optimizer),
        }
      : null,
  };
}

/**
 * The rate goes up and down between two bounds, momentum against it; to be stepped after each batch. Smith, "Cyclical
 * Learning Rates for Training Neural Networks", 2017.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CyclicLR.html
 * @throws OptionError if momentum is to be cycled and the optimizer has none.
 * @example new CyclicLR(optimizer, { baseLr: 0.01, maxLr: 0.1, stepSizeUp: 500 })
 */
export class CyclicLR extends LRScheduler<Settled> {
  constructor(optimizer: Optimizer, options: CyclicLROptions) {
    super(optimizer, settled(optimizer, options), options.lastEpoch);
  }

  protected override prepare(): void {
    const { baseLr, momentum } = this.options;
    if (momentum !== null) momentumNameOf(OP, this.optimizer);
    this.optimizer.paramGroups.forEach((group, i) => (group.lr = baseLr[i]!));
  }

  protected override rates(): readonly number[] {
    const { baseLr, maxLr, momentum } = this.options;
    const height = this.height();
    if (momentum !== null) this.cycle(momentum, height);
    return baseLr.map((lr, i) => lr + (maxLr[i]! - lr) * height);
  }

  private cycle({ base, max }: NonNullable<Settled['momentum']>, height: number): void {
    const name = momentumNameOf(OP, this.optimizer);
    this.optimizer.paramGroups.forEach((group, i) => {
      setMomentum(group, name, max[i]! - (max[i]! - base[i]!) * height);
    });
  }

  /** How far up the present step is, times the height of its cycle. */
  private height(): number {
    const { total, up, scale, scaleBy } = this.options;
    const cycle = Math.floor(1 + this.lastEpoch / total);
    const x = 1 + this.lastEpoch / total - cycle;
    const part = x <= up ? x / up : (x - 1) / (up - 1);
    return part * scale(scaleBy === 'cycle' ? cycle : this.lastEpoch);
  }
}
