/** Parameters that are trained with the same options. */
import { checkOptions, TraceError } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { state } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { readFlag, writeFlag } from './flags.ts';
import type { Rules, Setting } from './settings.ts';

/** The options of an optimizer that all optimizers have. */
export interface BaseSettings {
  readonly lr: number;
}

/** A group as users see it: each option may be read, and set at any time. */
export type ParameterGroup<O extends BaseSettings = BaseSettings> = Group & { -readonly [K in keyof O]: O[K] };

/** The options of a group as updates see them: what changes from step to step is a Value. */
export interface Hyperparameters<O> {
  /** The numbers, as 0-d float64 Values; pairs as two of them. */
  readonly value: { readonly [K in keyof O]: ValueOf<O[K]> };
  /** Whether a choice is made, or a number is not 0. A compiled step has a program for either. */
  readonly uses: { readonly [K in keyof O]: boolean };
}

type ValueOf<T> = T extends number ? Value : T extends readonly [number, number] ? readonly [Value, Value] : never;

/** What a saved group is: its options, and the positions of its parameters. */
export type GroupState = Readonly<Record<string, Setting | readonly number[]>>;

/** Options by name. */
type Options = Readonly<Record<string, Setting>>;

/** What an optimizer says about its options; without a type, of any. */
export interface Settings<O = Options> {
  readonly rules: Rules<O>;
  /** A rule about several options at once. Throws an OptionError. */
  together?(op: string, options: O): void;
}

/**
 * One parameter group. Its numbers are kept twice: as numbers for those who set and read them, and in cells for
 * compiled steps, so that another number is no other program. Whether a number is 0 and what a choice is are flags: they
 * choose between programs.
 */
export class Group {
  readonly params: readonly Value[];
  /** The rate that the first schedule found; schedules start from it. Null without a schedule. */
  initialLr: number | null = null;
  readonly #op: string;
  readonly #settings: Settings;
  readonly #options: Record<string, Setting>;
  readonly #used: Record<string, boolean> = {};
  readonly value: Readonly<Record<string, Value | readonly Value[]>>;
  readonly uses: Readonly<Record<string, boolean>> = {};

  constructor(op: string, params: readonly Value[], options: Options, settings: Settings) {
    this.params = params;
    this.#op = op;
    this.#settings = settings;
    settings.together?.(op, options);
    this.#options = { ...options };
    this.value = Object.fromEntries(Object.entries(options).map(([name, x]) => [name, cellsOf(name, x)]));
    for (const name of Object.keys(settings.rules)) this.#declare(name);
  }

  #declare(name: string): void {
    this.#used[name] = isUsed(this.#options[name]!);
    Object.defineProperty(this.uses, name, { get: () => readFlag(this.#used, name), enumerable: true });
    Object.defineProperty(this, name, {
      get: () => this.#get(name),
      set: (x: Setting) => this.set({ [name]: x }),
      enumerable: true,
    });
  }

  #get(name: string): Setting {
    if (typeof this.#options[name] === 'boolean') return readFlag(this.#used, name);
    if (state.lifting === null) return this.#options[name]!;
    throw new TraceError(`${name} is read as a number while ${state.lifting.trace.by} traces the function`, {
      op: this.#op,
      hint: `It may change from call to call: step schedules after the compiled step; in an update, group.value.${name} is a Value.`,
    });
  }

  /**
   * Changes several options at once.
   * @throws OptionError for impossible values; nothing is changed then.
   */
  set(options: Options): void {
    this.prepared(options)();
  }

  /** Checks new options, and gives what sets them: for changes of several groups that happen together or not at all. */
  prepared(options: Options): () => void {
    checkOptions(this.#op, options, Object.keys(this.#settings.rules));
    const checked = Object.entries(options).map(([name, x]): [string, Setting] => {
      return [name, this.#settings.rules[name]!.check(this.#op, name, x)];
    });
    this.#settings.together?.(this.#op, { ...this.#options, ...Object.fromEntries(checked) });
    return () => checked.forEach(([name, x]) => this.#put(name, x));
  }

  #put(name: string, x: Setting): void {
    const cells = [this.value[name]!].flat();
    numbersOf(x).forEach((each, i) => cells[i]!.assign(each));
    writeFlag(this.#options, name, x);
    writeFlag(this.#used, name, isUsed(x));
  }

  /** A copy of the options. */
  options(): Options {
    return { ...this.#options };
  }
}

const isPair = (x: Setting): x is readonly [number, number] => Array.isArray(x);

const numbersOf = (x: Setting): readonly number[] => (typeof x === 'number' ? [x] : isPair(x) ? x : []);

const cellOf = (label: string, x: number): Value => constant(x, { dtype: 'float64', label });

const cellsOf = (name: string, x: Setting): Value | readonly Value[] =>
  typeof x === 'number' ? cellOf(name, x) : numbersOf(x).map((each) => cellOf(name, each));

const isUsed = (x: Setting): boolean => x === true || typeof x === 'string' || numbersOf(x).some((each) => each !== 0);
