/** Products of matrices as tasks. */
import type { Emission, Task } from '../emission.ts';
import type { ProductStep } from '../steps.ts';
import { blockedFunction, blockedOf } from './product-blocked.ts';
import { batchOf, gridOf, nanosecondsOf, wayOf } from './product-choice.ts';
import { directFunction, directScratch } from './product-direct.ts';
import { dotFunction, isDot } from './product-dot.ts';
import { unitsOf } from './product-grid.ts';
import { matricesOf, type Matrices } from './product-shape.ts';

/** The task of a product, with the bits of the plain loop: sums from +0 in blocks of 256 along k, blocks in order. */
export function productTask(step: ProductStep, e: Emission): Task {
  const given = matricesOf(step);
  if (isDot(given)) return dotTask(step, given, e);
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

/** Nanoseconds that a dot product takes for an element. */
const DOT = 0.15;

function dotTask({ a, b, to }: ProductStep, x: Matrices, e: Emission): Task {
  const grid = { batches: 1, rows: 1, columns: 1 };
  return {
    function: dotFunction(x, grid, e),
    args: [a.buffer, b.buffer, to.buffer],
    units: unitsOf(x, grid),
    scratch: 0,
    nanoseconds: batchOf(x) * x.k * DOT,
  };
}
