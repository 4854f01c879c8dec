/** What was fitted on training data, back from JSON. */
import { DataError } from '../base/errors.ts';
import { isPlainObject } from '../base/trees.ts';
import { BytePairTokenizer } from './byte-pair.ts';
import { LabelEncoder, OneHotEncoder } from './encoders.ts';
import { Imputer } from './imputer.ts';
import { MinMaxScaler, StandardScaler } from './scalers.ts';
import { CharTokenizer, WordTokenizer } from './tokenizers.ts';

/** Something fitted on training data that is kept with the model: a scaler, an encoder, a tokenizer. */
export interface Preprocessor {
  /** Plain data, with the name of the class as `type`. */
  toJSON(): object;
}

/** A class of such things. */
export interface PreprocessorClass<P extends Preprocessor = Preprocessor> {
  fromJSON(json: object): P;
}

const CLASSES: Readonly<Record<string, PreprocessorClass>> = {
  BytePairTokenizer,
  CharTokenizer,
  Imputer,
  LabelEncoder,
  MinMaxScaler,
  OneHotEncoder,
  StandardScaler,
  WordTokenizer,
};

/**
 * The scaler, encoder, imputer or tokenizer that `toJSON` saved, by its `type`. Classes of your own, with a `toJSON` that
 * gives their name as `type` and a static `fromJSON`, are given as `classes`.
 * @throws DataError for something that is no such JSON, or of an unknown type.
 * @example const scaler = fromJSON(JSON.parse(text)) as StandardScaler
 */
export function fromJSON(json: unknown, classes: Readonly<Record<string, PreprocessorClass>> = {}): Preprocessor {
  const type = isPlainObject(json) ? json['type'] : undefined;
  if (typeof type !== 'string') {
    throw new DataError('this is no saved preprocessor: it has no type', {
      op: 'fromJSON',
      hint: 'Give what toJSON of a scaler, encoder, imputer or tokenizer returned.',
    });
  }
  const known = { ...CLASSES, ...classes };
  if (Object.hasOwn(known, type)) return known[type]!.fromJSON(json as object);
  throw new DataError(`there is no preprocessor ${JSON.stringify(type)}`, {
    op: 'fromJSON',
    hint: `Known: ${Object.keys(known).join(', ')}. Pass a class of your own: fromJSON(json, { ${type} }).`,
  });
}
