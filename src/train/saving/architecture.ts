/** Modules as plain data: their classes and configurations; and built anew from those. */
import { ChainruleError, DataError } from '../../base/errors.ts';
import { generatorState, restoreGenerator } from '../../base/random.ts';
import { isPlainObject } from '../../base/trees.ts';
import * as nn from '../../nn/index.ts';
import { Module, type AnyModule } from '../../nn/module.ts';
import { fromPlain, toPlain, type Kind } from './plain.ts';

/** A class of modules. */
export type ModuleClass = new (...args: never[]) => AnyModule;

type Construct = new (...args: readonly unknown[]) => AnyModule;

/** Classes by the names under which files know them. */
export type ModuleClasses = ReadonlyMap<string, ModuleClass>;

export const isModule = (x: unknown): x is AnyModule => x instanceof Module;

const isModuleClass = (x: unknown): x is ModuleClass => typeof x === 'function' && x.prototype instanceof Module;

/** The module classes among these. */
export const moduleClasses = (named: Readonly<Record<string, unknown>>): ModuleClasses =>
  new Map(Object.entries(named).filter((entry): entry is [string, ModuleClass] => isModuleClass(entry[1])));

/** This library's, by their exported names: bundlers shorten the names of the classes themselves. */
const LAYERS: ModuleClasses = /* @__PURE__ */ moduleClasses(nn);

const HINT =
  "Name activations ('relu', …) and make Values and functions in the constructor of a class of your own, which passes its arguments on: super(width, options).";

/** The names of the classes that a model consists of. */
class Names {
  readonly classes: Map<string, ModuleClass> = new Map();
  readonly #known: ReadonlyMap<ModuleClass, string>;
  readonly #op: string;

  constructor(own: ModuleClasses, op: string) {
    this.#known = new Map([...LAYERS, ...own].map(([name, Class]) => [Class, name]));
    this.#op = op;
  }

  of(module: AnyModule): string {
    const Class = module.constructor as ModuleClass;
    const name = this.#known.get(Class) ?? Class.name;
    const other = this.classes.get(name) ?? Class;
    if (name !== '' && other === Class) {
      this.classes.set(name, Class);
      return name;
    }
    const what = name === '' ? 'a class has no name' : `two classes are named ${name}`;
    throw new ChainruleError(`${what}, so that the file could not tell which to build`, {
      op: this.#op,
      hint: 'Name them for the file: { classes: { FirstName, SecondName } }, here and when loading.',
    });
  }
}

/** A module, its class and arguments; one that comes again is told by its number. */
function writing(names: Names): Kind {
  const numbers = new Map<unknown, number>();
  return {
    tag: 'module',
    matches: isModule,
    write: (x, at, further) => {
      const known = numbers.get(x);
      if (known !== undefined) return { same: known };
      numbers.set(x, numbers.size);
      const module = x as AnyModule;
      const name = names.of(module);
      const place = `${at === '' ? '' : `${at}: `}${name}`;
      return { class: name, arguments: given(module).map((x, i) => further(x, `${place}, argument ${i + 1}`)) };
    },
    read: () => undefined,
  };
}

/** The configuration without what is undefined at its end. */
function given(module: AnyModule): readonly unknown[] {
  const all = module.configuration;
  return all.slice(0, all.findLastIndex((x) => x !== undefined) + 1);
}

function build(name: string, Class: ModuleClass, args: readonly unknown[], op: string): AnyModule {
  try {
    return new (Class as unknown as Construct)(...args);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(`${name} cannot be built from its configuration: ${why}`, { op, cause: error });
  }
}

function reading(classes: ModuleClasses, op: string): Kind {
  const built: (AnyModule | undefined)[] = [];
  const damaged = (): never => {
    throw new DataError('the configuration is damaged', { op });
  };
  return {
    tag: 'module',
    matches: () => false,
    write: () => undefined,
    read: (data, at, further) => {
      if (!isPlainObject(data)) return damaged();
      const { class: name, arguments: args, same } = data;
      if (typeof same === 'number') return built[same] ?? damaged();
      if (typeof name !== 'string' || !Array.isArray(args)) return damaged();
      const Class = classes.get(name) ?? missingClass(name, op);
      const number = built.push(undefined) - 1;
      return (built[number] = build(
        name,
        Class,
        args.map((x) => further(x, at)),
        op,
      ));
    },
  };
}

function missingClass(name: string, op: string): never {
  throw new DataError(`the model is made of ${name}, a class that is not known here`, {
    op,
    hint: `Pass it: { classes: { ${name} } }.`,
  });
}

/** A model built anew from its class and configuration. No random numbers are drawn from the generator. @throws DataError */
export function buildModel(json: unknown, own: ModuleClasses, op: string): AnyModule {
  const before = generatorState();
  try {
    const model = fromPlain(json, 'model', [reading(new Map([...LAYERS, ...own]), op)], { op });
    if (isModule(model)) return model;
  } finally {
    restoreGenerator(before);
  }
  throw new DataError('the configuration is damaged', { op });
}

/** Paths with classes, and names with shapes: what must come back. */
const outline = (model: AnyModule): string[] => [
  ...[...model.namedModules()].map(
    ([path, module]) => `module ${path === '' ? 'itself' : path} (${module.constructor.name})`,
  ),
  ...[...model.namedParameters(), ...model.namedBuffers()].map(([name, x]) => `${name} [${x.shape.join(', ')}]`),
];

function requireTwin(model: AnyModule, json: unknown, classes: ModuleClasses, op: string): void {
  const name = model.constructor.name;
  const refuse = (why: string, cause?: unknown): never => {
    throw new ChainruleError(`${name} cannot be saved with its configuration: ${why}`, {
      op,
      hint: 'Let each class of your own pass the arguments of its constructor on, super(width, options), or override `get configuration()`; make all its layers there.',
      cause,
    });
  };
  let twin: AnyModule;
  try {
    twin = buildModel(json, classes, op);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), error);
  }
  const [own, others] = [outline(model), outline(twin)];
  const at = own.findIndex((line, i) => line !== others[i]);
  if (at >= 0) refuse(`built anew, it has ${others[at] ?? 'nothing'} where this one has ${own[at]}`);
  if (others.length > own.length) refuse(`built anew, it has ${others[own.length]}, too`);
}

/**
 * A model's classes and configurations, as JSON from which `buildModel` makes a twin; whether it does is tried unless
 * told otherwise.
 * @throws OptionError naming an argument that cannot be saved; ChainruleError if a twin would be another model.
 */
export function describeModel(model: AnyModule, own: ModuleClasses, op: string, isTried: boolean = true): unknown {
  const names = new Names(own, op);
  const json = toPlain(model, '', [writing(names)], { op, hint: HINT });
  if (isTried) requireTwin(model, json, names.classes, op);
  return json;
}
