/** Models with their configuration in one safetensors file. */
import { isFloat, type DType } from '../../base/dtypes.ts';
import { checkOptions, DataError, OptionError } from '../../base/errors.ts';
import { sameShape } from '../../base/shapes.ts';
import { isPlainObject } from '../../base/trees.ts';
import { readBytes, writeBytes } from '../../data/files.ts';
import { fromJSON, type PreprocessorClass } from '../../data/from-json.ts';
import type { AnyModule, LoadedState, LoadStateOptions, Module } from '../../nn/module.ts';
import { isValue, type Value } from '../../value/value.ts';
import {
  buildModel,
  describeModel,
  isModule,
  moduleClasses,
  type ModuleClass,
  type ModuleClasses,
} from './architecture.ts';
import { fromPlain, toPlain, type Kind } from './plain.ts';
import { seal, unseal, type Sealed } from './sealed.ts';

/** Classes of your own, by the names under which files know them. */
export type Classes = Readonly<Record<string, ModuleClass | PreprocessorClass>>;

export interface SaveModelOptions {
  /** Scalers, encoders, tokenizers: one, or lists and objects of them and of plain data. */
  readonly preprocessing?: unknown;
  /** Text of yours, by key. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Names for classes of your own, where they are not those of the classes. */
  readonly classes?: Classes;
}

export interface LoadModelOptions {
  /** The classes of your own that the model or its preprocessing consist of. */
  readonly classes?: Classes;
  /** Of a checkpoint whose run kept a moving average of `model.parameters()`: whether to load the averages; default false. */
  readonly averages?: boolean;
}

export interface LoadedModel<M = Module, P = unknown> {
  /** In evaluation mode. */
  readonly model: M;
  /** As it was given to `saveModel`; undefined if nothing was. */
  readonly preprocessing: P;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Of the notes of a model. */
const VERSION = 1;

/** What a training run adds to a model's tensors starts so. */
export const TRAINING = '~training';

const LOADING = 'To take only the numbers: make the model, then loadWeights(model, path).';

const hasToJSON = (x: unknown): x is { toJSON(): unknown; constructor: { fromJSON?: unknown; name: string } } =>
  typeof x === 'object' && x !== null && !isValue(x) && typeof (x as { toJSON?: unknown }).toJSON === 'function';

function preprocessors(classes: Classes, op: string): Kind {
  return {
    tag: 'preprocessor',
    matches: hasToJSON,
    write: (x, at, further) => {
      const { name, fromJSON: back } = (x as { constructor: { fromJSON?: unknown; name: string } }).constructor;
      const json = (x as { toJSON(): unknown }).toJSON();
      if (typeof back === 'function' && isPlainObject(json) && typeof json['type'] === 'string') {
        return further(json, at);
      }
      throw new OptionError(`${at} is a ${name}, which could not be loaded`, {
        op,
        option: 'preprocessing',
        hint: `Give the class a static fromJSON(json), and let toJSON() give { type: '${name}', … }.`,
      });
    },
    read: (data, at, further) => fromJSON(further(data, at), classes as Readonly<Record<string, PreprocessorClass>>),
  };
}

function requireModule(x: unknown, op: string): AnyModule {
  if (isModule(x)) return x;
  throw new OptionError(`the model is no Module but ${x === null ? 'null' : typeof x}`, { op });
}

/**
 * What a file says of a model beside its numbers: configuration, preprocessing, frozen parameters.
 * @param json The model's configuration; null where it has none that can be saved.
 */
export function modelNote(model: AnyModule, json: unknown, options: SaveModelOptions, op: string): string {
  const { preprocessing, classes = {} } = options;
  const frozen = model.namedParameters().flatMap(([name, leaf]) => (leaf.requiresGrad ? [] : [name]));
  const kept = toPlain(preprocessing, 'preprocessing', [preprocessors(classes, op)], {
    op,
    hint: 'Preprocessing is what has toJSON and a static fromJSON, in lists and objects with plain data.',
  });
  return JSON.stringify({ version: VERSION, model: json, frozen, preprocessing: kept });
}

const SAVE = ['preprocessing', 'metadata', 'classes'];

function bytesOf(op: string, given: AnyModule, options: SaveModelOptions): Uint8Array {
  checkOptions(op, options, SAVE);
  const model = requireModule(given, op);
  const json = describeModel(model, moduleClasses(options.classes ?? {}), op);
  const notes = { model: modelNote(model, json, options, op) };
  return seal({ tensors: model.stateDict(), notes, metadata: options.metadata ?? {} }, op);
}

/**
 * A model with its configuration as the bytes of a safetensors file: for browsers, and for stores that are no files.
 * @throws as `saveModel`.
 * @example localforage.setItem('net', modelToBytes(model))
 */
export const modelToBytes = (model: AnyModule, options: SaveModelOptions = {}): Uint8Array =>
  bytesOf('modelToBytes', model, options);

/**
 * Saves a model in one safetensors file, whole or not at all: parameters and buffers under PyTorch's names, and in the
 * file's metadata the classes and arguments from which it can be built anew, with what prepares its data.
 * @throws OptionError naming an argument that cannot be saved, such as a function; ChainruleError where a class does not
 * pass its arguments to `super`; DataError naming a file that cannot be written.
 * @example saveModel(model, 'net.safetensors', { preprocessing: { scaler, labels } })
 */
export function saveModel(model: AnyModule, path: string, options: SaveModelOptions = {}): void {
  writeBytes(path, bytesOf('saveModel', model, options), 'saveModel');
}

interface Note {
  readonly model: unknown;
  readonly frozen: readonly string[];
  readonly preprocessing: unknown;
}

function parseNote(text: string | undefined, file: string, op: string): Note {
  const fail = (message: string, hint: string = LOADING): never => {
    throw new DataError(`${file} ${message}`, { op, hint });
  };
  if (text === undefined) return fail('holds no model, only tensors: it was not written by saveModel');
  let note: unknown;
  try {
    note = JSON.parse(text);
  } catch {
    return fail('is damaged: its configuration is no JSON');
  }
  if (!isPlainObject(note) || typeof note['version'] !== 'number') return fail('has a damaged configuration');
  const { version, model, frozen = [], preprocessing } = note;
  if (version > VERSION) {
    return fail(`is of format ${version}, newer than this library's (${VERSION})`, 'Update chainrule.');
  }
  if (model === null) return fail('holds a model whose configuration could not be saved');
  return { model, frozen: frozen as readonly string[], preprocessing };
}

/** Moves what is beneath a module to the dtypes that a file has. */
function matchDTypes(module: AnyModule, prefix: string, tensors: Readonly<Record<string, Value>>): void {
  const leaves = [...module.namedParameters(), ...module.namedBuffers()].filter(([, x]) => isFloat(x.dtype));
  const wanted = leaves.map(([name]) => tensors[prefix + name]?.dtype);
  if (leaves.every(([, leaf], i) => wanted[i] === leaf.dtype)) return;
  const dtypes = new Set<DType | undefined>(wanted);
  const [dtype] = dtypes;
  if (dtypes.size === 1 && (dtype === 'float32' || dtype === 'float64')) module.to(dtype);
  else for (const [name, child] of module.namedChildren()) matchDTypes(child, `${prefix}${name}.`, tensors);
}

/** A model's own tensors, without those of a training run. */
export const ownTensors = (tensors: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> =>
  Object.fromEntries(Object.entries(tensors).filter(([name]) => !name.startsWith(TRAINING)));

function takeOver(model: AnyModule, sealed: Sealed, options: LoadStateOptions, file: string, op: string): LoadedState {
  try {
    return model.loadStateDict(ownTensors(sealed.tensors), options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(`${file} does not fit ${model.constructor.name}: ${why}`, { op, cause: error });
  }
}

/** @throws DataError that begins with the file's name. */
function within<T>(file: string, op: string, f: () => T): T {
  try {
    return f();
  } catch (error) {
    if (!(error instanceof Error) || error.message.includes(file)) throw error;
    throw new DataError(`${file}: ${error.message}`, { op, cause: error });
  }
}

/** The averages that a run kept, in the place of the parameters. */
function takeAverages(model: AnyModule, { tensors }: Sealed, file: string, op: string): void {
  const averageOf = (i: number): Value | undefined => tensors[`${TRAINING}.run.callbacks.ema.averages[${i}]`];
  const parameters = model.parameters();
  const fits = parameters.every((p, i) => sameShape(p.shape, averageOf(i)?.shape ?? [-1]));
  if (!fits || averageOf(parameters.length) !== undefined) {
    throw new DataError(`${file} holds no moving average of all the model's parameters`, {
      op,
      hint: 'Leave averages out.',
    });
  }
  parameters.forEach((p, i) => p.assign(averageOf(i)!));
}

function modelOf<M, P>(sealed: Sealed, file: string, options: LoadModelOptions, op: string): LoadedModel<M, P> {
  checkOptions(op, options, ['classes', 'averages']);
  const { classes = {}, averages = false } = options;
  const note = parseNote(sealed.notes['model'], file, op);
  const own: ModuleClasses = moduleClasses(classes);
  const model = within(file, op, () => buildModel(note.model, own, op));
  matchDTypes(model, '', ownTensors(sealed.tensors));
  takeOver(model, sealed, {}, file, op);
  if (averages) takeAverages(model, sealed, file, op);
  for (const [name, leaf] of model.namedParameters()) if (note.frozen.includes(name)) leaf.requiresGrad = false;
  const preprocessing = within(file, op, () =>
    fromPlain(note.preprocessing, 'preprocessing', [preprocessors(classes, op)], { op }),
  );
  model.eval();
  return { model: model as M, preprocessing: preprocessing as P, metadata: sealed.metadata };
}

const asBytes = (x: Uint8Array | ArrayBuffer): Uint8Array => (ArrayBuffer.isView(x) ? x : new Uint8Array(x));

/**
 * The model in the bytes of a file that `saveModel` or `modelToBytes` made.
 * @param bytes The file's.
 * @throws as `loadModel`.
 * @example
 * const response = await fetch('net.safetensors');
 * const { model } = modelFromBytes(await response.arrayBuffer());
 */
export function modelFromBytes<M extends AnyModule = Module, P = unknown>(
  bytes: Uint8Array | ArrayBuffer,
  options: LoadModelOptions = {},
): LoadedModel<M, P> {
  const op = 'modelFromBytes';
  return modelOf(unseal(asBytes(bytes), 'the model', op), 'the model', options, op);
}

/**
 * A model that `saveModel` (or a checkpoint) saved: built anew, with its numbers, dtypes and frozen parameters, in
 * evaluation mode; with its preprocessing and the metadata. The random generator stays where it is.
 * @throws DataError naming the file, if it is cut off, damaged, of a newer format or not from `saveModel`, or made of
 * classes that are not given.
 * @example const { model, preprocessing } = loadModel('net.safetensors', { classes: { Net } })
 */
export function loadModel<M extends AnyModule = Module, P = unknown>(
  path: string,
  options: LoadModelOptions = {},
): LoadedModel<M, P> {
  const op = 'loadModel';
  return modelOf(unseal(readBytes(path, op), path, op), path, options, op);
}

/**
 * Takes the numbers of any safetensors file, PyTorch's for example, into a model, in the dtypes that it has. With
 * `{ strict: false }` entries without counterpart are left alone; they are what it returns.
 * @throws DataError naming the file and the entries that are missing, unexpected or of another shape; nothing is changed then.
 * @example loadWeights(new MLP([784, 256, 10]), 'from-pytorch.safetensors')
 */
export function loadWeights(
  model: AnyModule,
  source: string | Uint8Array | ArrayBuffer,
  options: LoadStateOptions = {},
): LoadedState {
  const op = 'loadWeights';
  checkOptions(op, options, ['strict']);
  const file = typeof source === 'string' ? source : 'the file';
  const bytes = typeof source === 'string' ? readBytes(source, op) : asBytes(source);
  return takeOver(requireModule(model, op), unseal(bytes, file, op), options, file, op);
}
