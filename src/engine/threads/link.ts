/** From a program's module to something that can be run. */
import { ChainruleError } from '../../base/errors.ts';
import { threadPool, type Enrolled, type ThreadPool } from './pool.ts';

export interface Linking {
  /** Made by `importRuntime` and `writeRun`. What its data segments bring are constants: workers bring them once more. */
  readonly module: WebAssembly.Module;
  /** Shared if the module was written for several threads. */
  readonly memory: WebAssembly.Memory;
  /** Calls host function number `index`, on the main thread. */
  readonly host: (index: number) => void;
  /** As given to `importRuntime`. */
  readonly threads: number;
  /** As given to `writeRun`. */
  readonly control: number;
  /** As `writeRun` returned it. */
  readonly parallel: boolean;
}

interface Membership {
  readonly pool: ThreadPool;
  readonly program: Enrolled;
}

const forgotten = new FinalizationRegistry<Membership>(({ pool, program }) => pool.dismiss(program));

/**
 * A program in a memory. Whoever keeps it keeps its memory; when it is dropped or disposed, workers forget it.
 *
 * @example
 * const linked = new LinkedRun({ module, memory, host, threads, control, parallel })
 * linked.run()
 */
export class LinkedRun {
  readonly instance: WebAssembly.Instance;
  private readonly start: () => number;
  /** Undefined where everything is done on this thread. */
  private readonly membership: Membership | undefined;
  private isDisposed = false;

  /** @throws what WebAssembly.Instance throws where memory and module do not fit together. */
  constructor(linking: Linking, pool?: ThreadPool) {
    const { module, memory, threads, control } = linking;
    if (linking.parallel) {
      const workers = pool ?? threadPool();
      this.membership = { pool: workers, program: workers.enrol({ module, memory, threads, control }) };
      forgotten.register(this, this.membership, this);
    }
    this.instance = new WebAssembly.Instance(module, { engine: this.importsOf(linking) });
    this.start = this.instance.exports['run'] as () => number;
  }

  /**
   * Does all of the program, on this thread and the workers that are there.
   * @throws ChainruleError when a worker failed; else what a host function or the program itself throws.
   */
  run(): void {
    if (this.isDisposed) throw new ChainruleError('the program is disposed', { op: 'compile' });
    if (this.membership === undefined) return void this.start();
    const { pool, program } = this.membership;
    pool.enter(program);
    let failed: number;
    try {
      failed = this.start();
    } catch (error) {
      pool.abandon(program);
      throw error;
    }
    if (failed !== 0) throw pool.failureIn(program);
  }

  /** Workers forget it, and no longer use its memory. It cannot be run any more. */
  dispose(): void {
    if (this.isDisposed) return;
    this.isDisposed = true;
    if (this.membership === undefined) return;
    forgotten.unregister(this);
    this.membership.pool.dismiss(this.membership.program);
  }

  private importsOf({ memory, host }: Linking): WebAssembly.ModuleImports {
    if (this.membership === undefined) return { memory, host, wake: () => undefined };
    const { pool, program } = this.membership;
    return {
      memory,
      wake: () => pool.wake(),
      host: (index: number) => {
        host(index);
        // It may have run other programs.
        if (!this.isDisposed) pool.enter(program);
      },
    };
  }
}
