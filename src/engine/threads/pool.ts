/** The workers of this process (or page): they take part in one program at a time, the one that ran last. */
import { ChainruleError } from '../../base/errors.ts';
import { BUSY, CONTROL_BYTES, FAILED, LEAVE, TICKET } from './control.ts';
import * as words from './pool-words.ts';
import { spawn, type Thread } from './spawn.ts';
import type { Enrolment, Message } from './worker-source.ts';

/** A worker that nobody needed for so long ends: a process that trained once keeps no threads. */
const PATIENCE_MILLISECONDS = 10_000;

/** A program that workers take part in. */
export interface Enrolled extends Enrolment {
  /** Its control words. */
  readonly words: Int32Array;
}

export class ThreadPool {
  private words: Int32Array = newWords();
  /** By worker number; there is no worker 0. */
  private readonly threads: (Thread | undefined)[] = [];
  private readonly programs: Map<number, Enrolled> = new Map();
  private readonly patience: number;
  private current: Enrolled | undefined;
  private lastId = 0;
  private wanted = 0;
  private knownEnded = 0;
  private mayStart = true;
  private failure: ChainruleError | undefined;

  /** `patience`: after how many milliseconds without work a worker ends. */
  constructor(patience: number = PATIENCE_MILLISECONDS) {
    this.patience = patience;
  }

  /** How many workers have begun and not ended. */
  get ready(): number {
    let count = 0;
    for (let worker = 1; worker < this.threads.length; worker++) {
      if (this.stateOf(worker) === words.READY) count++;
    }
    return count;
  }

  /** How many programs workers know. */
  get enrolled(): number {
    return this.programs.size;
  }

  /** Makes a program known, and starts the workers that it lacks. Its control words become zero. */
  enrol(program: Omit<Enrolment, 'id'>): Enrolled {
    const id = ++this.lastId;
    const control = new Int32Array(program.memory.buffer, program.control, CONTROL_BYTES / 4).fill(0);
    const enrolled: Enrolled = { ...program, id, words: control };
    this.wanted = Math.max(this.wanted, Math.min(program.threads - 1, words.MOST_WORKERS));
    this.startMissing();
    this.programs.set(id, enrolled);
    this.postAll(messageOf(enrolled));
    return enrolled;
  }

  /**
   * Makes a program the current one and calls the workers that sleep.
   * @throws ChainruleError if a worker has died since.
   */
  enter(program: Enrolled): void {
    if (this.failure !== undefined) this.throwFailure();
    if (Atomics.load(this.words, words.ENDED) !== this.knownEnded) this.startMissing();
    if (this.current !== program) this.switchTo(program);
    this.wake();
  }

  /** Calls the workers that sleep. */
  wake(): void {
    if (Atomics.load(this.words, words.SLEEPERS) > 0) this.ring();
  }

  /** After a failure on the main thread: nothing more is claimed, and nobody works on the program any more. */
  abandon({ words: control }: Enrolled): void {
    Atomics.store(control, TICKET / 4, 0);
    while (Atomics.load(control, BUSY / 4) > 0);
    Atomics.store(control, FAILED / 4, 0);
  }

  /** What the worker that failed in this program has said. */
  failureIn({ words: control }: Enrolled): ChainruleError {
    const worker = Atomics.exchange(control, FAILED / 4, 0);
    const [length = 0, ...units] = new Uint16Array(this.words.buffer, words.textOf(worker), words.TEXT_UNITS + 1);
    return new ChainruleError(`worker thread ${worker} failed: ${String.fromCharCode(...units.slice(0, length))}`, {
      op: 'compile',
    });
  }

  /** Takes a program away. When it returns no worker reads or writes its memory any more. */
  dismiss(program: Enrolled): void {
    if (!this.programs.delete(program.id)) return;
    if (this.current === program) {
      this.current = undefined;
      Atomics.store(this.words, words.CURRENT, 0);
    }
    Atomics.store(program.words, TICKET / 4, LEAVE);
    for (let worker = 1; worker < this.threads.length; worker++) {
      while (Atomics.load(this.words, words.blockOf(worker) + words.INSIDE) === program.id);
    }
    this.postAll({ drop: program.id });
  }

  /** Takes away all programs of one memory. */
  dismissAll(memory: WebAssembly.Memory): void {
    for (const program of this.programs.values()) if (program.memory === memory) this.dismiss(program);
  }

  /** Ends all workers. The pool can be used again. */
  close(): void {
    for (const program of this.programs.values()) this.dismiss(program);
    for (const thread of this.threads) thread?.terminate();
    this.threads.length = 0;
    this.wanted = 0;
    // Those that are ending may still write into the old ones.
    this.words = newWords();
  }

  private switchTo(program: Enrolled): void {
    Atomics.store(program.words, TICKET / 4, 0);
    Atomics.store(this.words, words.CURRENT, program.id);
    if (this.current !== undefined) Atomics.store(this.current.words, TICKET / 4, LEAVE);
    this.current = program;
  }

  private ring(): void {
    Atomics.add(this.words, words.EPOCH, 1);
    Atomics.notify(this.words, words.EPOCH);
  }

  private stateOf(worker: number): number {
    return Atomics.load(this.words, words.blockOf(worker) + words.STATE);
  }

  private startMissing(): void {
    this.knownEnded = Atomics.load(this.words, words.ENDED);
    for (let worker = 1; worker <= this.wanted && this.mayStart; worker++) {
      if (this.threads[worker] === undefined || this.stateOf(worker) === words.GONE) this.start(worker);
    }
  }

  private start(worker: number): void {
    const block = words.blockOf(worker);
    this.words.fill(0, block, block + 3);
    try {
      const thread = spawn((reason) => this.onFailure(worker, thread, reason));
      this.threads[worker] = thread;
    } catch (error) {
      return this.giveUp(error);
    }
    const pool = this.words.buffer as SharedArrayBuffer;
    this.post(worker, { pool, worker, block, text: words.textOf(worker), patience: this.patience });
    for (const program of this.programs.values()) this.post(worker, messageOf(program));
  }

  private postAll(message: Message): void {
    for (let worker = 1; worker < this.threads.length; worker++) this.post(worker, message);
    this.wake();
  }

  /** Counted first: a worker that sees the count goes to its event loop and awaits the message there. */
  private post(worker: number, message: Message): void {
    Atomics.add(this.words, words.blockOf(worker) + words.MAIL, 1);
    this.threads[worker]?.post(message);
  }

  private onFailure(worker: number, thread: Thread, reason: unknown): void {
    if (this.threads[worker] !== thread) return;
    const hadBegun = this.stateOf(worker) !== words.NEW;
    const block = words.blockOf(worker);
    Atomics.store(this.words, block + words.INSIDE, 0);
    Atomics.store(this.words, block + words.STATE, words.GONE);
    this.threads[worker] = undefined;
    if (!hadBegun) return this.giveUp(reason);
    this.failure = new ChainruleError(`worker thread ${worker} died: ${textOf(reason)}`, { op: 'compile' });
  }

  private throwFailure(): never {
    const failure = this.failure!;
    this.failure = undefined;
    this.startMissing();
    throw failure;
  }

  /** Workers are forbidden or cannot be had: programs run on, with those there are. */
  private giveUp(reason: unknown): void {
    if (!this.mayStart) return;
    this.mayStart = false;
    console.warn(
      `chainrule: no worker threads, compiled programs use one thread. ${textOf(reason)}\n` +
        '  In a browser, a Content-Security-Policy must allow workers: worker-src blob:. Or choose { threads: 1 }.',
    );
  }
}

const newWords = (): Int32Array => new Int32Array(new SharedArrayBuffer(words.POOL_BYTES));

const messageOf = ({ id, module, memory, control, threads }: Enrolled): Enrolment => ({
  id,
  module,
  memory,
  control,
  threads,
});

/** Errors may come from another realm. */
function textOf(reason: unknown): string {
  const { message } = (reason ?? {}) as { message?: unknown };
  return typeof message === 'string' ? message : String(reason);
}

let pool: ThreadPool | undefined;

/** The one pool there is, made when it is first needed. */
export const threadPool = (): ThreadPool => (pool ??= new ThreadPool());
