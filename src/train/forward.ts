/** What a model makes of a batch. */
import { OptionError } from '../base/errors.ts';
import type { AnyModule } from '../nn/module.ts';
import { isValue } from '../value/value.ts';
import { runner, type CompileChoice, type Runner } from './compiled.ts';

/** A forward pass of one's own: what the model makes of the `x` of a batch. */
export type Forward<M = never, X = never> = (model: M, x: X) => unknown;

const isList = (x: unknown): x is readonly unknown[] => Array.isArray(x);

/** `model.forward(x)`; several inputs are its arguments. */
export function forwardOf(op: string, model: AnyModule, forward: Forward | undefined): (x: unknown) => unknown {
  if (forward !== undefined) return (x) => forward(model as never, x as never);
  return (x) => {
    if (isValue(x)) return model.forward(x as never);
    if (isList(x)) return model.forward(...(x as never[]));
    throw new OptionError(`x of a batch is ${x === null ? 'null' : typeof x}, which no model takes by itself`, {
      op,
      option: 'forward',
      hint: 'Say how: forward: (model, { image, text }) => model.forward(image, text).',
    });
  };
}

type ForwardRunner = Runner<[x: unknown], unknown>;

/** A compiled forward pass, and what the model was made of when it was compiled. */
interface Known {
  readonly runner: ForwardRunner;
  readonly parts: readonly unknown[];
}

/** Compiled forward passes of models that have been looked at: they are not compiled anew each time. */
const known = new WeakMap<AnyModule, Known>();

/** Modules, what stands in their properties, parameters and buffers: a program is for these only. */
function partsOf(model: AnyModule): readonly unknown[] {
  const modules: unknown[] = [...model.namedModules()].flatMap(([, module]) => [
    module,
    ...(Object.values(module) as unknown[]),
  ]);
  const leaves = [...model.namedParameters(), ...model.namedBuffers()].map(([, leaf]) => leaf);
  return [...modules, ...leaves];
}

function knownForward(op: string, model: AnyModule): ForwardRunner {
  const parts = partsOf(model);
  const found = known.get(model);
  const isSame = found?.parts.length === parts.length && found.parts.every((part, i) => Object.is(part, parts[i]));
  if (found !== undefined && isSame) return { run: found.runner.run, dispose: () => {} };
  found?.runner.dispose();
  const made = runner(op, forwardOf(op, model, undefined), true);
  known.set(model, { runner: made, parts });
  return { run: made.run, dispose: () => {} };
}

export interface ForwardSettings {
  readonly model: AnyModule;
  readonly forward: Forward | undefined;
  readonly compile: CompileChoice;
  /** How many batches there are; null where nobody knows. */
  readonly length: number | null;
}

const rowsOf = (x: unknown): unknown => (isValue(x) ? x.shape[0] : isList(x) ? rowsOf(x[0]) : null);

/**
 * For one pass over data: whole batches compiled; what is left over is of any size, and would be a program of its own.
 */
export function forwardOnce(op: string, { model, forward, compile, length }: ForwardSettings): ForwardRunner {
  const direct = forwardOf(op, model, forward);
  if (compile === false || length === 1) return { run: direct, dispose: () => {} };
  const compiled = forward === undefined && compile === true ? knownForward(op, model) : runner(op, direct, compile);
  let whole: unknown;
  return {
    run: (x) => (rowsOf(x) === (whole ??= rowsOf(x)) ? compiled.run(x) : direct(x)),
    dispose: compiled.dispose,
  };
}
