/** Streams of random numbers for data work: of a seed of their own, or of one drawn from `manualSeed`'s generator. */
import { OptionError } from '../base/errors.ts';
import { fillUniform, threefry2x32 } from '../base/random.ts';

/** A repeatable stream: number i depends on the key and i alone. */
export class Stream {
  readonly #key: readonly [number, number];
  #drawn = 0;

  constructor(key: readonly [number, number]) {
    this.#key = key;
  }

  /** Uniform in [0, 1), 53 random bits. */
  uniform(): number {
    const i = this.#drawn++;
    const [a, b] = threefry2x32(this.#key, [i >>> 0, Math.floor(i / 4294967296)]);
    return ((a >>> 5) * 67108864 + (b >>> 6)) / 9007199254740992;
  }

  /** Uniform between low and high. */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /** A whole number from 0 to n − 1. */
  below(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  uniforms(n: number): Float64Array {
    return Float64Array.from({ length: n }, () => this.uniform());
  }

  /** Puts the items in a random order, in place (Fisher and Yates). */
  shuffle<A extends { [index: number]: unknown; readonly length: number }>(items: A): A {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }
}

/** A seed's key; `turn` (an epoch, a fold) gives each turn numbers of its own. @throws OptionError */
export function seededStream(op: string, seed: number | undefined, turn: number = 0): Stream {
  if (seed === undefined) return new Stream([freshWord(), freshWord()]);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(`seed must be a whole number ≥ 0, got ${String(seed)}`, { op, option: 'seed' });
  }
  const high = Math.floor(seed / 4294967296);
  return new Stream(threefry2x32([seed >>> 0, high], [turn >>> 0, 0x64617461]));
}

/** 32 bits from the generator that `manualSeed` sets. */
function freshWord(): number {
  const one = new Float64Array(1);
  fillUniform(one);
  return Math.floor(one[0]! * 4294967296);
}

/** A seed from the generator that `manualSeed` sets. */
export const freshSeed = (): number => freshWord();

/** 0 … n − 1. */
export const upTo = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);
