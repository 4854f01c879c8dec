/** Node's own modules, asked for when they are needed: an import would keep browsers from loading the file. */
import { ChainruleError } from './errors.ts';

interface Builtins {
  readonly 'node:fs': typeof import('node:fs');
  readonly 'node:path': typeof import('node:path');
  readonly 'node:zlib': typeof import('node:zlib');
  readonly 'node:os': typeof import('node:os');
  readonly 'node:child_process': typeof import('node:child_process');
}

/** @throws ChainruleError outside Node. */
export function builtin<K extends keyof Builtins>(name: K, op: string): Builtins[K] {
  const process = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  const module = process?.getBuiltinModule?.(name);
  if (module !== undefined) return module as Builtins[K];
  throw new ChainruleError('needs Node', {
    op,
    hint: 'In a browser, fetch the bytes and use the parsing function of the same name.',
  });
}
