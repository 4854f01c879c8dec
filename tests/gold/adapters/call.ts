/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-return, @typescript-eslint/no-unsafe-call -- PyTorch's calls are loosely typed; the gold files are their check */
/** From PyTorch's calling convention to ours. */
import * as chainrule from 'chainrule';
import type { Adapter } from '../compare.ts';

export type Loose = any;

export type Kwargs = Readonly<Record<string, Loose>>;

/** A public function of the library by its name; missing ones fail the case, not the run. */
export function fn(name: string): (...args: Loose[]) => Loose {
  return (...args) => {
    const f = (chainrule as Record<string, Loose>)[name];
    if (typeof f !== 'function') throw new Error(`chainrule has no function ${name}`);
    return f(...args);
  };
}

export const adapt = (call: (args: Loose[], kwargs: Kwargs) => Loose): Adapter => call as unknown as Adapter;

/** All arguments positional, as they are. */
export const same = (name: string): Adapter => adapt((args) => fn(name)(...args));

const RENAMED: Readonly<Record<string, string>> = { dim: 'axis', keepdim: 'keepDims' };

const camel = (key: string): string => RENAMED[key] ?? key.replace(/_(\w)/g, (_, c: string) => c.toUpperCase());

/** PyTorch's keyword arguments as an options object; null means "not given". */
export const optionsOf = (kwargs: Kwargs): Record<string, Loose> =>
  Object.fromEntries(
    Object.entries(kwargs)
      .filter(([, x]) => x !== null && x !== undefined)
      .map(([key, x]) => [camel(key), x]),
  );

/** Positional arguments under the names that PyTorch's signature gives them; keyword arguments win. */
export const named = (args: readonly Loose[], names: readonly string[], kwargs: Kwargs): Record<string, Loose> => ({
  ...Object.fromEntries(names.flatMap((name, i) => (i < args.length ? [[name, args[i]]] : []))),
  ...kwargs,
});

/** `op(x, …positional names, options of the rest)`; `positional` are taken out of the options and passed in front. */
export const withOptions = (name: string, signature: readonly string[], positional: readonly string[] = []): Adapter =>
  adapt(([x, ...rest], kwargs) => {
    const all = named(rest, signature, kwargs);
    const front = positional.map((key) => all[key] ?? undefined);
    const options = optionsOf(Object.fromEntries(Object.entries(all).filter(([key]) => !positional.includes(key))));
    return fn(name)(x, ...front, ...(Object.keys(options).length === 0 ? [] : [options]));
  });

/** `op(x, axis?, { keepDims? })`. */
export const reduction = (name: string): Adapter =>
  adapt(([x, ...rest], kwargs) => {
    const { dim, keepdim } = named(rest, ['dim', 'keepdim'], kwargs);
    return fn(name)(x, dim ?? undefined, ...(keepdim === undefined ? [] : [{ keepDims: keepdim }]));
  });
