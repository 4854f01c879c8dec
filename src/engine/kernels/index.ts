/** One kernel for each kind of step. */
import type { Emission, Task } from '../emission.ts';
import type { HostStep, Step } from '../steps.ts';
import { convolutionTask } from './convolution.ts';
import { largestTask } from './largest.ts';
import { loopTask } from './loop.ts';
import { pickTask } from './pick.ts';
import { productTask } from './product.ts';
import { putTask } from './put.ts';
import { reduceTask } from './reduce.ts';
import { tapeTask } from './tape.ts';
import { uniformTask } from './uniform.ts';

/** The generated code of a step. */
export function taskOf(step: Exclude<Step, HostStep>, emission: Emission): Task {
  switch (step.kind) {
    case 'loop':
      return loopTask(step, emission);
    case 'reduce':
      return reduceTask(step, emission);
    case 'product':
      return productTask(step, emission);
    case 'convolution':
      return convolutionTask(step, emission);
    case 'largest':
      return largestTask(step, emission);
    case 'pick':
      return pickTask(step, emission);
    case 'put':
      return putTask(step, emission);
    case 'tape':
      return tapeTask(step, emission);
    case 'uniform':
      return uniformTask(step, emission);
  }
}
