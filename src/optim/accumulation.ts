/** One update from the gradients of several batches. */
import { checkOptions } from '../base/errors.ts';
import { noGrad } from '../value/recording.ts';
import { readFlag, writeFlag } from './flags.ts';
import type { Optimizer } from './optimizer.ts';
import { checkFlag, checkWhole } from './settings.ts';

export interface GradientAccumulationOptions {
  /** How many batches an update is made from. */
  readonly batches: number;
  /** Whether gradients are divided by the number of batches, as those of one large batch would be; default true. */
  readonly mean?: boolean;
}

/**
 * Batches larger than memory: `backward()` adds to gradients, and every so many batches the optimizer makes a step and
 * forgets them. Call `step()` in the place of the optimizer's, and leave `zeroGrad()` out.
 *
 * Inside a compiled function each batch of an update is a program of its own. Where that would be many, compile what
 * computes the gradients, and call `step()` after it.
 * @example
 * const accumulation = new GradientAccumulation(optimizer, { batches: 4 })
 * for (const [x, y] of batches) {
 *   crossEntropy(model.forward(x), y).backward()
 *   accumulation.step()
 * }
 * accumulation.flush()
 */
export class GradientAccumulation {
  readonly optimizer: Optimizer;
  readonly #batches: number;
  readonly #mean: boolean;
  readonly #progress = { batches: 0 };

  constructor(optimizer: Optimizer, options: GradientAccumulationOptions) {
    checkOptions('GradientAccumulation', options, ['batches', 'mean']);
    const { batches, mean = true } = options ?? {};
    this.#batches = checkWhole('GradientAccumulation', 'batches', batches, 1);
    this.#mean = checkFlag('GradientAccumulation', 'mean', mean);
    this.optimizer = optimizer;
  }

  /** How many batches have been added since the last update. */
  get pending(): number {
    return readFlag(this.#progress, 'batches');
  }

  /** One more batch has been added. Updates if that makes enough, and says whether it has. */
  step(): boolean {
    const pending = this.pending + 1;
    writeFlag(this.#progress, 'batches', pending);
    return pending >= this.#batches && this.flush();
  }

  /** Updates from what there is: after the last batch of an epoch. Says whether there was any. */
  flush(): boolean {
    const { pending, optimizer } = this;
    if (pending === 0) return false;
    if (this.#mean && pending > 1) scaleGradients(optimizer, 1 / pending);
    optimizer.step();
    optimizer.zeroGrad();
    writeFlag(this.#progress, 'batches', 0);
    return true;
  }
}

function scaleGradients({ parameters }: Optimizer, factor: number): void {
  noGrad(() => {
    for (const p of parameters) if (p.grad !== null) p.grad = p.grad.mul(factor);
  });
}
