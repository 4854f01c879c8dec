/** Modules made of modules. */
import type { Value } from '../value/value.ts';
import { Module } from './module.ts';

/** A list of modules that are children under their positions; it has no forward pass of its own. */
export class ModuleList extends Module {
  readonly #items: Module[];

  constructor(items: Iterable<Module> = []) {
    super();
    this.#items = [...items];
  }

  override namedChildren(): [string, Module][] {
    return this.#items.map((item, i) => [String(i), item]);
  }

  get length(): number {
    return this.#items.length;
  }

  /** The module at a position; negative ones count from the end. */
  at(i: number): Module | undefined {
    return this.#items.at(i);
  }

  push(item: Module): this {
    this.#items.push(item);
    return this;
  }

  [Symbol.iterator](): Iterator<Module> {
    return this.#items[Symbol.iterator]();
  }

  override forward(): Value {
    throw new TypeError('ModuleList: a list has no forward pass; call its items, or use Sequential');
  }
}

/** Modules one after the other. @example new Sequential(new Linear(2, 8), new Linear(8, 1)) */
export class Sequential extends Module {
  readonly #items: readonly Module[];

  constructor(...items: Module[]) {
    super();
    this.#items = items;
  }

  override namedChildren(): [string, Module][] {
    return this.#items.map((item, i) => [String(i), item]);
  }

  override forward(x: Value): Value {
    return this.#items.reduce((y, item) => item.forward(y), x);
  }
}
