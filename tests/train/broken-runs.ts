/** Runs that can be broken off: what the tests of checkpoints train. */
import { manualSeed, rand, randn, type Value } from 'chainrule';
import { mseLoss } from 'chainrule/losses';
import { BatchNorm1d, Dropout, Linear, ReLU, Sequential, type AnyModule } from 'chainrule/nn';
import { Adam, SGD, type Optimizer } from 'chainrule/optim';
import { fit, type Callback, type FitOptions, type History } from 'chainrule/train';

/** What there is to train, made anew as in a new process. */
export interface Fresh {
  readonly model: AnyModule;
  readonly options: Omit<FitOptions, 'epochs'>;
}

export type Make = () => Fresh;

export const data = (): { x: Value; y: Value } => {
  manualSeed(11);
  const x = randn([30, 3], { dtype: 'float32' });
  return { x, y: x.square().sum(1, { keepDims: true }).detach() };
};

const network = (): Sequential =>
  new Sequential(new Linear(3, 8), new BatchNorm1d(8), new ReLU(), new Dropout(0.3), new Linear(8, 1));

export const fresh = (
  optimizerOf: (model: AnyModule) => Optimizer,
  more: (o: Optimizer, m: AnyModule) => object = () => ({}),
): Make => {
  return () => {
    manualSeed(3);
    const model = network();
    const optimizer = optimizerOf(model);
    return { model, options: { loss: mseLoss, optimizer, batchSize: 8, progress: false, ...more(optimizer, model) } };
  };
};

export const adam: Make = fresh((model) => new Adam(model.parameters(), { lr: 0.02 }));

function optimizerState(optimizer: Optimizer): unknown {
  const { parameters, ...rest } = optimizer.stateDict();
  return [rest, parameters.map((slots) => Object.entries(slots).map(([name, x]) => [name, x.dtype, x.toArray()]))];
}

/** The numbers of a run and of what it leaves, but for how long it took. */
export const outcome = ({ model, options }: Fresh, { epochs, batchLosses }: History): unknown => [
  epochs.map(({ seconds: _, ...record }) => record),
  batchLosses,
  Object.entries(model.stateDict()).map(([name, x]) => [name, x.toArray()]),
  optimizerState(options.optimizer),
  rand([3]).toArray(),
];

export async function run(make: Make, epochs: number, ...callbacks: Callback[]): Promise<unknown> {
  const made = make();
  const all = [...(made.options.callbacks ?? []), ...callbacks];
  return outcome(made, await fit(made.model, data(), { ...made.options, epochs, callbacks: all }));
}

export class Killed extends Error {}

/** Ends a run in the middle of an epoch, or at its end. */
export const killing = (epoch: number, batch?: number): Callback => {
  let done = 0;
  const kill = (): never => {
    throw new Killed();
  };
  return {
    onEpochBegin: () => void (done = 0),
    onBatchEnd: (r) => (r.epoch === epoch && ++done === batch ? kill() : undefined),
    onEpochEnd: (r) => (r.epoch === epoch ? kill() : undefined),
  };
};

/** A run whose epochs have these losses, as far as checkpoints can see. */
export const losing = (losses: readonly number[]): FitOptions['metrics'] => {
  let epoch = -1;
  return [{ name: 'score', reset: () => void epoch++, update: () => undefined, result: () => losses[epoch] ?? NaN }];
};

export const tiny =
  (metrics: FitOptions['metrics']): Make =>
  () => {
    manualSeed(1);
    const model = new Linear(3, 1);
    const optimizer = new SGD(model.parameters(), { lr: 0.001 });
    return { model, options: { loss: mseLoss, optimizer, progress: false, metrics: metrics ?? [], batchSize: 30 } };
  };
