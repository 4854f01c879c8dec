/** Products of matrices as tasks. */
import type { Emission, Task } from '../emission.ts';
import type { ProductStep } from '../steps.ts';
import { blockedFunction, blockedOf } from './product-blocked.ts';
import { gridOf, nanosecondsOf, wayOf } from './product-choice.ts';
import { directFunction, directScratch } from './product-direct.ts';
import { unitsOf } from './product-grid.ts';
import { matricesOf } from './product-shape.ts';

/** The task of a product, with the bits of the plain loop: sums from +0 in blocks of 256 along k, blocks in order. */
export function productTask(step: ProductStep, e: Emission): Task {
  const given = matricesOf(step);
  const way = wayOf(given, e.fast);
  const { x } = way;
  const [a, b] = x.a === given.a ? [step.a, step.b] : [step.b, step.a];
  const grid = gridOf(way, e.fast);
  const common = {
    args: [a.buffer, b.buffer, step.to.buffer],
    units: unitsOf(x, grid),
    nanoseconds: nanosecondsOf(way),
  };
  if (way.kind === 'direct') {
    return { ...common, function: directFunction(way.direct, grid, e), scratch: directScratch(way.direct) };
  }
  const blocked = blockedOf(x, grid, e.fast);
  return { ...common, function: blockedFunction(blocked, e), scratch: blocked.scratch };
}
