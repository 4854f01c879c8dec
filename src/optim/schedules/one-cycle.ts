/** One cycle for a whole run. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkFlag, checkNumber, checkWhole } from '../settings.ts';
import { momentumNameOf, setMomentum } from './momentum.ts';
import { cosineWave, perGroup, type PerGroup } from './numbers.ts';
import { LRScheduler, requireOptimizer } from './scheduler.ts';

export interface OneCycleLROptions {
  readonly maxLr: PerGroup;
  /** Steps of the whole run; or give `epochs` and `stepsPerEpoch`. */
  readonly totalSteps?: number;
  readonly epochs?: number;
  readonly stepsPerEpoch?: number;
  /** The share of the run in which the rate rises; default 0.3. */
  readonly pctStart?: number;
  /** Default `cos`. */
  readonly annealStrategy?: 'cos' | 'linear';
  /** Whether momentum falls while the rate rises; default true. */
  readonly cycleMomentum?: boolean;
  /** Default 0.85. */
  readonly baseMomentum?: PerGroup;
  /** Default 0.95. */
  readonly maxMomentum?: PerGroup;
  /** The run starts at maxLr / divFactor; default 25. */
  readonly divFactor?: number;
  /** And ends at that divided by finalDivFactor; default 1e4. */
  readonly finalDivFactor?: number;
  /** Fall to the start first, as slowly as it rose, and only then to the end. */
  readonly threePhase?: boolean;
  readonly lastEpoch?: number;
}

/** What a phase goes from and to. */
type Level = 'initial' | 'max' | 'min';

interface Phase {
  readonly end: number;
  readonly from: Level;
  readonly to: Level;
}

interface Settled {
  readonly lr: Readonly<Record<Level, readonly number[]>>;
  /** The highest momentum goes with the lowest rates. Null where momentum is left alone. */
  readonly momentum: Readonly<Record<Level, readonly number[]>> | null;
  readonly totalSteps: number;
  readonly phases: readonly Phase[];
  readonly isCosine: boolean;
}

const OPTIONS = [
  'maxLr',
  'totalSteps',
  'epochs',
  'stepsPerEpoch',
  'pctStart',
  'annealStrategy',
  'cycleMomentum',
  'baseMomentum',
  'maxMomentum',
  'divFactor',
  'finalDivFactor',
  'threePhase',
  'lastEpoch',
];

const OP = 'OneCycleLR';

function totalOf({ totalSteps, epochs, stepsPerEpoch }: OneCycleLROptions): number {
  if (totalSteps !== undefined) return checkWhole(OP, 'totalSteps', totalSteps, 1);
  if (epochs !== undefined && stepsPerEpoch !== undefined) {
    return checkWhole(OP, 'epochs', epochs, 1) * checkWhole(OP, 'stepsPerEpoch', stepsPerEpoch, 1);
  }
  throw new OptionError('the length of the run is missing', {
    op: OP,
    option: 'totalSteps',
    hint: 'Give totalSteps, or epochs and stepsPerEpoch.',
  });
}

function phasesOf({ pctStart = 0.3, threePhase = false }: OneCycleLROptions, total: number): readonly Phase[] {
  checkNumber(OP, 'pctStart', pctStart, { max: 1 });
  const rise: Phase = { end: pctStart * total - 1, from: 'initial', to: 'max' };
  const last = total - 1;
  if (!checkFlag(OP, 'threePhase', threePhase)) return [rise, { end: last, from: 'max', to: 'min' }];
  const fall: Phase = { end: 2 * pctStart * total - 2, from: 'max', to: 'initial' };
  return [rise, fall, { end: last, from: 'initial', to: 'min' }];
}

function momentumOf(optimizer: Optimizer, options: OneCycleLROptions): Settled['momentum'] {
  const { cycleMomentum = true, baseMomentum = 0.85, maxMomentum = 0.95 } = options;
  if (!checkFlag(OP, 'cycleMomentum', cycleMomentum)) return null;
  const high = perGroup(OP, 'maxMomentum', maxMomentum, optimizer);
  return { initial: high, max: perGroup(OP, 'baseMomentum', baseMomentum, optimizer), min: high };
}

function settled(optimizer: Optimizer, options: OneCycleLROptions): Settled {
  checkOptions(OP, options, OPTIONS);
  requireOptimizer(OP, optimizer);
  const { annealStrategy = 'cos', divFactor = 25, finalDivFactor = 1e4 } = options ?? {};
  if (annealStrategy !== 'cos' && annealStrategy !== 'linear') {
    throw new OptionError(`annealStrategy is cos or linear, got ${JSON.stringify(annealStrategy)}`, {
      op: OP,
      option: 'annealStrategy',
    });
  }
  checkNumber(OP, 'divFactor', divFactor);
  checkNumber(OP, 'finalDivFactor', finalDivFactor);
  const max = perGroup(OP, 'maxLr', options.maxLr, optimizer);
  const initial = max.map((lr) => lr / divFactor);
  const totalSteps = totalOf(options);
  return {
    lr: { initial, max, min: initial.map((lr) => lr / finalDivFactor) },
    momentum: momentumOf(optimizer, options),
    totalSteps,
    phases: phasesOf(options, totalSteps),
    isCosine: annealStrategy === 'cos',
  };
}

/**
 * The rate rises to maxLr and falls far below its start, momentum goes against it; to be stepped after each batch. Smith
 * and Topin, "Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates", 2019.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html
 * @throws OptionError if momentum is to be cycled and the optimizer has none; when stepped more than totalSteps times.
 * @example new OneCycleLR(optimizer, { maxLr: 0.1, epochs: 10, stepsPerEpoch: batches })
 */
export class OneCycleLR extends LRScheduler<Settled> {
  constructor(optimizer: Optimizer, options: OneCycleLROptions) {
    super(optimizer, settled(optimizer, options), options.lastEpoch);
  }

  protected override prepare(): void {
    const { lr, momentum } = this.options;
    if (momentum !== null) momentumNameOf(OP, this.optimizer);
    this.optimizer.paramGroups.forEach((group, i) => (group.initialLr = lr.initial[i]!));
  }

  protected override rates(): readonly number[] {
    const { totalSteps, lr, momentum } = this.options;
    if (this.lastEpoch > totalSteps) {
      throw new OptionError(`step ${this.lastEpoch} of a run of ${totalSteps} steps`, {
        op: OP,
        option: 'totalSteps',
        hint: 'Step it once after each batch, with totalSteps = epochs · batches.',
      });
    }
    if (momentum !== null) {
      const name = momentumNameOf(OP, this.optimizer);
      this.optimizer.paramGroups.forEach((group, i) => setMomentum(group, name, this.at(momentum, i)));
    }
    return this.optimizer.paramGroups.map((_, i) => this.at(lr, i));
  }

  /** Where group i is between two levels. */
  private at(levels: Readonly<Record<Level, readonly number[]>>, i: number): number {
    const { phases, isCosine } = this.options;
    const found = phases.findIndex(({ end }) => this.lastEpoch <= end);
    const index = found === -1 ? phases.length - 1 : found;
    const { end, from, to } = phases[index]!;
    const start = index === 0 ? 0 : phases[index - 1]!.end;
    const share = (this.lastEpoch - start) / (end - start);
    const [first, last] = [levels[from][i]!, levels[to][i]!];
    return isCosine ? last + ((first - last) / 2) * cosineWave(share) : (last - first) * share + first;
  }
}
