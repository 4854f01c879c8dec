/** Trees of plain data, with other things in them, as JSON and back. */
import { DataError, OptionError } from '../../base/errors.ts';
import { isPlainObject } from '../../base/trees.ts';

/** Goes on with what is inside of something, at a place. */
export type Further = (x: unknown, at: string) => unknown;

/** Something that is no plain data, but known how to be written as such. */
export interface Kind {
  /** The only key, after a dollar sign, of the object that stands for it. */
  readonly tag: string;
  matches(x: unknown): boolean;
  write(x: unknown, at: string, further: Further): unknown;
  read(data: unknown, at: string, further: Further): unknown;
}

/** Whose data it is, for messages. */
export interface About {
  readonly op: string;
  /** What to do about something that cannot be written. */
  readonly hint?: string;
}

const NUMBERS: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity, '-0': -0 };

const isOrdinary = (x: number): boolean => Number.isFinite(x) && !Object.is(x, -0);

const nameOfNumber = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

function describe(x: unknown): string {
  if (typeof x !== 'object' || x === null) return `a ${typeof x}`;
  return `a ${(x.constructor as { name?: string } | undefined)?.name ?? 'object without a class'}`;
}

/** An object as it is, unless one of its keys could be taken for a tag. */
function writeObject(x: Readonly<Record<string, unknown>>, at: string, further: Further): unknown {
  const entries = Object.entries(x)
    .filter(([, held]) => held !== undefined)
    .map(([key, held]): [string, unknown] => [key, further(held, `${at}.${key}`)]);
  return entries.some(([key]) => key.startsWith('$')) ? { $object: entries } : Object.fromEntries(entries);
}

/**
 * Plain data (numbers, text, booleans, null, lists, objects) and `kinds` as JSON; every number comes back to the bit.
 * @throws OptionError naming the place of anything else.
 */
export function toPlain(tree: unknown, root: string, kinds: readonly Kind[], about: About): unknown {
  const write: Further = (x, at) => {
    if (x === null || typeof x === 'string' || typeof x === 'boolean') return x;
    if (typeof x === 'number') return isOrdinary(x) ? x : { $number: nameOfNumber(x) };
    if (x === undefined) return { $undefined: true };
    const kind = kinds.find((each) => each.matches(x));
    if (kind !== undefined) return { [`$${kind.tag}`]: kind.write(x, at, write) };
    if (Array.isArray(x)) return x.map((held, i) => write(held, `${at}[${i}]`));
    if (isPlainObject(x)) return writeObject(x, at, write);
    throw new OptionError(`${at} is ${describe(x)}, which cannot be saved`, about);
  };
  return write(tree, root);
}

/** What `toPlain` wrote. @throws DataError for what it never writes. */
export function fromPlain(json: unknown, root: string, kinds: readonly Kind[], about: About): unknown {
  const damaged = (at: string): never => {
    throw new DataError(`${at} is damaged`, about);
  };
  const readTagged = (tag: string, data: unknown, at: string): unknown => {
    if (tag === '$number') return Object.hasOwn(NUMBERS, String(data)) ? NUMBERS[String(data)] : damaged(at);
    if (tag === '$undefined') return undefined;
    if (tag === '$object') return Array.isArray(data) ? Object.fromEntries(data.map(readEntry(at))) : damaged(at);
    const kind = kinds.find((each) => `$${each.tag}` === tag);
    return kind === undefined ? damaged(at) : kind.read(data, at, read);
  };
  const readEntry =
    (at: string) =>
    (entry: unknown): [string, unknown] =>
      Array.isArray(entry) ? [String(entry[0]), read(entry[1], `${at}.${String(entry[0])}`)] : damaged(at);
  const read: Further = (x, at) => {
    if (Array.isArray(x)) return x.map((held, i) => read(held, `${at}[${i}]`));
    if (!isPlainObject(x)) return x;
    const entries = Object.entries(x);
    const [first] = entries;
    if (entries.length === 1 && first![0].startsWith('$')) return readTagged(first![0], first![1], at);
    return Object.fromEntries(entries.map(([key, held]) => [key, read(held, `${at}.${key}`)]));
  };
  return read(json, root);
}
