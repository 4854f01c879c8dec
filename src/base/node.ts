/** Node's own modules, asked for when they are needed: an import would keep browsers from loading the file. */
import type * as childProcess from 'node:child_process';
import type * as fs from 'node:fs';
import type * as os from 'node:os';
import type * as path from 'node:path';
import type * as workerThreads from 'node:worker_threads';
import type * as zlib from 'node:zlib';
import { ChainruleError } from './errors.ts';

interface Builtins {
  readonly 'node:fs': typeof fs;
  readonly 'node:path': typeof path;
  readonly 'node:zlib': typeof zlib;
  readonly 'node:os': typeof os;
  readonly 'node:child_process': typeof childProcess;
  readonly 'node:worker_threads': typeof workerThreads;
}

/** @throws ChainruleError outside Node. */
export function builtin<K extends keyof Builtins>(name: K, op: string): Builtins[K] {
  const module = optionalBuiltin(name);
  if (module !== undefined) return module;
  throw new ChainruleError('needs Node', {
    op,
    hint: 'In a browser, fetch the bytes and use the parsing function of the same name.',
  });
}

/** As `builtin`; undefined outside Node. */
export function optionalBuiltin<K extends keyof Builtins>(name: K): Builtins[K] | undefined {
  const process = (globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }).process;
  return process?.getBuiltinModule?.(name) as Builtins[K] | undefined;
}
