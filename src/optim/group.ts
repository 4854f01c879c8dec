/** Parameters that are trained with the same options. */
import { TraceError } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { state } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import type { NamesOf, Rules, Setting } from './settings.ts';

/** The options of an optimizer that all optimizers have. */
export interface BaseSettings {
  readonly lr: number;
}

/** A group as users see it: each option may be read, and set at any time. */
export type ParameterGroup<O extends BaseSettings = BaseSettings> = Group<O> & { -readonly [K in keyof O]: O[K] };

/** What a saved group is: its options, and the positions of its parameters. */
export type GroupState = Readonly<Record<string, Setting | readonly number[]>>;

/** A rule about several options at once. Throws an OptionError. */
export type Together<O> = (op: string, options: O) => void;

/** What an optimizer says about its options. */
export interface Settings<O> {
  readonly rules: Rules<O>;
  readonly together?: Together<O>;
}

/**
 * One parameter group. Its numbers are kept twice: as numbers for those who set and read them, and in cells for
 * compiled steps, so that another number is no other program. Whether a number is 0 and what a choice is are flags: they
 * choose between programs.
 */
export class Group<O extends BaseSettings = BaseSettings> {
  readonly params: readonly Value[];
  /** The rate that the first schedule found; schedules start from it. Null without a schedule. */
  initialLr: number | null = null;
  readonly #op: string;
  readonly #settings: Settings<O>;
  readonly #options: O;
  readonly #cells = new Map<string, readonly Value[]>();
  readonly #used: Record<string, boolean> = {};

  constructor(op: string, params: readonly Value[], options: O, settings: Settings<O>) {
    this.params = params;
    this.#op = op;
    this.#settings = settings;
    settings.together?.(op, options);
    this.#options = { ...options };
    for (const name of Object.keys(settings.rules) as (keyof O & string)[]) this.#declare(name);
  }

  #declare(name: keyof O & string): void {
    const held = this.#options[name];
    this.#used[name] = isUsed(held);
    if (typeof held !== 'boolean') {
      const cells = numbersOf(held).map((x) => constant(x, { dtype: 'float64', label: name }));
      this.#cells.set(name, cells);
    }
    Object.defineProperty(this, name, {
      get: () => this.#get(name),
      set: (x: unknown) => this.set({ [name]: x } as Partial<O>),
      enumerable: true,
    });
  }

  #get(name: keyof O & string): O[keyof O & string] {
    if (state.lifting === null) return this.#options[name];
    if (typeof this.#options[name] === 'boolean') return this.uses(name) as O[keyof O & string];
    throw new TraceError(`${name} is read as a number while ${state.lifting.trace.by} traces the function`, {
      op: this.#op,
      hint: `It may change from call to call: step schedules after the compiled step, and write updates with group.value('${name}').`,
    });
  }

  /**
   * Changes several options at once.
   * @throws OptionError for impossible values; nothing is changed then.
   */
  set(options: Partial<O>): void {
    const checked = Object.entries(options).map(([name, x]) => {
      const rule = this.#settings.rules[name as keyof O];
      return [name, rule.check(this.#op, name, x)] as const;
    });
    this.#settings.together?.(this.#op, { ...this.#options, ...Object.fromEntries(checked) });
    for (const [name, x] of checked) this.#put(name, x as Setting);
  }

  #put(name: string, x: Setting): void {
    numbersOf(x).forEach((each, i) => this.#cells.get(name)?.[i]!.assign(each));
    write(this.#options, name, x);
    write(this.#used, name, isUsed(x));
  }

  /** A number as a 0-d float64 Value: what updates compute with. */
  value(name: NamesOf<O, number>): Value {
    return this.#cells.get(name)![0]!;
  }

  /** Two numbers as 0-d float64 Values. */
  pair(name: NamesOf<O, readonly [number, number]>): readonly [Value, Value] {
    const [first, second] = this.#cells.get(name)!;
    return [first!, second!];
  }

  /** Whether a choice is made, or a number is not 0. A compiled step has a program for either. */
  uses(name: keyof O & string): boolean {
    const now = this.#used[name]!;
    return state.lifting === null ? now : state.lifting.readFlag(this.#used, name, now);
  }

  /** The options as plain data. */
  options(): O {
    return { ...this.#options };
  }
}

const isUsed = (x: unknown): boolean => (Array.isArray(x) ? x.some((each) => each !== 0) : x !== 0 && x !== false);

const numbersOf = (x: unknown): readonly number[] =>
  typeof x === 'number' ? [x] : Array.isArray(x) ? (x as number[]) : [];

/** At once; while a function is traced, when it is run. */
function write(owner: object, name: string, x: unknown): void {
  if (state.lifting === null) (owner as Record<string, unknown>)[name] = x;
  else state.lifting.writeFlag(owner, name, x);
}
