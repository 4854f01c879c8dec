/** Optimizers: what they share. */
import { ChainruleError, OptionError } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import { enableGrad, noGrad } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { Group, type BaseSettings, type Hyperparameters, type ParameterGroup, type Settings } from './group.ts';
import { number, settle, type Setting } from './settings.ts';
import { Slots } from './slots.ts';
import { checkState, plural, preparedOptions, type OptimizerState } from './state.ts';

/** Parameters with options of their own; what is left out is as the optimizer's. */
export type GroupOptions<O extends BaseSettings = BaseSettings> = {
  readonly params: Value | Iterable<Value>;
} & Partial<O>;

/** What an optimizer trains: parameters, or groups of them. */
export type Parameters<O extends BaseSettings = BaseSettings> = Iterable<Value> | Iterable<GroupOptions<O>>;

const DEFAULTS: Settings<BaseSettings> = { rules: { lr: number(1e-3) } };

/**
 * Base of all optimizers. `step()` updates every parameter that has a gradient; `lr`, and every option of a group, may be
 * set at any time.
 *
 * An optimizer of your own says what becomes of one parameter. Numbers that change from step to step are Values (the
 * rate is `slots.lr`, an option `group.value.momentum`, the number of updates `slots.count()`), and what it remembers
 * is in slots: then the step can be compiled with the rest of the training step, and is never compiled again.
 * https://docs.pytorch.org/docs/stable/optim.html
 * @example
 * class SignMomentum extends Optimizer {
 *   protected override update(p: Value, g: Value, slots: Slots) {
 *     const mean = slots.update('mean', (m) => m.mul(0.9).add(g.mul(0.1)))
 *     return p.sub(mean.sign().mul(slots.lr))
 *   }
 * }
 * new SignMomentum(model.parameters(), { lr: 1e-3 })
 * @example new SGD([{ params: base.parameters() }, { params: head.parameters(), lr: 1e-2 }], { lr: 1e-3, momentum: 0.9 })
 */
export abstract class Optimizer<O extends BaseSettings = BaseSettings> {
  /** The options of groups that say nothing else. */
  readonly defaults: O;
  readonly #settings: Settings;
  readonly #steps: Value = constant(0, { dtype: 'float64', label: 'steps' });
  readonly #groups: ParameterGroup<O>[] = [];
  readonly #slots = new Map<Value, Slots>();

  /**
   * @param options A rate, or options that `settings` declares.
   * @throws OptionError for unknown options, impossible values, no parameters, or one that is given twice.
   */
  constructor(
    parameters: Parameters<O>,
    options: number | Partial<O> = {},
    settings: Settings<O> = DEFAULTS as unknown as Settings<O>,
  ) {
    const op = this.constructor.name;
    this.#settings = settings as unknown as Settings;
    const given = typeof options === 'number' ? ({ lr: options } as Partial<O>) : options;
    this.defaults = Object.freeze(settle(op, given, settings.rules));
    for (const group of groupsOf(op, parameters)) this.addParamGroup(group);
    if (!this.parameters.some((p) => p.requiresGrad)) {
      throw new ChainruleError('no parameter requires gradients, so that nothing would be trained', {
        op,
        hint: 'Pass model.parameters(), or leaves made with value(…); unfreeze what is to be trained.',
      });
    }
  }

  /** The parameters of all groups. */
  get parameters(): readonly Value[] {
    return [...this.#slots.keys()];
  }

  /**
   * The groups of parameters, in the order in which they were given; there is at least one.
   * @example optimizer.paramGroups[1].weightDecay = 0
   */
  get paramGroups(): readonly [ParameterGroup<O>, ...ParameterGroup<O>[]] {
    return this.#groups as [ParameterGroup<O>, ...ParameterGroup<O>[]];
  }

  /**
   * Adds parameters that are to be trained from now on: layers that have been unfrozen, with a rate of their own.
   * @example optimizer.addParamGroup({ params: model.base.parameters(), lr: 1e-4 })
   */
  addParamGroup(group: GroupOptions<O>): void {
    const op = this.constructor.name;
    const { params, ...options } = group as { readonly params: Value | Iterable<Value> } & Partial<BaseSettings>;
    const leaves: readonly Value[] = isValue(params) ? [params] : [...params];
    if (leaves.length === 0) throw new OptionError('there are no parameters to train', { op, option: 'parameters' });
    leaves.forEach((p, i) => this.#checkParameter(p, leaves.indexOf(p) < i));
    const settled = settle(op, options, this.#settings.rules, this.defaults as unknown as Record<string, Setting>);
    const made = new Group(op, leaves, settled, this.#settings);
    this.#groups.push(made as ParameterGroup<O>);
    for (const p of leaves) this.#slots.set(p, new Slots(p, made.value['lr'] as Value));
  }

  #checkParameter(p: Value, isRepeated: boolean): void {
    const op = this.constructor.name;
    if (!isValue(p) || !p._isCell) {
      throw new ChainruleError('parameters must be leaves that require gradients', {
        op,
        hint: 'Pass model.parameters(), or leaves made with value(…).',
      });
    }
    if (!isRepeated && !this.#slots.has(p)) return;
    throw new OptionError(`the parameter ${p.label ?? String(p)} is given twice, and would be updated twice`, {
      op,
      option: 'parameters',
      hint: 'Each parameter belongs to one group; pass [...new Set(parameters)] where layers share some.',
    });
  }

  /** The learning rate; that of the first group, where there are several. Set, it is that of all groups. */
  get lr(): number {
    return this.paramGroups[0].lr;
  }

  set lr(lr: number) {
    for (const group of this.#groups) group.set({ lr });
  }

  /** How many steps have been made. */
  get steps(): number {
    return this.#steps.item();
  }

  /**
   * The new content of a parameter, from its gradient, its slots (which it updates) and the options of its group. Runs
   * without recording gradients.
   */
  protected abstract update(parameter: Value, gradient: Value, slots: Slots, group: Hyperparameters<O>): Value;

  /** Updates every parameter from its `.grad`; those without one stay. */
  step(): void;
  /** Evaluates the closure first, which computes gradients and returns the loss; returns that. */
  step(closure: () => Value): Value;
  step(closure?: () => Value): Value | undefined {
    const loss = closure === undefined ? undefined : enableGrad(closure);
    noGrad(() => {
      this.countStep();
      for (const group of this.#groups) for (const p of group.params) this.#updateOne(p, group);
    });
    return loss;
  }

  /** One more step has been made. */
  protected countStep(): void {
    this.#steps.assign(this.#steps.add(1));
  }

  #updateOne(p: Value, group: Group): void {
    const gradient = p.grad;
    if (gradient !== null)
      p.assign(this.update(p, gradient, this.#slots.get(p)!, group as unknown as Hyperparameters<O>));
  }

  /** The slots of a parameter. */
  protected slotsOf(p: Value): Slots {
    return this.#slots.get(p)!;
  }

  /** Forgets all gradients. */
  zeroGrad(): void {
    for (const p of this.#slots.keys()) p.zeroGrad();
  }

  /** A line for each group: its parameters and its options. */
  toString(): string {
    const lines = this.#groups.map((group, i) => {
      const elements = group.params.reduce((sum, p) => sum + p.size, 0);
      const size = `${plural(group.params.length, 'parameter')}, ${plural(elements, 'element')}`;
      const options = Object.entries(group.options()).map(([name, x]) => `${name} ${JSON.stringify(x)}`);
      return `  group ${i}: ${size}; ${options.join(', ')}`;
    });
    return `${this.constructor.name} {\n${lines.join('\n')}\n}`;
  }

  /** A copy of everything that a resumed run needs: options by group, and what is remembered of each parameter. */
  stateDict(): OptimizerState {
    const all = this.parameters;
    return {
      step: this.steps,
      parameters: all.map((p) => this.#slots.get(p)!.save()),
      paramGroups: this.#groups.map((group) => ({
        ...group.options(),
        ...(group.initialLr === null ? {} : { initialLr: group.initialLr }),
        params: group.params.map((p) => all.indexOf(p)),
      })),
    };
  }

  /**
   * Takes over a saved state: options, steps, slots.
   * @throws ChainruleError if the state is of other groups or of another optimizer; ShapeError if a parameter has another
   * shape. Nothing is changed then.
   */
  loadStateDict(saved: OptimizerState): void {
    const slots = this.parameters.map((p) => this.#slots.get(p)!);
    checkState(this.constructor.name, saved, this.#groups, Object.keys(this.#settings.rules));
    slots.forEach((own, i) => own.check(saved.parameters[i]!, i));
    const options = this.#groups.map((group, i) => preparedOptions(group, saved.paramGroups[i]!));
    options.forEach((set) => set());
    this.#steps.assign(saved.step);
    slots.forEach((own, i) => own.load(saved.parameters[i]!));
  }

  /**
   * @internal As it was when this state was saved: what has been remembered only since is forgotten, too. For a try that is
   * over; a compiled step that was made since would go on with slots that nobody sees any more.
   */
  _rewind(saved: OptimizerState): void {
    this.loadStateDict(saved);
    this.parameters.forEach((p, i) => this.#slots.get(p)!.keepOnly(saved.parameters[i]!));
  }

  static {
    // What Node's console shows.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Optimizer): string {
        return this.toString();
      },
    });
  }
}

function groupsOf<O extends BaseSettings>(op: string, parameters: Parameters<O>): readonly GroupOptions<O>[] {
  if (typeof (parameters as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] !== 'function') {
    throw new OptionError(`parameters must be a list of leaves, or of groups, got ${typeof parameters}`, {
      op,
      option: 'parameters',
      hint: 'Pass model.parameters(), or [{ params: model.parameters(), lr: 0.1 }].',
    });
  }
  const given = [...(parameters as Iterable<Value | GroupOptions<O>>)];
  const groups = given.filter(isGroup) as GroupOptions<O>[];
  if (groups.length === 0) return [{ params: given as Value[] } as unknown as GroupOptions<O>];
  if (groups.length === given.length) return groups;
  throw new OptionError('parameters are either leaves or groups, not both', {
    op,
    option: 'parameters',
    hint: 'Put the leaves into a group, too: { params: leaves }.',
  });
}

const isGroup = (x: unknown): boolean => typeof x === 'object' && x !== null && !isValue(x) && 'params' in x;
