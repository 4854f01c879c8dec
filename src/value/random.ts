/** Seeding. */
import { OptionError, TraceError } from '../base/errors.ts';
import { seedGenerator } from '../base/random.ts';
import { state } from './recording.ts';

/**
 * Makes all random numbers from here on repeatable: the same seed and the same draws give the same bits.
 * @throws OptionError unless the seed is a whole number from 0 to 2⁵³ − 1; TraceError inside a compiled function.
 * @example manualSeed(42)
 */
export function manualSeed(seed: number): void {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new OptionError(`a seed is a whole number from 0 to 2^53 - 1, got ${String(seed)}`, {
      op: 'manualSeed',
      option: 'seed',
    });
  }
  if (state.lifting !== null) {
    throw new TraceError(
      `seeding inside ${state.lifting.trace.by}: it would happen once, while the function is traced`,
      {
        op: 'manualSeed',
        hint: 'Seed before the call: each call then draws the next numbers.',
      },
    );
  }
  seedGenerator(seed);
}
