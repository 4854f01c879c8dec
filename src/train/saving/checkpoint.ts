/** Saving a run as it goes on, and going on with it. */
import { checkOptions, DataError, OptionError } from '../../base/errors.ts';
import { checkWhole } from '../../optim/settings.ts';
import type { Callback, EpochRecord, Run } from '../callback.ts';
import { readCheckpoint, resumeFrom, writeCheckpoint, type Checkpoint, type Ranking } from './checkpoint-file.ts';
import {
  checkpointsIn,
  inOrder,
  pathOf,
  placeOf,
  prepareFolder,
  remove,
  removeParts,
  setAside,
  type CheckpointFile,
  type Place,
} from './checkpoint-folder.ts';
import { directionOf } from '../early-stopping.ts';
import type { SaveModelOptions } from './save.ts';

export interface CheckpointOptions extends SaveModelOptions {
  /** The folder that the files go to; made if it is not there. */
  readonly directory: string;
  /** Saves after every so many epochs, and after the last; default 1. */
  readonly every?: number;
  /** Saves within epochs, too, after every so many batches; default 0: not. */
  readonly everyBatches?: number;
  /** How many of the latest are kept; default 1. */
  readonly keepLast?: number;
  /** How many of the best are kept besides, whatever `every` says; default 1. */
  readonly keepBest?: number;
  /** The number of the epochs' records that says which are best; default `valLoss` with validation data, else `loss`. */
  readonly monitor?: string;
  /** Whether it should fall or rise; `auto` (default) lets it rise unless it is a loss or an error. */
  readonly mode?: 'auto' | 'min' | 'max';
  /** Goes on with the latest in the folder (and starts where there is none), or with the file of this path; default false. */
  readonly resume?: boolean | string;
  /** Whether checkpoints of another run in the folder may be removed; default false, which refuses to start. */
  readonly overwrite?: boolean;
}

/** What `checkpoint` gives. */
export interface CheckpointCallback extends Callback {
  /** The latest file; null before there is one. */
  readonly last: string | null;
  /** The file of the best epoch; null before there is one. */
  readonly best: string | null;
}

const OP = 'checkpoint';
const OPTIONS = [
  ...['directory', 'every', 'everyBatches', 'keepLast', 'keepBest', 'monitor', 'mode', 'resume', 'overwrite'],
  ...['preprocessing', 'metadata', 'classes'],
];

const refuse = (option: string, message: string, hint?: string): never => {
  throw new OptionError(message, { op: OP, option, ...(hint === undefined ? {} : { hint }) });
};

function check(options: CheckpointOptions): void {
  checkOptions(OP, options, OPTIONS);
  const { directory, every = 1, keepLast = 1, keepBest = 1, mode = 'auto', resume = false } = options;
  if (typeof directory !== 'string' || directory === '') refuse('directory', 'directory must be a path');
  checkWhole(OP, 'every', every, 1);
  checkWhole(OP, 'everyBatches', options.everyBatches ?? 0, 0);
  checkWhole(OP, 'keepLast', keepLast, 1);
  checkWhole(OP, 'keepBest', keepBest, 0);
  if (!['auto', 'min', 'max'].includes(mode))
    refuse('mode', `mode is 'auto', 'min' or 'max', got ${JSON.stringify(mode)}`);
  if (typeof resume !== 'boolean' && typeof resume !== 'string') refuse('resume', 'resume is true, false or a path');
}

function rankingOf({ monitor, mode = 'auto' }: CheckpointOptions, record: Partial<EpochRecord>): Ranking {
  const followed = monitor ?? ('valLoss' in record ? 'valLoss' : 'loss');
  return { monitor: followed, mode: directionOf(followed, mode) };
}

/** Epochs by their numbers, the best first; of equal ones the earlier. NaN is never good. */
function ranked(records: readonly EpochRecord[], { monitor, mode }: Ranking): number[] {
  const worth = (record: EpochRecord): number => {
    const x = record[monitor] ?? NaN;
    return Number.isNaN(x) ? -Infinity : mode === 'max' ? x : -x;
  };
  const sorted = records.filter((r) => worth(r) > -Infinity).sort((a, b) => worth(b) - worth(a) || a.epoch - b.epoch);
  return sorted.map(({ epoch }) => epoch);
}

/** The best of these files by the records of the run; files within epochs have none. */
function bestOf(files: readonly CheckpointFile[], records: readonly EpochRecord[], ranking: Ranking): CheckpointFile[] {
  const whole = new Map(files.filter(({ batch }) => batch === 0).map((file) => [file.epoch, file]));
  return ranked(records, ranking).flatMap((epoch) => whole.get(epoch) ?? []);
}

/** What neither the latest nor the best need. */
function surplus(
  files: readonly CheckpointFile[],
  best: readonly CheckpointFile[],
  keepLast: number,
): CheckpointFile[] {
  const kept = new Set<CheckpointFile>([...files.slice(-keepLast), ...best]);
  return files.filter((file) => !kept.has(file));
}

/** The latest that can be read. Those that cannot are named and set aside. @throws DataError if none of several can. */
function latestReadable(directory: string): Checkpoint | null {
  const files = checkpointsIn(directory).reverse();
  for (const file of files) {
    try {
      return readCheckpoint(file.path);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      console.warn(`${error.message}\nIt is set aside as ${file.path}.damaged; the one before it is tried.`);
      setAside([file], 'damaged');
    }
  }
  if (files.length === 0) return null;
  throw new DataError(`none of the checkpoints in ${directory} can be read`, {
    op: OP,
    hint: 'They have been set aside as *.damaged. To start anew, call fit once more.',
  });
}

function chosen({ directory, resume }: CheckpointOptions): Checkpoint | null {
  if (resume === true) return latestReadable(directory);
  if (typeof resume === 'string') return readCheckpoint(resume);
  return null;
}

/** A run that starts anew in a folder of another one. */
function startAnew({ directory, overwrite = false }: CheckpointOptions): void {
  const files = checkpointsIn(directory);
  if (files.length === 0) return;
  // The latest go first: what an interruption leaves is a shorter run, not one with a hole.
  if (overwrite) return remove(files.reverse());
  refuse(
    'directory',
    `${directory} holds checkpoints of a run, up to ${files.at(-1)!.path}`,
    'Go on with it: { resume: true }. Or give another directory, or { overwrite: true }.',
  );
}

/**
 * Saves the run after every epoch (or so many, or within epochs), and where it is stopped: parameters, buffers, optimizer, schedule, what other callbacks remember,
 * history, random numbers and the order of the data. With `resume` a run goes on from there as if it had never ended,
 * to the last bit. Each file is written beside its place and moved there: an interruption at any time leaves a folder
 * whose latest file loads; one that was damaged otherwise is set aside, with a warning, for the one before.
 *
 * The files hold the model, too: `loadModel(callback.best)`.
 * https://keras.io/api/callbacks/model_checkpoint/
 * @throws OptionError for an impossible option, or a folder with checkpoints of another run; DataError (from fit) naming
 * a file that is damaged, or of another model or optimizer.
 * @example await fit(model, data, { …, callbacks: [checkpoint({ directory: 'runs/1', keepBest: 3, resume: true })] })
 */
export function checkpoint(options: CheckpointOptions): CheckpointCallback {
  check(options);
  const { directory, every = 1, everyBatches = 0, keepLast = 1, keepBest = 1, monitor } = options;
  let last: string | null = null;
  let best: string | null = null;
  let isOverdue = false;

  const tidy = (run: Run, ranking: Ranking): void => {
    const files = checkpointsIn(directory);
    const good = bestOf(files, run.history.epochs, ranking);
    best = good[0]?.path ?? null;
    remove(surplus(files, good.slice(0, keepBest), keepLast));
  };

  const save = (run: Run, place: Place, ranking: Ranking): void => {
    last = pathOf(directory, place);
    writeCheckpoint(last, run, ranking, options);
    tidy(run, ranking);
  };

  const saveWithin = (run: Run): void => {
    isOverdue = false;
    save(run, { epoch: run.epoch - 1, batch: run.done }, rankingOf(options, run.history.epochs.at(-1) ?? {}));
  };

  const begin = (run: Run): void => {
    isOverdue = false;
    prepareFolder(directory);
    removeParts(directory);
    const from = chosen(options);
    if (from === null) return startAnew(options);
    resumeFrom(from, run);
    const here = placeOf(from.path);
    const files = checkpointsIn(directory);
    // What came after it was another future.
    if (here !== null)
      setAside(
        files.filter((file) => inOrder(file, here) > 0),
        'abandoned',
      );
    last = from.path;
    // Of an interruption between writing and removing.
    tidy(run, rankingOf(options, run.history.epochs.at(-1) ?? {}));
  };

  return {
    name: 'checkpoint',
    ...(monitor === undefined ? {} : { monitor }),
    isLast: true,
    get last() {
      return last;
    },
    get best() {
      return best;
    },
    onTrainBegin: begin,
    onBatchEnd(run) {
      isOverdue ||= everyBatches > 0 && run.step % everyBatches === 0;
      if (isOverdue && run.isSettled && run.done !== run.batches) saveWithin(run);
    },
    onEpochEnd(run, record) {
      const ranking = rankingOf(options, record);
      const { epochs, stopped } = run.history;
      const isDue = isOverdue || record.epoch % every === 0 || record.epoch === run.epochs || stopped !== null;
      const isGood = ranked(epochs, ranking).slice(0, keepBest).includes(record.epoch);
      isOverdue = false;
      if (isDue || isGood) save(run, { epoch: record.epoch, batch: 0 }, ranking);
    },
    onInterrupt(run) {
      if (run.isSettled) saveWithin(run);
    },
  };
}

/**
 * The latest file in a folder of checkpoints; null if there is none. Whether it can be read is another question:
 * `checkpoint({ directory, resume: true })` asks it.
 * @example lastCheckpoint('runs/1') // 'runs/1/epoch-0010.safetensors'
 */
export const lastCheckpoint = (directory: string): string | null => checkpointsIn(directory).at(-1)?.path ?? null;

/**
 * The file of the best epoch in a folder of checkpoints, by what its run monitored; null if there is none.
 * @throws DataError if the latest, which knows, cannot be read.
 * @example const { model } = loadModel(bestCheckpoint('runs/1'))
 */
export function bestCheckpoint(directory: string): string | null {
  const files = checkpointsIn(directory);
  const latest = files.at(-1);
  if (latest === undefined) return null;
  const { run, ranking } = readCheckpoint(latest.path);
  return bestOf(files, run.history.epochs, ranking)[0]?.path ?? null;
}
