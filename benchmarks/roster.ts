/** Who takes part: this library in its ways of running, and those of its peers that are here. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Starter } from './contender.ts';

/** Ours; a number behind a name counts threads, one where there is none. */
export const OURS = ['compiled', 'compiled-2', 'compiled-fast', 'eager'] as const;
export const PEERS = ['jax-js', 'tfjs-wasm', 'tfjs-cpu', 'torch', 'torch-2', 'jax', 'jax-2'] as const;
export type ContenderName = (typeof OURS)[number] | (typeof PEERS)[number];

export interface Roster {
  readonly starters: ReadonlyMap<ContenderName, Starter>;
  /** What takes part, and in which version. */
  readonly versions: readonly string[];
  /** Who does not, and why. */
  readonly absent: readonly string[];
}

// npm runs scripts in the package's folder.
const HERE = resolve('benchmarks');
const FOLDER = join(HERE, 'peers');

/** f32x4.relaxed_madd in a function: valid where `precision: 'fast'` may differ from the default. */
const RELAXED_MADD = '0061736d0100000001080160037b7b7b017b030201000a0d010b00200020012002fd85020b';

export const relaxed: boolean = WebAssembly.validate(Buffer.from(RELAXED_MADD, 'hex'));

function ours(): [ContenderName, Starter][] {
  const start = (mode: string, threads: number, precision: string): Starter => ({
    command: process.execPath,
    args: [join(HERE, '.build', 'ours.mjs'), mode, String(threads), precision],
  });
  const all: [ContenderName, Starter][] = [
    ['compiled', start('compiled', 1, 'default')],
    ['compiled-2', start('compiled', 2, 'default')],
    ['compiled-fast', start('compiled', 1, 'fast')],
    ['eager', start('eager', 1, 'default')],
  ];
  return relaxed ? all : all.filter(([name]) => name !== 'compiled-fast');
}

/** Installs the peers from npm unless they are here. @returns what went wrong, or null. */
function install(): string | null {
  if (existsSync(join(FOLDER, 'node_modules', '@jax-js', 'jax'))) return null;
  console.error('installing jax-js and TensorFlow.js into benchmarks/peers (310 MB) …');
  try {
    execFileSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: FOLDER,
      stdio: 'pipe',
    });
    return null;
  } catch {
    return 'npm could not install them';
  }
}

const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(join(FOLDER, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;

function npmPeers(wanted: (name: ContenderName) => boolean): Roster {
  const names = (['jax-js', 'tfjs-wasm', 'tfjs-cpu'] as const).filter(wanted);
  if (names.length === 0) return { starters: new Map(), versions: [], absent: [] };
  const failed = install();
  if (failed !== null) return { starters: new Map(), versions: [], absent: [`${names.join(', ')}: ${failed}`] };
  const args = { 'jax-js': ['jax-js.mjs'], 'tfjs-wasm': ['tfjs.mjs', 'wasm'], 'tfjs-cpu': ['tfjs.mjs', 'cpu'] };
  const starters = names.map((name): [ContenderName, Starter] => {
    const [script, ...rest] = args[name];
    return [name, { command: process.execPath, args: [join(FOLDER, script!), ...rest] }];
  });
  const versions = [`jax-js ${versionOf('@jax-js/jax')}`, `TensorFlow.js ${versionOf('@tensorflow/tfjs')}`];
  return { starters: new Map(starters), versions, absent: [] };
}

const PYTHON = process.env['CHAINRULE_PYTHON'] ?? 'python3';

/** The version of a Python module, null if there is none. */
function moduleVersion(name: string): string | null {
  try {
    const show = `import ${name}; print(${name}.__version__)`;
    return execFileSync(PYTHON, ['-c', show], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

function pythonPeer(module: 'torch' | 'jax', title: string, wanted: (name: ContenderName) => boolean): Roster {
  const names = ([module, `${module}-2`] as const).filter(wanted);
  if (names.length === 0) return { starters: new Map(), versions: [], absent: [] };
  const version = moduleVersion(module);
  if (version === null) return { starters: new Map(), versions: [], absent: [`${title}: ${PYTHON} does not have it`] };
  const starters = names.map((name): [ContenderName, Starter] => {
    const threads = name.endsWith('-2') ? '2' : '1';
    const env = { OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads, MKL_NUM_THREADS: threads };
    return [name, { command: PYTHON, args: [join(FOLDER, `${module}_peer.py`), threads], env }];
  });
  return { starters: new Map(starters), versions: [`${title} ${version}`], absent: [] };
}

/** Ours, and those of the peers that are wanted and here. */
export function roster(wanted: (name: ContenderName) => boolean): Roster {
  const peers = [npmPeers(wanted), pythonPeer('torch', 'PyTorch', wanted), pythonPeer('jax', 'JAX', wanted)];
  return {
    starters: new Map([...ours().filter(([name]) => wanted(name)), ...peers.flatMap(({ starters }) => [...starters])]),
    versions: peers.flatMap(({ versions }) => versions),
    absent: peers.flatMap(({ absent }) => absent),
  };
}
