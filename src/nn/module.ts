/** Module: something with parameters and a forward pass. */
import { ChainruleError, checkOptions, TraceError } from '../base/errors.ts';
import { isFloat, type DType } from '../base/dtypes.ts';
import { state, withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { explained } from './call-arguments.ts';
import { checkDType, type ParameterDType } from './arguments.ts';
import { snapshot } from './configuration.ts';
import { replaceLeaves } from './replace-leaves.ts';
import { loadState, type LoadedState, type LoadStateOptions, type StateDict } from './state-dict.ts';
import { listParameters, summaryOf } from './summary.ts';

export type { LoadedState, LoadStateOptions, StateDict };

/** A module of whatever inputs and results: what a child can be. */
export type AnyModule = Module<never[], unknown>;

/** What a forward hook gets: the module, its inputs, and what it made of them. A returned Value replaces the output. */
export type ForwardHook = (module: AnyModule, inputs: readonly unknown[], output: unknown) => unknown;

/** Called before the forward pass. A returned array replaces the inputs. */
export type ForwardPreHook = (module: AnyModule, inputs: readonly unknown[]) => readonly unknown[] | undefined | void;

interface Hooks {
  readonly before: Set<ForwardPreHook>;
  readonly after: Set<ForwardHook>;
  /** Counts changes: a compiled function is traced again when it differs. */
  version: number;
}

/**
 * Base of all layers and models. Pass the constructor's arguments on, `super(width, options)`, so that the model can be
 * saved with them; declare parameters with `this.parameter(name, value)`, buffers with
 * `this.buffer(name, value)`; modules held in properties are children. Calls of `forward` record under a scope named
 * after the class, so that graphs show layers as boxes.
 *
 * Most map Values to a Value. Others say what they take and give: `Module<[x: Value, h?: Value], { output: Value; hidden: Value }>`.
 * @example class Double extends Module { readonly w = this.parameter('w', value(2)); forward(x: Value) { return x.mul(this.w) } }
 */
export abstract class Module<Inputs extends readonly unknown[] = Value[], Output = Value> {
  #training = true;
  readonly #parameters = new Map<string, Value>();
  readonly #buffers = new Map<string, Value>();
  readonly #configuration: readonly unknown[];
  #hooks: Hooks | null = null;

  /** TypeScript cannot see that a module, whatever it takes, is one of any inputs. */
  get #self(): AnyModule {
    return this as unknown as AnyModule;
  }

  /** @param config What the subclass's constructor was given: see `configuration`. */
  constructor(...config: unknown[]) {
    this.#configuration = config.map(snapshot);
    // The subclass's forward, with hooks and under a scope of the class's name, whoever calls it.
    const forward = this.forward.bind(this);
    Object.defineProperty(this, 'forward', {
      value: (...args: readonly unknown[]) => {
        try {
          return withScope(this.constructor.name, () => this.#call(forward, args));
        } catch (error) {
          throw explained(error, this.constructor.name, args);
        }
      },
      writable: true,
      enumerable: false,
      configurable: true,
    });
  }

  /**
   * The arguments that make such a module anew: `new Class(...configuration)`. They are what the class passes to
   * `super(…)`: numbers, text, lists and plain objects of them, and modules. A model is saved with them.
   * @example class Net extends Module { constructor(width: number) { super(width); … } }
   */
  get configuration(): readonly unknown[] {
    return this.#configuration;
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

  abstract forward(...inputs: Inputs): Output;

  #call(forward: (...inputs: never[]) => unknown, inputs: readonly unknown[]): unknown {
    state.lifting?.readFlag(this, 'hooks', this.hooks);
    if (this.#hooks === null) return forward(...(inputs as never[]));
    const { before, after } = this.#hooks;
    let given = inputs;
    for (const hook of before) given = (hook(this.#self, given) as readonly unknown[] | undefined) ?? given;
    let output = forward(...(given as never[]));
    for (const hook of after) output = hook(this.#self, given, output) ?? output;
    return output;
  }

  /** @internal What a compiled function compares: another number when hooks have come or gone. */
  get hooks(): number {
    return this.#hooks === null ? 0 : this.#hooks.version;
  }

  #addHook<H>(kind: (hooks: Hooks) => Set<H>, hook: H, by: string): () => void {
    if (typeof hook !== 'function') throw new TypeError(`${by}: the hook must be a function, got ${typeof hook}`);
    const hooks = (this.#hooks ??= { before: new Set(), after: new Set(), version: 0 });
    kind(hooks).add(hook);
    hooks.version++;
    return () => {
      if (kind(hooks).delete(hook)) hooks.version++;
    };
  }

  /**
   * Calls `hook(module, inputs, output)` after each forward pass; what it returns, unless undefined, replaces the output.
   * Returns a remover. Inside compile, hooks run while the function is traced.
   * https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook
   * @example const remove = layer.registerForwardHook((_, __, y) => console.log(String(y)))
   */
  registerForwardHook(hook: ForwardHook): () => void {
    return this.#addHook((hooks) => hooks.after, hook, 'registerForwardHook');
  }

  /**
   * Calls `hook(module, inputs)` before each forward pass; an array that it returns replaces the inputs. Returns a remover.
   * https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook
   * @example layer.registerForwardPreHook((_, [x]) => [(x as Value).mul(2)])
   */
  registerForwardPreHook(hook: ForwardPreHook): () => void {
    return this.#addHook((hooks) => hooks.before, hook, 'registerForwardPreHook');
  }

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
  namedChildren(): [string, AnyModule][] {
    return Object.entries(this).filter((entry): entry is [string, AnyModule] => entry[1] instanceof Module);
  }

  /** This module and all below it, by dotted names; itself is ''. */
  *namedModules(prefix: string = ''): Generator<[string, AnyModule]> {
    yield [prefix, this.#self];
    for (const [name, child] of this.namedChildren())
      yield* child.namedModules(prefix === '' ? name : `${prefix}.${name}`);
  }

  *#named(own: (m: AnyModule) => ReadonlyMap<string, Value>): Generator<[string, Value]> {
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
   * Takes over saved parameters and buffers, in the dtypes that this module has. With `{ strict: false }` entries without
   * counterpart are left alone; they are what it returns.
   * @throws ChainruleError naming missing and unexpected entries; ShapeError naming the entries of another shape. Nothing is changed then.
   * @example model.loadStateDict(saved, { strict: false }).missingKeys
   */
  loadStateDict(saved: Readonly<StateDict>, options: LoadStateOptions = {}): LoadedState {
    checkOptions('loadStateDict', options, ['strict']);
    const own = new Map([...this.namedParameters(), ...this.namedBuffers()]);
    return loadState(this.constructor.name, own, saved, options.strict ?? true);
  }

  /** Stops the training of all parameters here and below: they require no gradients. @example model.layers.at(0).freeze() */
  freeze(): this {
    for (const leaf of this.parameters()) leaf.requiresGrad = false;
    return this;
  }

  /** The opposite of `freeze()`. */
  unfreeze(): this {
    for (const leaf of this.parameters()) leaf.requiresGrad = true;
    return this;
  }

  /**
   * Moves all float parameters and buffers, here and below, to another dtype. They become new leaves without gradients:
   * make the optimizer afterwards.
   * @throws OptionError for another dtype; TraceError inside a compiled function.
   * @example model.to('float64')
   */
  to(dtype: ParameterDType): this {
    checkDType('to', dtype);
    if (state.lifting !== null) {
      throw new TraceError(`a module moves to ${dtype} inside ${state.lifting.trace.by}`, {
        op: 'to',
        hint: 'Move it before the call; inside, cast what you compute: x.to(dtype).',
      });
    }
    const moved = new Map<Value, Value>();
    for (const [, leaf] of [...this.namedParameters(), ...this.namedBuffers()]) {
      if (leaf.dtype === dtype || !isFloat(leaf.dtype)) continue;
      const twin = leaf.detach().to(dtype).detach();
      twin.requiresGrad = leaf.requiresGrad;
      if (leaf.label !== null) twin.named(leaf.label);
      moved.set(leaf, twin);
    }
    for (const [, module] of this.namedModules()) {
      replaceLeaves(module, moved);
      for (const own of [module.#parameters, module.#buffers])
        for (const [name, leaf] of own) own.set(name, moved.get(leaf) ?? leaf);
    }
    return this;
  }

  /**
   * A table of all modules below with their parameters; given examples of the inputs, with the shapes of outputs, too.
   * The forward pass is traced, not run: nothing is computed, and buffers and random numbers stay as they are.
   * @example console.log(model.summary(zeros([1, 784])))
   */
  summary(...inputs: Inputs): string {
    return summaryOf(this.#self, inputs);
  }

  /** Options shown by `toString` and `summary`, such as `p=0.5`. Override it. */
  extraRepr(): string {
    return '';
  }

  /** Parameters of this module alone, without those of its children. */
  ownParameters(): [string, Value][] {
    return [...this.#parameters];
  }

  /** A line for each child, with shapes of parameters and their count. */
  toString(): string {
    const total = this.parameters().reduce((sum, leaf) => sum + leaf.size, 0);
    const lines = this.namedChildren().map(
      ([name, child]) => `  (${name}): ${child.toString().replaceAll('\n', '\n  ')}`,
    );
    const inside = [this.extraRepr(), listParameters([...this.#parameters])].filter((text) => text !== '').join(', ');
    const head = inside === '' ? this.constructor.name : `${this.constructor.name}(${inside})`;
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
