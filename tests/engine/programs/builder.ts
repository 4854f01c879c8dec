/** Builds a random program line by line; every line is run as it is written, so that shapes and dtypes are known. */
import * as chainrule from 'chainrule';
import { isValue, type DType, type Value } from 'chainrule';
import * as optim from 'chainrule/optim';
import type { Random } from 'fast-check';
import {
  chance,
  DTYPES,
  pick,
  randomContent,
  randomShape,
  sizeOf,
  type Domain,
  type Scale,
  type Temper,
} from './numbers.ts';
import { CALLS, code, type Body, type Line, type Source, type Template } from './program.ts';

const library = chainrule as unknown as Readonly<Record<string, unknown>>;

export const LIBRARY_NAMES: readonly string[] = Object.keys(library);

/** What names stand for while the program is built. */
export type Scope = Map<string, unknown>;

/** The value of an expression in a scope. @throws what it throws. */
export function evaluate(text: string, scope: Scope): unknown {
  const names = [...scope.keys()].filter((name) => text.includes(name));
  const used = LIBRARY_NAMES.filter((name) => text.includes(name) && !scope.has(name));
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- lines are run from what they print
  const run = new Function('optim', ...used, ...names, `return ${text}`) as (...xs: unknown[]) => unknown;
  return run(optim, ...used.map((name) => library[name]), ...names.map((name) => scope.get(name)));
}

/** The Values of a result and how to name them; null where a line cannot. */
function partsOf(result: unknown): { keys: Line['keys']; values: Value[] } | null {
  if (isValue(result)) return { keys: 'value', values: [result] };
  if (typeof result !== 'object' || result === null) return null;
  const values = Object.values(result) as unknown[];
  if (values.length === 0 || values.length > 8 || !values.every(isValue)) return null;
  return { keys: Array.isArray(result) ? 'array' : Object.keys(result), values };
}

export interface LineOptions {
  readonly bodies?: readonly Body[];
  readonly effect?: boolean;
}

/** What holds for all of a program. */
export interface Settings {
  readonly temper: Temper;
  readonly scale: Scale;
  /** Whether lines may call by the samples of the table. */
  readonly samples: boolean;
}

/** A function under construction: the program's own, or one given to a transform. */
export class Builder {
  readonly rng: Random;
  readonly settings: Settings;
  /** Sources and lines before the function, which all functions of a program share. */
  readonly sources: Source[];
  readonly setup: Line[];
  /** How many functions it is inside of. */
  readonly depth: number;
  readonly lines: Line[] = [];
  /** Lines that threw. */
  readonly refused: Template[] = [];
  readonly #scope: Scope;
  /** Values that lines may use, oldest first. */
  readonly #values: string[];
  readonly #counter: { next: number };
  readonly #outer: Builder | null;

  constructor(rng: Random, settings: Settings, outer: Builder | null = null) {
    this.rng = rng;
    this.settings = settings;
    this.#outer = outer;
    this.sources = outer?.sources ?? [];
    this.setup = outer?.setup ?? [];
    this.depth = outer === null ? 0 : outer.depth + 1;
    this.#scope = new Map(outer === null ? [] : outer.#scope);
    this.#values = outer === null ? [] : [...outer.#values];
    this.#counter = outer === null ? { next: 0 } : outer.#counter;
  }

  #name(letter: string): string {
    return `${letter}${this.#counter.next++}`;
  }

  valueOf(name: string): Value {
    return this.#scope.get(name) as Value;
  }

  #define(name: string, x: Value): void {
    this.#scope.set(name, x);
    this.#values.push(name);
  }

  /** Names of Values in scope. */
  names(suits: (x: Value) => boolean = () => true): string[] {
    return this.#values.filter((name) => suits(this.valueOf(name)));
  }

  /** A Value in scope, more likely a young one; a new source where none suits, or now and then anyway. */
  any(suits: (x: Value) => boolean = () => true, make: () => string = () => this.source()): string {
    const names = this.names(suits);
    if (names.length === 0 || chance(this.rng, 0.1)) return make();
    const back = chance(this.rng, 0.6) ? Math.min(3, names.length) : names.length;
    return pick(this.rng, names.slice(-back));
  }

  shape(): number[] {
    return randomShape(this.rng, this.settings.scale);
  }

  float(): string {
    return this.any(
      ({ dtype }) => dtype === 'float64' || dtype === 'float32',
      () => this.source(this.shape(), pick(this.rng, ['float64', 'float32'])),
    );
  }

  /** A new source of any kind; inside of functions it is captured. */
  source(shape: readonly number[] = this.shape(), dtype: DType = pick(this.rng, DTYPES), domain: Domain = {}): string {
    // A wanted shape that is too large gets a scalar: the line that asked for it will not be written.
    if (sizeOf(shape) > this.settings.scale.most) return this.source([], dtype, {});
    const kinds = [
      'input',
      'input',
      'input',
      'input',
      'input',
      'input',
      'constant',
      'cell',
      'cell',
      'filled',
      'computed',
    ] as const;
    const kind = domain.matrix === undefined && this.sources.length > 0 ? pick(this.rng, kinds) : 'input';
    const isFloat = dtype === 'float64' || dtype === 'float32';
    const content = (): number[] => randomContent(this.rng, shape, dtype, this.settings.temper, domain);
    const source: Source = {
      name: this.#name(kind === 'input' ? 'a' : kind === 'cell' ? 'w' : 'c'),
      kind,
      shape,
      dtype,
      requiresGrad: isFloat && chance(this.rng, kind === 'cell' ? 0.7 : 0.2),
      contents: Array.from({ length: kind === 'input' ? CALLS : 1 }, content),
    };
    this.sources.push(source);
    const { requiresGrad } = source;
    const make = requiresGrad ? chainrule.value : chainrule.constant;
    const made = make(source.contents[0]!, { shape: [...shape], dtype });
    this.#define(source.name, made);
    for (let b = this.#outer; b !== null; b = b.#outer) b.#define(source.name, made);
    return source.name;
  }

  /** A parameter of the function. */
  param(example: Value): string {
    const name = this.#name('p');
    this.#define(name, example);
    return name;
  }

  /**
   * Writes a line and runs it; names of its results. Null where it throws, or gives too much or nothing that has a name:
   * then nothing is written.
   */
  line(text: string, args: readonly string[] = [], { bodies = [], effect = false }: LineOptions = {}): string[] | null {
    const template: Template = { text, args, bodies };
    let result: unknown;
    try {
      result = evaluate(code(template), this.#scope);
    } catch {
      this.refused.push(template);
      return null;
    }
    const parts = partsOf(result);
    if (parts === null) {
      if (effect) this.lines.push({ names: [], keys: 'value', template, effect });
      return null;
    }
    const { keys, values } = parts;
    if (values.some(({ shape }) => sizeOf(shape) > this.settings.scale.most)) return null;
    const names = values.map(() => this.#name('x'));
    values.forEach((x, i) => this.#define(names[i]!, x));
    this.lines.push({ names, keys, template, effect });
    return names;
  }

  /** A line before the function, such as an optimizer; its name. */
  prepare(letter: string, text: string, args: readonly string[]): string {
    const template: Template = { text, args, bodies: [] };
    const name = this.#name(letter);
    this.#scope.set(name, evaluate(code(template), this.#scope));
    this.setup.push({ names: [name], keys: 'value', template, effect: true });
    return name;
  }

  /** An effect; false where it throws. */
  effect(text: string, args: readonly string[]): boolean {
    const before = this.lines.length;
    this.line(text, args, { effect: true });
    return this.lines.length > before;
  }

  /** Ends with a line that throws; its name. */
  throwing(template: Template): string {
    const name = this.#name('x');
    this.lines.push({ names: [name], keys: 'value', template, effect: true });
    return name;
  }
}
