/** States in one file: for loops of one's own. */
import { checkOptions, DataError } from '../../base/errors.ts';
import { readBytes, writeBytes } from '../../data/files.ts';
import type { Value } from '../../value/value.ts';
import { fromPlain, toPlain } from './plain.ts';
import { arrayKind, tensorKind } from './plain-tensors.ts';
import { seal, unseal } from './sealed.ts';

export interface SaveStateOptions {
  /** Text of yours, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What the names of tensors begin with. */
const ROOT = 'state';

/**
 * Saves numbers, text, lists and objects of them, typed arrays and Values in one safetensors file, whole or not at all:
 * the states of a model, an optimizer, a schedule, for a loop of your own. `fit` has `checkpoint`.
 * https://docs.pytorch.org/docs/stable/generated/torch.save.html
 * @throws OptionError naming the place of anything else; DataError naming a file that cannot be written.
 * @example saveState('run.safetensors', { model: model.stateDict(), optimizer: optimizer.stateDict(), random: randomState(), step })
 */
export function saveState(path: string, state: unknown, options: SaveStateOptions = {}): void {
  const op = 'saveState';
  checkOptions(op, options, ['metadata']);
  const tensors: Record<string, Value> = {};
  const json = toPlain(state, ROOT, [tensorKind(tensors, op), arrayKind], {
    op,
    hint: 'Save numbers, text, lists and objects of them, typed arrays and Values; of models and optimizers their stateDict().',
  });
  const notes = { state: JSON.stringify(json) };
  writeBytes(path, seal({ tensors, notes, metadata: options.metadata ?? {} }, op), op);
}

/**
 * What `saveState` saved, to the bit. Values come back as leaves that require no gradients.
 * @throws DataError naming the file, if it is cut off, damaged or not from `saveState`.
 * @example
 * const { model: weights, optimizer: slots, random, step } = loadState<Saved>('run.safetensors');
 * model.loadStateDict(weights);
 * optimizer.loadStateDict(slots);
 * setRandomState(random);
 */
export function loadState<T = unknown>(path: string): T {
  const op = 'loadState';
  const { tensors, notes } = unseal(readBytes(path, op), path, op);
  const text = notes['state'];
  if (text === undefined) {
    throw new DataError(`${path} holds no state: it was not written by saveState`, {
      op,
      hint: 'Tensors alone are read by readSafetensors, models by loadModel.',
    });
  }
  try {
    return fromPlain(JSON.parse(text), ROOT, [tensorKind({ ...tensors }, op), arrayKind], { op }) as T;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(`${path} is damaged: ${why}`, { op, cause: error });
  }
}
