/** What PyTorch's trajectories were computed with, and the same walked here. */
import { value, type Value } from 'chainrule';
import * as optim from 'chainrule/optim';

/** w after each step from `start`. */
export interface GoldWalk {
  readonly options: Readonly<Record<string, unknown>>;
  readonly start: readonly number[];
  readonly trajectory: readonly (readonly number[])[];
}

/** PyTorch's option names as ours. */
export const camelCase = (options: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(options).map(([key, x]) => [key.replace(/_(\w)/g, (_, c: string) => c.toUpperCase()), x]),
  );

type Make = new (parameters: optim.Parameters, options: never) => optim.Optimizer;

/** Every optimizer by its name in PyTorch. */
export const optimizers: Readonly<Record<string, Make>> = {
  SGD: optim.SGD,
  Adagrad: optim.Adagrad,
  RMSprop: optim.RMSprop,
  Adadelta: optim.Adadelta,
  Adam: optim.Adam,
  AdamW: optim.AdamW,
  Adamax: optim.Adamax,
  NAdam: optim.NAdam,
  RAdam: optim.RAdam,
  Rprop: optim.Rprop,
  LBFGS: optim.LBFGS,
};

/** f(w) = Σᵢ (wᵢ² − (i+1))²/4 + 0.1·Σᵢ wᵢ₊₁wᵢ */
export function objective(w: Value): Value {
  const n = w.size;
  const target = value(
    Array.from({ length: n }, (_, i) => i + 1),
    { requiresGrad: false },
  );
  const wells = w.square().sub(target).square().sum().div(4);
  return wells.add(
    w
      .narrow(0, 1, n - 1)
      .mul(w.narrow(0, 0, n - 1))
      .sum()
      .mul(0.1),
  );
}

/** One step down the objective. */
export function descend(w: Value, optimizer: optim.Optimizer): void {
  optimizer.step(() => {
    optimizer.zeroGrad();
    const loss = objective(w);
    loss.backward();
    return loss;
  });
}

/** The largest distance from PyTorch's walk, relative where numbers are large. */
export function distanceFrom(
  walk: GoldWalk,
  make: Make,
  wrap: (step: () => void) => () => void = (step) => step,
): number {
  const w = value([...walk.start]);
  const optimizer = new make([w], camelCase(walk.options) as never);
  const step = wrap(() => descend(w, optimizer));
  const distances = walk.trajectory.flatMap((expected) => {
    step();
    return expected.map((x, i) => Math.abs(w.data[i]! - x) / Math.max(1, Math.abs(x)));
  });
  return Math.max(...distances);
}
