/** One contender of a row: a process of its own that does the work when told to (the protocol is in peers/contender.mjs). */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { Assignment } from './works.ts';

/** How to start a contender. */
export interface Starter {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** What a contender answers; `cannot` says why it does not. */
export interface Answer {
  readonly cannot?: string;
  /** Nanoseconds of a run, by the clock on the wall. */
  readonly time?: number;
  /** The same, of all its threads on processors. */
  readonly processor?: number;
  readonly arrays?: Readonly<Record<string, string>>;
}

type Command =
  | { readonly do: 'prepare'; readonly assignment: Assignment }
  | { readonly do: 'results'; readonly folder: string }
  | { readonly do: 'warm'; readonly ms: number; readonly least: number }
  | { readonly do: 'round'; readonly calls: number };

/** A contender that takes longer over one command is stopped. */
const PATIENCE = 180_000;

export class Contender {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;
  #complaints = '';

  constructor({ command, args, env = {} }: Starter) {
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'ignore', 'pipe', 'pipe'] });
    // A process that could not be started, or died, shows as the end of its answers.
    this.#child.on('error', (error) => (this.#complaints += error.message));
    this.#child.stdin!.on('error', () => undefined);
    this.#child.stderr!.on(
      'data',
      (text: Buffer) => (this.#complaints = (this.#complaints + text.toString()).slice(-2000)),
    );
    this.#lines = createInterface({ input: this.#child.stdio[3] as Readable });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async ask(command: Command): Promise<Answer> {
    this.#child.stdin!.write(`${JSON.stringify(command)}\n`);
    const alarm = setTimeout(() => this.#child.kill('SIGKILL'), PATIENCE);
    const line = await this.#answers.next();
    clearTimeout(alarm);
    if (line.done !== true) return JSON.parse(line.value) as Answer;
    const why = this.#complaints.trim().split('\n').at(-1);
    return { cannot: why === undefined || why === '' ? `ended within ${command.do}` : why };
  }

  stop(): void {
    this.#lines.close();
    this.#child.kill();
  }
}
