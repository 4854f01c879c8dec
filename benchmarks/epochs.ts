/** An epoch of training: by `fit`, and by a loop written by hand around a compiled step. */
import { compile, constant, manualSeed, type CompileOptions, type Value } from 'chainrule';
import { DataLoader, TensorDataset } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { SGD } from 'chainrule/optim';
import { fit, type Run } from 'chainrule/train';
import type { Input, Inputs, Task, WorkOptions } from './peers/contender.mjs';

interface Setting {
  readonly model: MLP;
  readonly optimizer: SGD;
  readonly loader: DataLoader<never, Value[]>;
}

/** Runs an epoch; gives the losses of its batches. */
type Epoch = () => Promise<readonly number[]>;

function setting({ x, y }: Inputs, { hidden, batchSize, lr, classes }: WorkOptions): Setting {
  manualSeed(0);
  const model = new MLP([x!.shape[1]!, Number(hidden), Number(classes)]);
  const fixed = ({ data, shape }: Input): Value => constant(data, { shape });
  const data = new TensorDataset(fixed(x!), fixed(y!));
  const loader = new DataLoader(data, { batchSize: Number(batchSize), shuffle: true, seed: 0 });
  return {
    model,
    optimizer: new SGD(model.parameters(), { lr: Number(lr) }),
    loader: loader as unknown as DataLoader<never, Value[]>,
  };
}

function byHand({ model, optimizer, loader }: Setting, options: CompileOptions | false): Epoch {
  const update = (x: Value, y: Value): Value => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  };
  const step = options === false ? update : compile(update, options);
  return () => {
    const losses: number[] = [];
    for (const [x, y] of loader) losses.push(step(x!, y!).item());
    return Promise.resolve(losses);
  };
}

/** A run without end, which is let go an epoch at a time. */
function byFit({ model, optimizer, loader }: Setting, options: CompileOptions | false): Epoch {
  let goOn: () => void = () => undefined;
  let done: (losses: readonly number[]) => void = () => undefined;
  const wait = (): Promise<void> => new Promise((resolve) => (goOn = resolve));
  const started = wait();
  const callback = {
    onTrainBegin: () => started,
    onEpochEnd: ({ history, batches }: Run) => {
      const next = wait();
      done(history.batchLosses.slice(-batches!));
      return next;
    },
  };
  void fit(model, loader, {
    loss: crossEntropy,
    optimizer,
    epochs: 1e9,
    callbacks: [callback],
    progress: false,
    compile: options,
  });
  return () =>
    new Promise((resolve) => {
      done = resolve;
      goOn();
    });
}

/** One run is an epoch; its results are the losses of its batches. */
export function epochs(inputs: Inputs, options: WorkOptions, compiled: CompileOptions | false): Task<Value> {
  const make = options['loop'] === 'fit' ? byFit : byHand;
  const task: Task<unknown> = {
    run: make(setting(inputs, options), compiled),
    read: (losses) => ({ losses: losses as readonly number[] }),
    finish: (epoch) => epoch,
  };
  // The others' runs give Values; what these give goes to `read` and `finish` only.
  return task as Task<Value>;
}
