/** Preprocessors come back from JSON by their type. */
import { DataError } from 'chainrule';
import {
  CharTokenizer,
  fromJSON,
  Imputer,
  LabelEncoder,
  MinMaxScaler,
  OneHotEncoder,
  StandardScaler,
  WordTokenizer,
  type Preprocessor,
} from 'chainrule/data';

const rows = [
  [1, 10],
  [3, 30],
];

const FITTED: readonly [string, Preprocessor][] = [
  ['StandardScaler', new StandardScaler().fit(rows)],
  ['MinMaxScaler', new MinMaxScaler({ range: [-1, 1] }).fit(rows)],
  ['Imputer', new Imputer({ strategy: 'median' }).fit(rows)],
  ['LabelEncoder', new LabelEncoder().fit(['b', 'a'])],
  ['OneHotEncoder', new OneHotEncoder({ unknown: 'ignore' }).fit(['b', 2])],
  ['CharTokenizer', CharTokenizer.train('to be')],
  ['WordTokenizer', WordTokenizer.train('To be', { lowercase: true })],
];

test.each(FITTED)('%s', (name, fitted) => {
  const json: unknown = JSON.parse(JSON.stringify(fitted));
  const back = fromJSON(json);
  expect(back.constructor).toBe(fitted.constructor);
  expect(back.constructor.name).toBe(name);
  expect(back.toJSON()).toEqual(fitted.toJSON());
});

class Doubler implements Preprocessor {
  toJSON(): object {
    return { type: 'Doubler' };
  }
  static fromJSON(): Doubler {
    return new Doubler();
  }
}

test('classes of your own are named', () => {
  expect(fromJSON(new Doubler().toJSON(), { Doubler })).toBeInstanceOf(Doubler);
  expect(() => fromJSON(new Doubler().toJSON())).toThrow(
    /no preprocessor "Doubler"[\s\S]*fromJSON\(json, \{ Doubler \}\)/,
  );
});

test.each([[null], [3], [{}], [{ type: 7 }], [{ type: 'toString' }]])('%j is refused', (json) => {
  expect(() => fromJSON(json)).toThrow(DataError);
});
