/** Module: something with parameters and a forward pass. */
import { ChainruleError, ShapeError, showShape } from '../base/errors.ts';
import type { DType } from '../base/dtypes.ts';
import { sameShape } from '../base/shapes.ts';
import { state, withScope } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';

/** Parameters and buffers by their dotted names, as PyTorch names them: `layers.0.weight`. */
export type StateDict = Record<string, Value>;

/**
 * Base of all layers and models. Declare parameters with `this.parameter(name, value)`, buffers with
 * `this.buffer(name, value)`; modules held in properties are children. Calls of `forward` record under a scope named
 * after the class, so that graphs show layers as boxes.
 * @example class Double extends Module { readonly w = this.parameter('w', value(2)); forward(x: Value) { return x.mul(this.w) } }
 */
export abstract class Module {
  #training = true;
  readonly #parameters = new Map<string, Value>();
  readonly #buffers = new Map<string, Value>();

  constructor() {
    // The subclass's forward, under a scope of the class's name, whoever calls it.
    const forward = this.forward.bind(this);
    Object.defineProperty(this, 'forward', {
      value: (...args: Value[]) => withScope(this.constructor.name, () => forward(...args)),
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }

  /**
   * True while training: dropout and batch statistics ask for it. Set by `train()` and `eval()`. A compiled function that
   * asks has a program for either.
   */
  get training(): boolean {
    return state.lifting === null ? this.#training : state.lifting.readFlag(this, 'training', this.#training);
  }

  set training(on: boolean) {
    if (state.lifting === null) this.#training = on;
    else state.lifting.writeFlag(this, 'training', on);
  }

  abstract forward(...inputs: Value[]): Value;

  /** Registers a leaf that is trained. */
  protected parameter<V extends Value>(name: string, leaf: V): V {
    if (!leaf._isCell)
      throw new ChainruleError(`parameter ${name} must be a leaf`, {
        op: this.constructor.name,
        hint: 'Make it with value(…) or an initialiser.',
      });
    leaf.requiresGrad = true;
    if (leaf.label === null) leaf.named(name);
    this.#parameters.set(name, leaf);
    return leaf;
  }

  /** Registers a leaf that is saved with the module but not trained. */
  protected buffer<V extends Value>(name: string, leaf: V): V {
    leaf.requiresGrad = false;
    this.#buffers.set(name, leaf);
    return leaf;
  }

  /** Child modules by property name; override where children are held otherwise. */
  namedChildren(): [string, Module][] {
    return Object.entries(this).filter((entry): entry is [string, Module] => entry[1] instanceof Module);
  }

  /** This module and all below it, by dotted names; itself is ''. */
  *namedModules(prefix: string = ''): Generator<[string, Module]> {
    yield [prefix, this];
    for (const [name, child] of this.namedChildren())
      yield* child.namedModules(prefix === '' ? name : `${prefix}.${name}`);
  }

  *#named(own: (m: Module) => ReadonlyMap<string, Value>): Generator<[string, Value]> {
    const seen = new Set<Value>();
    for (const [path, module] of this.namedModules()) {
      for (const [name, leaf] of own(module)) {
        // Parameters shared by two layers are listed once.
        if (seen.has(leaf)) continue;
        seen.add(leaf);
        yield [path === '' ? name : `${path}.${name}`, leaf];
      }
    }
  }

  /** Parameters by dotted names. */
  namedParameters(): [string, Value][] {
    return [...this.#named((m) => m.#parameters)];
  }

  namedBuffers(): [string, Value][] {
    return [...this.#named((m) => m.#buffers)];
  }

  /** All parameters: what an optimizer takes. */
  parameters(): Value[] {
    return this.namedParameters().map(([, leaf]) => leaf);
  }

  /** Puts this module and all below it in training mode. */
  train(on: boolean = true): this {
    for (const [, module] of this.namedModules()) module.training = on;
    return this;
  }

  /** Evaluation mode: the opposite of `train()`. */
  eval(): this {
    return this.train(false);
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const leaf of this.parameters()) leaf.zeroGrad();
  }

  /** A copy of all parameters and buffers. */
  stateDict(): StateDict {
    return Object.fromEntries(
      [...this.namedParameters(), ...this.namedBuffers()].map(([name, leaf]) => [name, leaf.detach()]),
    );
  }

  /**
   * Takes over saved parameters and buffers.
   * @throws ChainruleError naming missing and unexpected entries; ShapeError naming the entry of another shape. Nothing is changed then.
   */
  loadStateDict(state: Readonly<Record<string, Value>>): void {
    const own = new Map([...this.namedParameters(), ...this.namedBuffers()]);
    const missing = [...own.keys()].filter((name) => !isValue(state[name]));
    const unexpected = Object.keys(state).filter((name) => !own.has(name));
    if (missing.length + unexpected.length > 0) {
      const parts = [
        missing.length > 0 ? `missing: ${missing.join(', ')}` : '',
        unexpected.length > 0 ? `unexpected: ${unexpected.join(', ')}` : '',
      ];
      throw new ChainruleError(
        `the state does not fit this ${this.constructor.name}; ${parts.filter(Boolean).join('; ')}`,
        { op: 'loadStateDict' },
      );
    }
    for (const [name, leaf] of own) {
      const saved = state[name]!;
      if (sameShape(saved.shape, leaf.shape)) continue;
      throw new ShapeError(`${name} is ${showShape(leaf.shape)} here and ${showShape(saved.shape)} in the state`, {
        op: 'loadStateDict',
        shapes: [leaf.shape, saved.shape],
      });
    }
    for (const [name, leaf] of own) leaf.assign(state[name]!);
  }

  /** A line for each child, with shapes of parameters and their count. */
  toString(): string {
    const count = (leaf: Value): number => leaf.size;
    const total = this.parameters()
      .map(count)
      .reduce((a, b) => a + b, 0);
    const lines = this.namedChildren().map(
      ([name, child]) => `  (${name}): ${child.toString().replaceAll('\n', '\n  ')}`,
    );
    const own = [...this.#parameters].map(([name, leaf]) => `${name} ${showShape(leaf.shape)}`).join(', ');
    const head = own === '' ? this.constructor.name : `${this.constructor.name}(${own})`;
    return lines.length === 0 ? head : `${head} {\n${lines.join('\n')}\n} ${total} parameters`;
  }

  static {
    // What Node's console shows.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Module): string {
        return this.toString();
      },
    });
  }
}

/** x in the dtype of a module's parameters. */
export const castTo = (x: Value, dtype: DType): Value => (x.dtype === dtype ? x : x.to(dtype));
