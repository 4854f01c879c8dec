/** Modules made of modules. */
import { OptionError } from '../base/errors.ts';
import { isValue, type Value } from '../value/value.ts';
import { Module, type AnyModule } from './module.ts';

function requireModule(layer: string, item: unknown, at: string | number): asserts item is AnyModule {
  if (item instanceof Module) return;
  throw new OptionError(`${at} is no Module but ${item === null ? 'null' : typeof item}`, {
    op: layer,
    hint: typeof item === 'function' ? 'A class needs `new`; a function can be wrapped in a Module.' : 'Use new …().',
  });
}

/**
 * A list of modules that are children under their positions; it has no forward pass of its own.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 * @throws OptionError for something that is no Module.
 * @example readonly layers = new ModuleList([new Linear(2, 8), new Linear(8, 1)])
 */
export class ModuleList<M extends AnyModule = AnyModule> extends Module<never[], never> {
  readonly #items: M[] = [];

  constructor(items: Iterable<M> = []) {
    super();
    this.push(...items);
  }

  override get configuration(): readonly unknown[] {
    return [[...this.#items]];
  }

  override namedChildren(): [string, AnyModule][] {
    return this.#items.map((item, i) => [String(i), item]);
  }

  get length(): number {
    return this.#items.length;
  }

  /** The module at a position; negative ones count from the end. */
  at(i: number): M | undefined {
    return this.#items.at(i);
  }

  push(...items: M[]): this {
    items.forEach((item, i) => requireModule('ModuleList', item, this.#items.length + i));
    this.#items.push(...items);
    return this;
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#items[Symbol.iterator]();
  }

  override forward(): never {
    throw new TypeError('ModuleList: a list has no forward pass; call its items, or use Sequential');
  }
}

/** A module that can be called with one Value alone, and gives one: what a Sequential consists of. */
export type Link = AnyModule & { forward(x: Value): Value };

/**
 * Modules one after the other, named by their positions or, given as one object, by its keys.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 * @throws OptionError for something that is no Module, or a name with a dot.
 * @example new Sequential(new Linear(2, 8), new ReLU(), new Linear(8, 1))
 * @example new Sequential({ hidden: new Linear(2, 8), act: new ReLU(), out: new Linear(8, 1) }).at('hidden')
 */
export class Sequential extends Module {
  readonly #items: Map<string, Link>;

  constructor(...items: Link[]);
  constructor(named: Readonly<Record<string, Link>>);
  constructor(...items: Link[] | [Readonly<Record<string, Link>>]) {
    super();
    const [first] = items;
    const isNamed = items.length === 1 && typeof first === 'object' && first !== null && !(first instanceof Module);
    this.#items = new Map(Object.entries(isNamed ? first : items) as [string, Link][]);
    for (const [name, item] of this.#items) {
      requireModule('Sequential', item, name);
      if (name.includes('.')) throw new OptionError(`the name ${name} contains a dot`, { op: 'Sequential' });
    }
  }

  /** Its present modules: a list where they are named by their positions, else one object. */
  override get configuration(): readonly unknown[] {
    const isNumbered = [...this.#items.keys()].every((name, i) => name === String(i));
    return isNumbered ? [...this.#items.values()] : [Object.fromEntries(this.#items)];
  }

  override namedChildren(): [string, Link][] {
    return [...this.#items];
  }

  get length(): number {
    return this.#items.size;
  }

  /** The module of a name, or at a position; negative ones count from the end. */
  at(i: number | string): Link | undefined {
    return typeof i === 'string' ? this.#items.get(i) : [...this.#items.values()].at(i);
  }

  /** Some of the modules, which both then share, in a Sequential of their own. */
  slice(start?: number, end?: number): Sequential {
    return new Sequential(Object.fromEntries([...this.#items].slice(start, end)));
  }

  /** One more at the end; named by its position unless told. */
  append(item: Link, name: string = String(this.#items.size)): this {
    requireModule('Sequential', item, name);
    if (this.#items.has(name)) throw new OptionError(`there is a module ${name} already`, { op: 'Sequential' });
    this.#items.set(name, item);
    return this;
  }

  [Symbol.iterator](): Iterator<Link> {
    return this.#items.values();
  }

  override forward(x: Value): Value {
    let y = x;
    let before = '';
    for (const [name, item] of this.#items) {
      if (before !== '') requireOneValue(y, before);
      y = item.forward(y);
      before = `${name} (${item.constructor.name})`;
    }
    return y;
  }
}

/** @throws OptionError where a module gives several results, as recurrent layers do: the next one takes one Value. */
function requireOneValue(y: unknown, from: string): void {
  if (isValue(y)) return;
  const given = typeof y === 'object' && y !== null ? `{ ${Object.keys(y).join(', ')} }` : typeof y;
  throw new OptionError(`module ${from} gives ${given}, and the next one takes a Value`, {
    op: 'Sequential',
    hint: 'Write a Module whose forward passes on what is wanted, such as this.lstm.forward(x).output.',
  });
}
