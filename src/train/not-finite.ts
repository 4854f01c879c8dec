/** A loss or a gradient that is no number: which op made it, and in which module. */
import { ChainruleError } from '../base/errors.ts';
import { flatten } from '../base/trees.ts';
import type { AnyModule } from '../nn/module.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { AnomalyError, detectAnomaly } from '../transform/anomaly.ts';
import { state, withObserver, type Scope } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import type { Batch } from './feed.ts';
import type { NotFiniteError } from './finite.ts';
import { snapshot } from './snapshot.ts';
import { lossOf, type AnyLoss } from './step.ts';

/** Thrown by `fit` where a loss or a gradient is NaN or infinite; model and optimizer are as they were before the batch. */
export class TrainingAnomalyError extends ChainruleError {
  override readonly code: string = 'TRAINING_ANOMALY';
  readonly epoch: number;
  /** From 1 on, within the epoch. */
  readonly batch: number;
  /** The module whose op made the number, by its name in the model; null outside of all. */
  readonly modulePath: string | null;

  constructor(where: Where, found: Finding, hint: string) {
    const what = `${found.what} in epoch ${where.epoch}, batch ${where.batch}`;
    super(`${what}; model and optimizer are as they were before it\n${found.cause}`, {
      op: 'fit',
      hint,
      ...(found.error === null ? {} : { cause: found.error }),
    });
    this.epoch = where.epoch;
    this.batch = where.batch;
    this.modulePath = found.modulePath;
  }
}

export interface Where {
  readonly epoch: number;
  readonly batch: number;
}

interface Finding {
  readonly what: string;
  readonly cause: string;
  readonly modulePath: string | null;
  readonly error: AnomalyError | null;
}

/** What the batch was learnt with. */
export interface Suspects {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  readonly forward: (x: unknown) => unknown;
  readonly loss: AnyLoss;
}

const firstBad = (x: Value): number => x.data.findIndex((element) => !Number.isFinite(element));

/** A number that was wrong before any op ran: in the batch, or in the model. */
function badFromTheStart({ model }: Suspects, x: unknown, y: unknown): string | null {
  const inBatch = [
    ...flatten(x, isValue).leaves.map((leaf) => ['x of the batch', leaf] as const),
    ...flatten(y, isValue).leaves.map((leaf) => ['y of the batch', leaf] as const),
  ];
  for (const [name, leaf] of [...inBatch, ...model.namedParameters(), ...model.namedBuffers()]) {
    const at = firstBad(leaf);
    if (at < 0) continue;
    const row = leaf.rank === 0 ? '' : ` (row ${Math.floor(at / (leaf.size / leaf.shape[0]!))})`;
    return `  ${name} holds ${leaf.data[at]}${row}`;
  }
  return null;
}

/** Runs f with the path of the module under way known for each scope; `path()` is that of the op seen last. */
function watchingModules<T>(model: AnyModule, f: (path: () => string | null) => T): T {
  const paths = new Map<Scope, string>();
  let last: Scope | null = null;
  const removers = [...model.namedModules()].map(([path, module]) =>
    module.registerForwardPreHook(() => {
      if (state.scope !== null)
        paths.set(state.scope, `${path === '' ? 'the model' : path} (${module.constructor.name})`);
    }),
  );
  const path = (): string | null => {
    for (let scope = last; scope !== null; scope = scope.parent) {
      const found = paths.get(scope);
      if (found !== undefined) return found;
    }
    return null;
  };
  try {
    return withObserver(
      () => {
        last = state.pulling === null ? state.scope : state.pulling._scope;
      },
      () => f(path),
    );
  } finally {
    removers.forEach((remove) => remove());
  }
}

/** The batch once more, op by op and watched. */
function rerun(suspects: Suspects, x: unknown, y: unknown): { error: AnomalyError; path: string | null } | null {
  return watchingModules(suspects.model, (path) => {
    try {
      detectAnomaly(() => lossOf(suspects.forward, suspects.loss, x, y)[0].backward());
      return null;
    } catch (error) {
      if (error instanceof AnomalyError) return { error, path: path() };
      throw error;
    }
  });
}

const HINT =
  'Try a smaller learning rate, or clipNorm; for numbers that are legitimate at the edge (log of 0, sqrt of 0, 0/0) add a small constant or choose with where.';

/** The error for a batch (or for several together) whose loss or gradients are not finite; everything is left as it is. */
export function explain(suspects: Suspects, batch: Batch | null, error: NotFiniteError, where: Where): Error {
  const kind = `the loss or a gradient became ${error.found}`;
  const { x = null, y = null } = batch ?? {};
  const start = badFromTheStart(suspects, x, y);
  if (start !== null) {
    return new TrainingAnomalyError(
      where,
      { what: kind, cause: start, modulePath: null, error: null },
      'Clean the data, or the weights that were loaded.',
    );
  }
  const restore = snapshot(suspects.model, suspects.optimizer);
  try {
    const found = batch === null ? null : rerun(suspects, x, y);
    const cause =
      found === null
        ? '  no single op made it: sums of finite numbers went beyond what the dtype holds'
        : `  ${found.path === null ? '' : `in ${found.path}: `}${found.error.message}`;
    return new TrainingAnomalyError(
      where,
      { what: kind, cause, modulePath: found?.path ?? null, error: found?.error ?? null },
      HINT,
    );
  } finally {
    restore();
  }
}
