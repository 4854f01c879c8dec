/** What a search chooses from: lists, and distributions. */
import { OptionError } from '../../base/errors.ts';
import { power } from '../../optim/schedules/numbers.ts';

/** A value of a hyperparameter: plain data. */
export type Plain = number | string | boolean | null | readonly Plain[] | { readonly [name: string]: Plain };

/** Where a random search draws a hyperparameter from. */
export interface Distribution<T extends Plain = Plain> {
  /** As it was written: `logUniform(0.0001, 0.1)`. */
  readonly text: string;
  /** The value below which a share u of all draws lies. */
  at(u: number): T;
}

/** Hyperparameters by name: for each the values to choose from, or the one it has. */
export type Space = Readonly<Record<string, readonly Plain[] | Distribution | Plain>>;

/** What a search tries with a space: one value for each of its names. */
export type Chosen<S extends Space> = {
  readonly [K in keyof S]: S[K] extends Distribution<infer T> ? T : S[K] extends readonly (infer T)[] ? T : S[K];
};

function checkRange(op: string, low: number, high: number): void {
  if (Number.isFinite(low) && Number.isFinite(high) && low < high) return;
  throw new OptionError(`needs two finite numbers, the lower one first, got ${String(low)} and ${String(high)}`, {
    op,
  });
}

/** Every number from low to high alike. @throws OptionError unless low < high. @example uniform(0, 0.5) // of a dropout */
export function uniform(low: number, high: number): Distribution<number> {
  checkRange('uniform', low, high);
  return { text: `uniform(${low}, ${high})`, at: (u) => low + (high - low) * u };
}

/**
 * Every order of magnitude from low to high alike: for rates and penalties.
 * @throws OptionError unless 0 < low < high.
 * @example logUniform(1e-4, 1e-1)
 */
export function logUniform(low: number, high: number): Distribution<number> {
  checkRange('logUniform', low, high);
  if (low <= 0) throw new OptionError(`logarithms need numbers above 0, got ${low}`, { op: 'logUniform' });
  return { text: `logUniform(${low}, ${high})`, at: (u) => low * power(high / low, u) };
}

/** Every whole number from low to high, both included, alike. @throws OptionError @example integer(8, 64) */
export function integer(low: number, high: number): Distribution<number> {
  if (!Number.isSafeInteger(low) || !Number.isSafeInteger(high) || low > high) {
    throw new OptionError(`needs two whole numbers, the lower one first, got ${String(low)} and ${String(high)}`, {
      op: 'integer',
    });
  }
  return { text: `integer(${low}, ${high})`, at: (u) => low + Math.floor((high - low + 1) * u) };
}

/** One of the values, all alike; a list in a space is the same. @throws OptionError for none. @example choice(['relu', 'tanh']) */
export function choice<const T extends Plain>(values: readonly T[]): Distribution<T> {
  if (!isList(values) || values.length === 0) {
    throw new OptionError('needs a list of at least one value', { op: 'choice', option: 'values' });
  }
  return { text: `choice(${JSON.stringify(values)})`, at: (u) => values[Math.floor(values.length * u)]! };
}

const isDistribution = (x: Space[string]): x is Distribution =>
  typeof x === 'object' && x !== null && !Array.isArray(x) && typeof (x as Partial<Distribution>).at === 'function';

const isList = (x: Space[string]): x is readonly Plain[] => Array.isArray(x);

/** @throws OptionError for a space without names, or an empty list. */
export function checkSpace(op: string, space: Space): void {
  if (typeof space !== 'object' || space === null || Array.isArray(space) || Object.keys(space).length === 0) {
    throw new OptionError('a space names hyperparameters: { lr: [0.1, 0.01], width: [16, 64] }', {
      op,
      option: 'space',
    });
  }
  for (const [name, from] of Object.entries(space)) {
    if (isList(from) && from.length === 0) {
      throw new OptionError(`${name} has no values to choose from`, { op, option: 'space' });
    }
    if (typeof from === 'function' || from === undefined) {
      throw new OptionError(`${name} must be a list of values, a distribution or a value, got ${typeof from}`, {
        op,
        option: 'space',
        hint: 'Choose functions and classes by name, and look the name up in the training function.',
      });
    }
  }
}

/** Every combination, the last name changing fastest. @throws OptionError for a distribution: it has no end. */
export function combinations<S extends Space>(op: string, space: S): Chosen<S>[] {
  checkSpace(op, space);
  let found: Record<string, Plain>[] = [{}];
  for (const [name, from] of Object.entries(space)) {
    if (isDistribution(from)) {
      throw new OptionError(`${name} is ${from.text}, which no grid can exhaust`, {
        op,
        option: 'space',
        hint: 'List its values, or use randomSearch.',
      });
    }
    const values = isList(from) ? from : [from];
    found = found.flatMap((chosen) => values.map((x) => ({ ...chosen, [name]: x })));
  }
  return found as unknown as Chosen<S>[];
}

/** One draw of every name, in their order; each takes one uniform number, whatever it is drawn from. */
export function drawFrom<S extends Space>(space: S, uniformNumber: () => number): Chosen<S> {
  const drawn = Object.entries(space).map(([name, from]): [string, Plain] => {
    const u = uniformNumber();
    if (isDistribution(from)) return [name, from.at(u)];
    return [name, isList(from) ? from[Math.floor(from.length * u)]! : from];
  });
  return Object.fromEntries(drawn) as unknown as Chosen<S>;
}

/** A space in words: what a file of results says it was made from. */
export const textOfSpace = (space: Space): string =>
  Object.entries(space)
    .map(([name, from]) => `${name}: ${isDistribution(from) ? from.text : JSON.stringify(from)}`)
    .join(', ');
