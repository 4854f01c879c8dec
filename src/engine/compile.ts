/** compile: the same function, traced once and run as a program. */
import { defaultDtype } from '../base/dtypes.ts';
import { checkOptions, OptionError } from '../base/errors.ts';
import { flatten, mapTree, unflatten } from '../base/trees.ts';
import { flattenResult, traceProgram } from '../program/trace.ts';
import type { AnyFunction, AnyParameters, LiftedAll, Values } from '../transform/signatures.ts';
import { lift } from '../value/lift.ts';
import { requireFunction, state } from '../value/recording.ts';
import { requireLive } from '../value/trace.ts';
import { isTraced, isValue, type Value } from '../value/value.ts';
import { Cache, Entry, recordedFrom } from './cache.ts';
import { accelerateEagerOps } from './eager.ts';
import type { Backend, ExecutableOptions } from './executable.ts';
import { differenceBetween, leafKindOf, type Key } from './guards.ts';
import { shownProgram, type CompiledProgram } from './inspect.ts';
import { native } from './native.ts';

/** What compiled programs run on. */
const backend: Backend = native;

// Whoever has the engine has its kernels for large eager ops, too.
accelerateEagerOps();

export interface CompileOptions {
  /**
   * `default`: the bits of the eager run, everywhere. `fast`: products may use fused multiply-adds, which are faster and
   * round once less.
   */
  readonly precision?: 'default' | 'fast';
  /** At most so many threads; default: the cores there are, fewer where work is small. Any number gives the same bits. */
  readonly threads?: number;
}

/** What a compiled function has beside its call. */
export interface Compiled {
  /** The programs made so far, the one used last in front. */
  readonly programs: readonly CompiledProgram[];
  /** The text of the program that these arguments would run; makes it if need be, and runs nothing. */
  explain(...args: unknown[]): string;
  /** Forgets all programs, and gives back their memory. Never needed: the collector does it, too. */
  dispose(): void;
}

/** So many programs of one function are more than shapes explain: someone should know why. */
const MANY = 8;

function checkCompileOptions(options: CompileOptions): ExecutableOptions {
  checkOptions('compile', options, ['precision', 'threads']);
  const { precision = 'default', threads } = options;
  if (precision !== 'default' && precision !== 'fast') {
    throw new OptionError(`precision is 'default' or 'fast', not ${JSON.stringify(precision)}`, {
      op: 'compile',
      option: 'precision',
    });
  }
  if (threads === undefined) return { precision };
  if (Number.isInteger(threads) && threads >= 1) return { precision, threads };
  throw new OptionError(`threads is a whole number ≥ 1, got ${String(threads)}`, { op: 'compile', option: 'threads' });
}

/** Numbers are traced; booleans, texts and other things are part of what a program is specific to. */
const isArgumentLeaf = (x: unknown): x is Value | number => isValue(x) || typeof x === 'number';

class CompiledFunction {
  readonly cache: Cache = new Cache();
  readonly #f: AnyFunction;
  readonly #options: ExecutableOptions;
  #compilations = 0;
  #warned = false;

  constructor(f: AnyFunction, options: ExecutableOptions) {
    this.#f = f;
    this.#options = options;
  }

  call(args: readonly unknown[]): unknown {
    if (state.trace !== null || state.observer !== null) return this.#directly(args);
    const found = this.cache.find(args);
    if (found !== null) return this.#run(found.entry, found.leaves, args);
    const leaves = flatten(args, isArgumentLeaf).leaves.map((x) => lift(x, 'compile'));
    return this.#run(this.#compile(args, leaves), leaves, args);
  }

  /** Inlined where someone traces, watched where someone observes. */
  #directly(args: readonly unknown[]): unknown {
    const lifted = mapTree(args, isArgumentLeaf, (x) => lift(x, 'compile')) as unknown[];
    const { leaves, structure } = flattenResult(this.#f(...lifted), 'compile');
    return unflatten(structure, leaves);
  }

  #run(entry: Entry, leaves: readonly Value[], args: readonly unknown[]): unknown {
    return entry.isFor(leaves) ? entry.run(leaves) : this.#directly(args);
  }

  entryFor(args: readonly unknown[]): Entry {
    const found = this.cache.find(args);
    if (found !== null) return found.entry;
    return this.#compile(
      args,
      flatten(args, isArgumentLeaf).leaves.map((x) => lift(x, 'compile')),
    );
  }

  #compile(args: readonly unknown[], leaves: readonly Value[]): Entry {
    for (const x of leaves) if (x._trace !== null && isTraced(x)) requireLive(x._trace, 'compile');
    const { structure } = flatten(args, isArgumentLeaf);
    const f = (...xs: Value[]): unknown => this.#f(...(unflatten(structure, xs) as unknown[]));
    const labels = leaves.map((x) => x.label);
    const traced = traceProgram('compile', f, leaves, { labels, exactly: true });
    const { program, facts, requiresGrad } = traced;
    const records = state.gradients && program.effects.length === 0 && requiresGrad.includes(true);
    const { run, recorded } = records ? recordedFrom(program) : { run: program, recorded: null };
    const key: Key = {
      structure,
      leaves: leaves.map(leafKindOf),
      gradients: state.gradients,
      defaultDtype: defaultDtype(),
      facts,
    };
    const entry = new Entry(key, traced, backend(run, this.#options), recorded);
    this.#note(key);
    this.cache.add(entry);
    return entry;
  }

  #note(key: Key): void {
    this.#compilations++;
    const before = this.cache.entries[0];
    if (this.#warned || this.#compilations <= MANY || before === undefined) return;
    this.#warned = true;
    const name = this.#f.name === '' ? 'a function' : this.#f.name;
    console.warn(
      `compile: ${name} has been compiled ${this.#compilations} times; the last time because ${differenceBetween(before.key, key)}. ` +
        'Each is a program of its own. Keep shapes and flags fixed (pad the last batch, or leave it out), or call the function itself where they vary.',
    );
  }
}

/**
 * f, compiled: the first call traces it into a Program, later ones run that. Same arguments, same results, to the bit.
 * Arguments and results are Values, numbers, or trees of them; numbers are traced (they may change from call to call),
 * other things (booleans, texts, modules) are part of what a program is specific to. Parameters, `.grad`s, buffers and
 * the state of optimizers that f uses are read anew and written at each call, so that f may be a whole training step.
 *
 * f is traced again for other shapes, dtypes, structures and flags (`model.eval()`); code in it that is no op runs only
 * then. It must not read numbers: use `where` and `scan` instead of branches and loops that depend on data.
 * @throws TypeError if f is no function, or returns a Promise; OptionError for options that do not exist; TraceError if
 * f reads a number.
 * @example
 * const step = compile((x, y) => {
 *   const loss = crossEntropy(model.forward(x), y)
 *   optimizer.zeroGrad()
 *   loss.backward()
 *   optimizer.step()
 *   return loss
 * })
 */
export function compile<A extends Value[], R>(
  f: (...args: A) => R,
  options?: CompileOptions,
): ((...args: LiftedAll<A>) => Values<R>) & Compiled;
export function compile<A extends AnyParameters, R>(
  f: (...args: A) => R,
  options?: CompileOptions,
): ((...args: LiftedAll<A>) => Values<R>) & Compiled;
export function compile(f: AnyFunction, options: CompileOptions = {}): AnyFunction & Compiled {
  requireFunction(f, 'compile');
  const compiled = new CompiledFunction(f, checkCompileOptions(options));
  const call: AnyFunction = (...args: unknown[]) => compiled.call(args);
  const own: Compiled = {
    get programs() {
      return compiled.cache.entries.map(({ traced, executable }) =>
        shownProgram(traced.program, () => executable.stats()),
      );
    },
    explain: (...args) => String(compiled.entryFor(args).traced.program),
    dispose: () => compiled.cache.clear(),
  };
  return Object.defineProperties(call, Object.getOwnPropertyDescriptors(own)) as AnyFunction & Compiled;
}
