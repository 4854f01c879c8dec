/** Seeding. */
import { OptionError, TraceError } from '../base/errors.ts';
import { generatorState, restoreGenerator, seedGenerator } from '../base/random.ts';
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

/** Where the random numbers are: the seed, and how many draws have been made since. Plain data. */
export interface RandomState {
  readonly seed: number;
  readonly draws: number;
}

/**
 * Where the random numbers are, to be kept with what a run has come to.
 * @throws TraceError inside a compiled function.
 * https://docs.pytorch.org/docs/stable/generated/torch.get_rng_state.html
 * @example const random = randomState(); const x = rand([2]); setRandomState(random); rand([2]) // equals x
 */
export function randomState(): RandomState {
  if (state.lifting === null) return generatorState();
  throw new TraceError(
    `the random position inside ${state.lifting.trace.by}: it would be read once, while the function is traced`,
    { op: 'randomState', hint: 'Ask before or after the call.' },
  );
}

/**
 * Puts the random numbers where they were.
 * @throws OptionError for something else than `randomState` gave; TraceError inside a compiled function.
 * @example setRandomState(saved.random)
 */
export function setRandomState(saved: RandomState): void {
  const { seed, draws } = (saved ?? {}) as Partial<RandomState>;
  if (!Number.isSafeInteger(draws) || draws! < 0) {
    throw new OptionError(`a random state is { seed, draws }, got draws ${String(draws)}`, { op: 'setRandomState' });
  }
  manualSeed(seed!);
  restoreGenerator({ seed: seed!, draws: draws! });
}
