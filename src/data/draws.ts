/** Random numbers for the examples of a batch, each with a stream of its own: who else is in the batch does not matter. */
import { threefry2x32 } from '../base/random.ts';
import { OptionError } from '../base/errors.ts';
import { freshSeed, Stream, upTo } from './random.ts';

/** A stream of random numbers for each example of a batch. */
export type Draws = readonly Stream[];

/**
 * The streams of some examples: each depends on the seed, the example's number and the turn (such as the epoch), and on
 * nothing else. A DataLoader makes them for its `transform`.
 * @throws OptionError for a seed or turn that is no whole number ≥ 0.
 * @example rotate([-15, 15])(images, draws(0, images.shape[0], epoch))
 */
export function draws(seed: number, examples: number | ArrayLike<number>, turn: number = 0): Draws {
  requireWhole('seed', seed);
  requireWhole('turn', turn);
  const key = threefry2x32(words(seed), words(turn));
  const numbers = typeof examples === 'number' ? upTo(examples) : examples;
  return Array.from(numbers, (example) => new Stream(threefry2x32(key, words(example))));
}

const words = (x: number): [number, number] => [x >>> 0, Math.floor(x / 4294967296)];

function requireWhole(option: string, x: unknown): void {
  if (Number.isSafeInteger(x) && (x as number) >= 0) return;
  throw new OptionError(`${option} must be a whole number ≥ 0, got ${String(x)}`, { op: 'draws', option });
}

/** Streams for n examples: those given, those of a seed, or those of a seed drawn from `manualSeed`'s generator. */
export function drawsFor(op: string, given: Draws | number | undefined, n: number): Draws {
  if (given === undefined || typeof given === 'number') return draws(given ?? freshSeed(), n);
  if (given.length === n) return given;
  throw new OptionError(`${given.length} streams of random numbers for ${n} examples`, { op, option: 'draws' });
}
