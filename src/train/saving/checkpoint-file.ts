/** A training run in one file: the model as `saveModel` writes it, and what it takes to go on. */
import { ChainruleError, DataError } from '../../base/errors.ts';
import { generatorState, restoreGenerator } from '../../base/random.ts';
import { isPlainObject } from '../../base/trees.ts';
import { readBytes, writeBytes } from '../../data/files.ts';
import type { OptimizerState } from '../../optim/state.ts';
import type { Value } from '../../value/value.ts';
import { describeModel, moduleClasses } from './architecture.ts';
import type { Run, RunState } from '../callback.ts';
import { fromPlain, toPlain } from './plain.ts';
import { arrayKind, tensorKind } from './plain-tensors.ts';
import { modelNote, ownTensors, TRAINING, type SaveModelOptions } from './save.ts';
import { seal, unseal, type Sealed } from './sealed.ts';

/** How a run's epochs are ranked. */
export interface Ranking {
  readonly monitor: string;
  readonly mode: 'min' | 'max';
}

/** What a file says of a run. */
export interface Checkpoint {
  readonly path: string;
  readonly model: Readonly<Record<string, Value>>;
  readonly optimizer: OptimizerState;
  /** Parameters that are the optimizer's alone, by their positions in it. */
  readonly others: Readonly<Record<string, Value>>;
  readonly run: RunState;
  readonly generator: { readonly seed: number; readonly draws: number };
  readonly ranking: Ranking;
}

const VERSION = 1;
const OP = 'checkpoint';

/** Parameters that the optimizer trains beside the model's: those of a loss, for example. */
function otherParameters({ model, optimizer }: Run): Record<string, Value> {
  const known = new Set<Value>(model.parameters());
  const others = optimizer.parameters.flatMap((p, i): [string, Value][] => (known.has(p) ? [] : [[String(i), p]]));
  return Object.fromEntries(others);
}

/** The model's configuration; null if it has functions in it or the like. */
function configurationOf(run: Run, options: SaveModelOptions): unknown {
  try {
    return describeModel(run.model, moduleClasses(options.classes ?? {}), OP, false);
  } catch (error) {
    if (error instanceof ChainruleError) return null;
    throw error;
  }
}

/**
 * Saves where a run stands, whole or not at all.
 * @throws OptionError naming what a callback remembers that is no plain data; DataError naming a file that cannot be written.
 */
export function writeCheckpoint(path: string, run: Run, ranking: Ranking, options: SaveModelOptions): void {
  const tensors: Record<string, Value> = run.model.stateDict();
  const state = run.state();
  const training = {
    version: VERSION,
    generator: generatorState(),
    ranking,
    optimizer: run.optimizer.stateDict(),
    others: otherParameters(run),
    // As an array: text would be long.
    run: { ...state, history: { ...state.history, batchLosses: Float64Array.from(state.history.batchLosses) } },
  };
  const json = toPlain(training, TRAINING, [tensorKind(tensors, OP), arrayKind], {
    op: OP,
    hint: 'stateDict() of a callback gives numbers, text, lists and objects of them, typed arrays and Values.',
  });
  const notes = {
    model: modelNote(run.model, configurationOf(run, options), options, OP),
    training: JSON.stringify(json),
  };
  writeBytes(path, seal({ tensors, notes, metadata: options.metadata ?? {} }, OP), OP);
}

function parse(text: string | undefined, path: string): unknown {
  if (text === undefined) throw new DataError(`${path} holds no training run`, { op: OP });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${path} is damaged: what it says of the run is no JSON`, { op: OP, cause: error });
  }
}

function parsed({ tensors, notes }: Sealed, path: string): Checkpoint {
  const kinds = [tensorKind({ ...tensors }, OP), arrayKind];
  const training = fromPlain(parse(notes['training'], path), TRAINING, kinds, { op: OP });
  const version = isPlainObject(training) ? training['version'] : undefined;
  if (version !== VERSION) {
    throw new DataError(`${path} is of format ${String(version)}, this library reads ${VERSION}`, { op: OP });
  }
  const { run, ...rest } = training as Omit<Checkpoint, 'path' | 'model'>;
  const history = { ...run.history, batchLosses: Array.from(run.history.batchLosses) };
  return { ...rest, path, model: ownTensors(tensors), run: { ...run, history } };
}

/** @throws DataError naming the file, if it is cut off, damaged, of another format or no checkpoint. */
export function readCheckpoint(path: string): Checkpoint {
  const sealed = unseal(readBytes(path, OP), path, OP);
  try {
    return parsed(sealed, path);
  } catch (error) {
    if (error instanceof DataError && error.message.includes(path)) throw error;
    throw new DataError(`${path} is damaged: ${error instanceof Error ? error.message : String(error)}`, {
      op: OP,
      cause: error,
    });
  }
}

/**
 * Puts a run where the file's was: to be called before its first step.
 * @throws DataError naming the file, if it is of another model, optimizer or moving average.
 */
export function resumeFrom(checkpoint: Checkpoint, run: Run): void {
  try {
    run.model.loadStateDict(checkpoint.model);
    run.optimizer.loadStateDict(checkpoint.optimizer);
    for (const [i, x] of Object.entries(checkpoint.others)) run.optimizer.parameters[Number(i)]!.assign(x);
    run.resume(checkpoint.run);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(`${checkpoint.path} is of another run: ${why}`, {
      op: OP,
      hint: 'Resume with the model, the optimizer and the callbacks that it was saved with.',
      cause: error,
    });
  }
  restoreGenerator(checkpoint.generator);
}
