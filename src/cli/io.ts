/** What commands see of the outside world, so that tests can stand in for it. */
import type { Terminal } from '../train/index.ts';

export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Where a progress bar may be drawn; absent when the output is no terminal. */
  readonly terminal?: Terminal;
  /** Relative paths start here. */
  readonly cwd: string;
}

/** Something that the person at the keyboard can put right: shown as it is, without a stack. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError';
}

export interface Command {
  readonly name: string;
  /** One line for the overview. */
  readonly summary: string;
  readonly help: string;
  /** Throws a UsageError (or a ChainruleError) for what it refuses. */
  readonly run: (args: readonly string[], io: Io) => void | Promise<void>;
}
