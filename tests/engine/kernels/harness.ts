/**
 * Runs one task as an engine would, in a memory of its own: buffers and scratch lie between guard bytes, outputs and
 * scratch start as garbage, every call gets other garbage. What a task writes where it should not is found out.
 */
import { bytesPerElement, type DType, type Storage } from '../../../src/base/dtypes.ts';
import { slowFunctions } from '../../../src/base/lanes/program.ts';
import { WasmModule, type FunctionRef } from '../../../src/base/wasm/index.ts';
import type { Emission, Task } from '../../../src/engine/emission.ts';
import type { Buffer } from '../../../src/engine/steps.ts';

let buffers = 0;

/** A fresh buffer. */
export const buffer = (dtype: DType, size: number): Buffer => ({ id: buffers++, dtype, size });

/** The first unit and the unit behind the last. */
export type Range = readonly [number, number];

export interface RunOptions {
  /** The calls, in order; default: all units in one. */
  readonly ranges?: (units: number) => readonly Range[];
  readonly fast?: boolean;
}

export interface Ready {
  readonly task: Task;
  readonly memory: WebAssembly.Memory;
  readonly start: ReadonlyMap<Buffer, number>;
  /** A view of a buffer. */
  view(of: Buffer): Storage;
  run(first: number, end: number): void;
}

const PAGE = 65536;
const GUARD = 64;
const GUARD_BYTE = 0xa5;

const aligned = (bytes: number): number => Math.ceil(bytes / 16) * 16;

function viewOf(memory: WebAssembly.Memory, { dtype, size }: Buffer, at: number): Storage {
  if (dtype === 'float64') return new Float64Array(memory.buffer, at, size);
  if (dtype === 'float32') return new Float32Array(memory.buffer, at, size);
  if (dtype === 'int32') return new Int32Array(memory.buffer, at, size);
  return new Uint8Array(memory.buffer, at, size);
}

function emissionFor(module: WasmModule, fast: boolean): Emission {
  const known = new Map<string, FunctionRef>();
  const shared = (key: string, write: () => FunctionRef): FunctionRef => {
    const found = known.get(key) ?? write();
    known.set(key, found);
    return found;
  };
  return { module, slow: slowFunctions(module), fast, shared };
}

/** A module with the one task, and a memory in which its buffers lie, surrounded by guard bytes. */
export function prepare(
  make: (e: Emission) => Task,
  contents: ReadonlyMap<Buffer, Storage>,
  fast: boolean = false,
): Ready {
  const start = new Map<Buffer, number>();
  let end = PAGE;
  for (const buffer of contents.keys()) {
    start.set(buffer, end);
    end = aligned(end + buffer.size * bytesPerElement(buffer.dtype)) + GUARD;
  }
  const module = new WasmModule();
  const limits = { initial: 1, maximum: 65536 };
  module.importMemory('engine', 'memory', limits);
  const task = make(emissionFor(module, fast));
  const types = ['i32', 'i32', 'i32', ...task.args.map(() => 'i32' as const)] as const;
  module.function('run', types, [], (body) => {
    for (const parameter of body.params) body.get(parameter);
    body.call(task.function);
  });
  const memory = new WebAssembly.Memory(limits);
  // One page beyond the last byte in use: vectors may be read a little past the end of a buffer.
  memory.grow(Math.ceil((end + task.scratch + GUARD) / PAGE) + 1);
  new Uint8Array(memory.buffer).fill(GUARD_BYTE);
  for (const [buffer, data] of contents) viewOf(memory, buffer, start.get(buffer)!).set(data);
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.encode()), { engine: { memory } });
  const run = instance.exports.run as (...args: number[]) => void;
  const addresses = task.args.map((buffer) => {
    const at = start.get(buffer);
    if (at === undefined) throw new Error(`no content given for buffer ${buffer.id}`);
    return at;
  });
  return {
    task,
    memory,
    start,
    view: (of) => viewOf(memory, of, start.get(of)!),
    run: (first, behind) => run(first, behind, end, ...addresses),
  };
}

function checkGuards({ memory, start, task }: Ready): void {
  const bytes = new Uint8Array(memory.buffer);
  const check = (at: number, what: string): void => {
    const end = aligned(at) + GUARD;
    for (let i = at; i < end; i++) {
      if (bytes[i] !== GUARD_BYTE) throw new Error(`wrote ${i - at} byte(s) behind ${what}`);
    }
  };
  let last = PAGE;
  for (const [buffer, at] of start) {
    const end = at + buffer.size * bytesPerElement(buffer.dtype);
    check(end, `buffer ${buffer.id}`);
    last = aligned(end) + GUARD;
  }
  check(last + task.scratch, 'the scratch');
  for (let i = PAGE - GUARD; i < PAGE; i++) {
    if (bytes[i] !== GUARD_BYTE) throw new Error('wrote in front of the first buffer');
  }
}

/**
 * Runs a task and gives what its buffers hold afterwards. `contents` names every buffer it uses, with what lies there
 * before.
 */
export function runTask(
  make: (e: Emission) => Task,
  contents: ReadonlyMap<Buffer, Storage>,
  { ranges = (units) => [[0, units]], fast = false }: RunOptions = {},
): ReadonlyMap<Buffer, Storage> {
  const ready = prepare(make, contents, fast);
  const scratch = new Uint8Array(ready.memory.buffer);
  const scratchAt =
    Math.max(...[...ready.start].map(([b, at]) => aligned(at + b.size * bytesPerElement(b.dtype)))) + GUARD;
  let garbage = 0x7f;
  for (const [first, end] of ranges(ready.task.units)) {
    scratch.fill((garbage = (garbage * 5 + 3) & 0xff), scratchAt, scratchAt + ready.task.scratch);
    ready.run(first, end);
  }
  checkGuards(ready);
  return new Map([...contents.keys()].map((buffer) => [buffer, ready.view(buffer).slice()]));
}

/** All units cut into `parts` ranges, the last one first. */
export const backwards =
  (parts: number) =>
  (units: number): readonly Range[] =>
    Array.from({ length: parts }, (_, i): Range => {
      const part = parts - 1 - i;
      return [Math.floor((part * units) / parts), Math.floor(((part + 1) * units) / parts)];
    });
