/** Products of matrices as tasks: chooses how, and cuts the work into units. */
import type { Emission, Task } from '../emission.ts';
import type { ProductStep } from '../steps.ts';
import { blockedFunction, blockedOf, tileFor } from './product-blocked.ts';
import { directFunction, directOf, directScratch, stepsOf } from './product-direct.ts';
import { unitsOf, type Grid } from './product-grid.ts';
import { matricesOf, transposed, type Matrices } from './product-shape.ts';

/** The task of a product, with the bits of the plain loop: sums from +0 in blocks of 256 along k, blocks in order. */
export function productTask(step: ProductStep, e: Emission): Task {
  const given = matricesOf(step);
  const args = [step.a.buffer, step.b.buffer, step.to.buffer];
  const x = given;
  const steps = stepsOf(x);
  const small = x.m * x.n * x.k <= 32768;
  const nanoseconds = (x.batch.reduce((p, q) => p * q, 1) * x.m * x.n * x.k) / 20;
  void transposed;
  if (small && steps !== undefined) {
    const direct = directOf(x, steps);
    const grid: Grid = { batches: 1, rows: x.m, columns: x.n };
    return {
      function: directFunction(direct, grid, e),
      args,
      units: unitsOf(x, grid),
      scratch: directScratch(direct),
      nanoseconds,
    };
  }
  const grid = gridOf(x, e.fast);
  const blocked = blockedOf(x, grid, e.fast);
  return {
    function: blockedFunction(blocked, e),
    args,
    units: unitsOf(x, grid),
    scratch: blocked.scratch,
    nanoseconds,
  };
}

function gridOf(x: Matrices, fast: boolean): Grid {
  const tile = tileFor(x, fast);
  const block = (length: number, most: number, width: number): number => {
    const count = Math.max(1, Math.ceil(length / most));
    return Math.ceil(length / count / width) * width;
  };
  return { batches: 1, rows: block(x.m, 256, tile.rows), columns: block(x.n, 256, tile.columns) };
}
