/** fast-check, an optional peer: found when something that needs it is first called, so that the rest works without it. */
import { ChainruleError } from '../base/errors.ts';
// The declarations keep this comment, so that they are valid where fast-check is not installed.
// eslint-disable-next-line @typescript-eslint/ban-ts-comment -- nothing is wrong where it is installed
/** @ts-ignore -- fast-check is an optional peer: where it is missing, its types are unknown here. */
import type * as FastCheck from 'fast-check';

export type FastCheckModule = typeof FastCheck;
export type Arbitrary<T> = FastCheck.Arbitrary<T>;

interface ModuleBuiltin {
  createRequire(from: string): (name: string) => unknown;
}

/** What exists in Node only. */
interface NodeProcess {
  cwd(): string;
  readonly argv: readonly string[];
  getBuiltinModule?(name: string): unknown;
}

let known: FastCheckModule | null = null;

/**
 * Hands fast-check over where it cannot be found by itself (a browser, an unusual module layout).
 * @throws TypeError if that is no fast-check.
 * @example import * as fc from 'fast-check'; useFastCheck(fc)
 */
export function useFastCheck(module: FastCheckModule): void {
  if (typeof (module as Partial<FastCheckModule> | null)?.property !== 'function') {
    throw new TypeError('useFastCheck: that is not fast-check; hand over `import * as fc from "fast-check"`.');
  }
  known = module;
}

/** Each way of finding it: this module's own `require` (CommonJS, Jest), then one that starts at the running program. */
function* ways(): Generator<() => unknown> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the peer is optional, and needed at once
  if (typeof require === 'function') yield () => require('fast-check') as unknown;
  const node = (globalThis as { process?: NodeProcess }).process;
  const builtin = node?.getBuiltinModule?.('node:module') as ModuleBuiltin | undefined;
  if (node === undefined || builtin === undefined) return;
  const starts = [node.argv[1], `${node.cwd()}/package.json`];
  for (const from of starts) if (from !== undefined) yield () => builtin.createRequire(from)('fast-check');
}

/** @throws ChainruleError that says how to install it. */
export function fastCheck(by: string): FastCheckModule {
  let cause: unknown;
  for (const load of ways()) {
    if (known !== null) break;
    try {
      known = load() as FastCheckModule;
    } catch (error) {
      cause ??= error;
    }
  }
  if (known !== null) return known;
  throw new ChainruleError('this needs fast-check, which could not be loaded', {
    op: by,
    hint: 'Install it (npm install --save-dev fast-check), or hand it over once: useFastCheck(fc).',
    cause,
  });
}

/** A fast-check arbitrary, whichever copy of fast-check made it. */
export const isArbitrary = (x: unknown): x is Arbitrary<unknown> =>
  typeof x === 'object' &&
  x !== null &&
  typeof (x as { generate?: unknown }).generate === 'function' &&
  typeof (x as { shrink?: unknown }).shrink === 'function';
