/** Seeding. */
import { OptionError } from '../base/errors.ts';
import { seedGenerator } from '../base/random.ts';

/**
 * Makes all random numbers from here on repeatable: the same seed and the same draws give the same bits.
 * @throws OptionError unless the seed is a whole number from 0 to 2⁵³ − 1.
 * @example manualSeed(42)
 */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(`a seed is a whole number from 0 to 2^53 - 1, got ${String(seed)}`, {
      op: 'manualSeed',
      option: 'seed',
    });
  }
  seedGenerator(seed);
}
