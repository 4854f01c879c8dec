/** Saved parameters and buffers, and whether they fit a module. */
import { ChainruleError, ShapeError, showShape } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { isValue, type Value } from '../value/value.ts';

/** Parameters and buffers by their dotted names, as PyTorch names them: `layers.0.weight`. */
export type StateDict = Record<string, Value>;

export interface LoadStateOptions {
  /** Whether every entry must have its counterpart; default true. */
  readonly strict?: boolean;
}

/** What `loadStateDict` found without counterpart. */
export interface LoadedState {
  /** Of the module; they keep what they hold. */
  readonly missingKeys: readonly string[];
  /** Of the state; they are ignored. */
  readonly unexpectedKeys: readonly string[];
}

const NAMED = 8;

const list = (what: string, names: readonly string[]): string[] => {
  if (names.length === 0) return [];
  const more = names.length > NAMED ? `, … ${names.length - NAMED} more` : '';
  return [`${what}: ${names.slice(0, NAMED).join(', ')}${more}`];
};

function requireValues(saved: Readonly<Record<string, unknown>>): void {
  for (const [name, entry] of Object.entries(saved)) {
    if (isValue(entry)) continue;
    throw new ChainruleError(`${name} in the state is no Value but ${entry === null ? 'null' : typeof entry}`, {
      op: 'loadStateDict',
      hint: 'Make it with constant(data).',
    });
  }
}

function requireShapes(own: ReadonlyMap<string, Value>, saved: Readonly<StateDict>): void {
  const wrong = [...own].filter(([name, leaf]) => {
    const entry = saved[name];
    return entry !== undefined && !sameShape(entry.shape, leaf.shape);
  });
  if (wrong.length === 0) return;
  const lines = wrong.map(
    ([name, leaf]) => `${name} is ${showShape(leaf.shape)} here and ${showShape(saved[name]!.shape)} in the state`,
  );
  throw new ShapeError(lines.join('; '), {
    op: 'loadStateDict',
    shapes: wrong.flatMap(([name, leaf]) => [leaf.shape, saved[name]!.shape]),
    hint: 'Build the module with the sizes that it was saved with, or leave those entries out and pass { strict: false }.',
  });
}

/**
 * Assigns saved entries to the leaves of their names; either all or, if something does not fit, none.
 * @throws ChainruleError naming missing and unexpected entries (if strict) and those that are no Values; ShapeError
 * naming all of another shape.
 */
export function loadState(
  module: string,
  own: ReadonlyMap<string, Value>,
  saved: Readonly<StateDict>,
  strict: boolean,
): LoadedState {
  requireValues(saved);
  const missingKeys = [...own.keys()].filter((name) => !Object.hasOwn(saved, name));
  const unexpectedKeys = Object.keys(saved).filter((name) => !own.has(name));
  if (strict && missingKeys.length + unexpectedKeys.length > 0) {
    const parts = [...list('missing', missingKeys), ...list('unexpected', unexpectedKeys)];
    throw new ChainruleError(`the state does not fit this ${module}; ${parts.join('; ')}`, {
      op: 'loadStateDict',
      hint: 'Pass { strict: false } to load what fits.',
    });
  }
  requireShapes(own, saved);
  for (const [name, leaf] of own) if (Object.hasOwn(saved, name)) leaf.assign(saved[name]!);
  return { missingKeys, unexpectedKeys };
}
