/** Training runs on TensorBoard. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';
import { checkWhole } from '../../optim/settings.ts';
import type { Callback, EpochRecord, Run } from '../callback.ts';
import { SummaryWriter } from './writer.ts';

export interface TensorBoardOptions {
  /** The folder of the run, best one within a folder of runs that are compared: `runs/adam`. */
  readonly directory: string;
  /** Loss and learning rate after every so many batches, too; default 0: not. */
  readonly everyBatches?: number;
  /** Histograms of parameters and gradients after every so many epochs; default 1; 0: none. */
  readonly histograms?: number;
}

const OP = 'tensorBoard';

/** `valLoss` → `loss`; null for a number that is not of validation data. */
function validated(name: string): string | null {
  const match = /^val([A-Z0-9].*)$/.exec(name);
  return match === null ? null : match[1]!.charAt(0).toLowerCase() + match[1]!.slice(1);
}

/** Writers for epochs, for validation data, and for batches, which count their steps otherwise. */
type Part = 'train' | 'validation' | 'batches';

class Writers {
  readonly #directory: string;
  /** Where an interrupted run goes on: what it has told of later steps is void. */
  readonly #purge: Readonly<Record<Part, number>> | null;
  readonly #made: Map<Part, SummaryWriter> = new Map();

  constructor(directory: string, { epoch, step }: Run) {
    this.#directory = directory;
    this.#purge = epoch > 1 ? { train: epoch, validation: epoch, batches: step + 1 } : null;
  }

  of(part: Part): SummaryWriter {
    const known = this.#made.get(part);
    if (known !== undefined) return known;
    const path = builtin('node:path', OP).join(this.#directory, part);
    const made = new SummaryWriter(path, this.#purge === null ? {} : { purgeStep: this.#purge[part] });
    this.#made.set(part, made);
    return made;
  }

  flush(): void {
    for (const writer of this.#made.values()) writer.flush();
  }
}

function writeRecord(writers: Writers, { epoch, ...numbers }: EpochRecord): void {
  for (const [name, x] of Object.entries(numbers)) {
    const bare = validated(name);
    writers.of(bare === null ? 'train' : 'validation').addScalar(bare ?? name, x, epoch);
  }
}

function writeHistograms(writers: Writers, { model, epoch }: Run): void {
  const train = writers.of('train');
  for (const [name, p] of model.namedParameters()) {
    train.addHistogram(`weights/${name}`, p, epoch);
    if (p.grad !== null) train.addHistogram(`gradients/${name}`, p.grad, epoch);
  }
}

/**
 * Shows the run in TensorBoard (`tensorboard --logdir runs`): every number of the epochs' records, those of validation data
 * in the same charts; histograms of parameters and gradients; if asked for, loss and learning rate by batches, as a run
 * of their own. A run
 * that is resumed goes on with its curves.
 * https://keras.io/api/callbacks/tensorboard/
 * @throws OptionError for impossible options; DataError (from fit) naming a file that cannot be written.
 * @example await fit(model, data, { …, callbacks: [tensorBoard({ directory: 'runs/adam', everyBatches: 10 })] })
 */
export function tensorBoard(options: TensorBoardOptions): Callback {
  checkOptions(OP, options, ['directory', 'everyBatches', 'histograms']);
  const { directory, everyBatches = 0, histograms = 1 } = options;
  if (typeof directory !== 'string' || directory === '') {
    throw new OptionError('directory must be a path', { op: OP, option: 'directory' });
  }
  checkWhole(OP, 'everyBatches', everyBatches, 0);
  checkWhole(OP, 'histograms', histograms, 0);
  let writers: Writers | null = null;
  return {
    name: 'tensorBoard',
    onTrainBegin() {
      writers = null;
    },
    // Not before: by then a run that is resumed knows its epoch.
    onEpochBegin(run) {
      writers ??= new Writers(directory, run);
    },
    onBatchEnd(run) {
      if (everyBatches === 0 || run.step % everyBatches !== 0) return;
      const { lastLoss, optimizer, step } = run;
      writers!.of('batches').addScalar('loss', lastLoss, step).addScalar('lr', optimizer.lr, step);
    },
    onEpochEnd(run, record) {
      writeRecord(writers!, record);
      if (histograms > 0 && run.epoch % histograms === 0) writeHistograms(writers!, run);
      writers!.flush();
    },
    onTrainEnd() {
      writers?.flush();
    },
  };
}
