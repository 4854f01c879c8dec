/** A WebAssembly module under construction: imports, memory, globals, functions, data; then its bytes. */
import { FunctionBody, type FunctionRef, type GlobalRef } from './body.ts';
import { ByteWriter } from './bytes.ts';
import { typeCode, WasmError, type Signature, type ValueType } from './types.ts';

/** Sizes in pages of 64 KiB. */
export interface MemoryLimits {
  readonly initial: number;
  readonly maximum?: number;
  readonly shared?: boolean;
}

interface Export {
  readonly name: string;
  readonly kind: number;
  readonly index: number;
}

const FUNCTION = 0;
const MEMORY = 2;
const GLOBAL = 3;
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

export class WasmModule {
  private readonly types: Signature[] = [];
  private readonly typeIndex: Map<string, number> = new Map();
  private readonly imports: { module: string; name: string; write: (out: ByteWriter) => void }[] = [];
  private importedFunctions = 0;
  private memoryLimits: MemoryLimits | undefined;
  private memoryImported = false;
  private readonly functions: { type: number; body: FunctionBody }[] = [];
  private readonly globals: { ref: GlobalRef; value: number }[] = [];
  private readonly exports: Export[] = [];
  private readonly segments: { offset: number; bytes: Uint8Array }[] = [];

  /** Imports come before the module's own functions. */
  importFunction(
    module: string,
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ): FunctionRef {
    if (this.functions.length > 0) throw new WasmError('import functions before defining any');
    const type = this.typeOf({ params, results });
    this.imports.push({
      module,
      name,
      write: (out) => {
        out.byte(FUNCTION);
        out.unsigned(type);
      },
    });
    return { params, results, index: this.importedFunctions++ };
  }

  /** `limits` may be decided as late as when the module is encoded. */
  importMemory(module: string, name: string, limits: MemoryLimits | (() => MemoryLimits)): void {
    const decided = (): MemoryLimits => (typeof limits === 'function' ? limits() : limits);
    this.setMemory(decided());
    this.memoryImported = true;
    this.imports.push({
      module,
      name,
      write: (out) => {
        out.byte(MEMORY);
        writeLimits(out, decided());
      },
    });
  }

  /** The module's own memory; an export of that name hands it out. */
  memory(limits: MemoryLimits, exportName?: string): void {
    this.setMemory(limits);
    if (exportName !== undefined) this.exports.push({ name: exportName, kind: MEMORY, index: 0 });
  }

  /** A global of type i32 (others are set by code at start). */
  global(value: number, options: { readonly mutable?: boolean; readonly exportName?: string } = {}): GlobalRef {
    const ref: GlobalRef = { type: 'i32', mutable: options.mutable ?? true, index: this.globals.length };
    this.globals.push({ ref, value });
    if (options.exportName !== undefined)
      this.exports.push({ name: options.exportName, kind: GLOBAL, index: ref.index });
    return ref;
  }

  /** Declares a function; its body may be written later, so functions can call each other in any order. */
  declare(params: readonly ValueType[], results: readonly ValueType[], exportName?: string): DeclaredFunction {
    const signature = { params, results };
    const index = this.importedFunctions + this.functions.length;
    const body = new FunctionBody(signature);
    this.functions.push({ type: this.typeOf(signature), body });
    if (exportName !== undefined) this.exports.push({ name: exportName, kind: FUNCTION, index });
    return { params, results, index, body };
  }

  /** Declares a function and writes its body at once. */
  function(
    exportName: string | undefined,
    params: readonly ValueType[],
    results: readonly ValueType[],
    write: (f: FunctionBody, self: FunctionRef) => void,
  ): FunctionRef {
    const declared = this.declare(params, results, exportName);
    write(declared.body, declared);
    return declared;
  }

  /** Bytes that are in memory from the start. */
  data(offset: number, bytes: Uint8Array): void {
    if (this.memoryLimits === undefined) throw new WasmError('data needs a memory');
    this.segments.push({ offset, bytes });
  }

  /** The module's bytes, once; bodies are closed by it. */
  encode(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter();
    out.append(HEADER);
    section(out, 1, this.types, writeType);
    section(out, 2, this.imports, (w, { module, name, write }) => {
      w.text(module);
      w.text(name);
      write(w);
    });
    section(out, 3, this.functions, (w, f) => w.unsigned(f.type));
    if (this.memoryLimits !== undefined && !this.memoryImported) section(out, 5, [this.memoryLimits], writeLimits);
    section(out, 6, this.globals, writeGlobal);
    section(out, 7, this.exports, writeExport);
    section(out, 10, this.functions, (w, f) => f.body.finish(w));
    section(out, 11, this.segments, writeSegment);
    return out.view().slice();
  }

  private setMemory(limits: MemoryLimits): void {
    if (this.memoryLimits !== undefined) throw new WasmError('one memory per module');
    if (limits.shared === true && limits.maximum === undefined) throw new WasmError('a shared memory needs a maximum');
    this.memoryLimits = limits;
  }

  private typeOf(signature: Signature): number {
    const key = `${signature.params.join()}:${signature.results.join()}`;
    let index = this.typeIndex.get(key);
    if (index === undefined) {
      index = this.types.push(signature) - 1;
      this.typeIndex.set(key, index);
    }
    return index;
  }
}

/** A function to call and the body to write. */
export interface DeclaredFunction extends FunctionRef {
  readonly body: FunctionBody;
}

function section<T>(out: ByteWriter, id: number, items: readonly T[], write: (w: ByteWriter, item: T) => void): void {
  if (items.length === 0) return;
  const inside = new ByteWriter();
  inside.unsigned(items.length);
  for (const item of items) write(inside, item);
  out.byte(id);
  out.unsigned(inside.length);
  out.append(inside.view());
}

function writeType(out: ByteWriter, { params, results }: Signature): void {
  out.byte(0x60);
  for (const list of [params, results]) {
    out.unsigned(list.length);
    for (const type of list) out.byte(typeCode(type));
  }
}

function writeLimits(out: ByteWriter, { initial, maximum, shared }: MemoryLimits): void {
  out.byte((maximum === undefined ? 0 : 1) | (shared === true ? 2 : 0));
  out.unsigned(initial);
  if (maximum !== undefined) out.unsigned(maximum);
}

function writeGlobal(out: ByteWriter, { ref, value }: { ref: GlobalRef; value: number }): void {
  out.byte(typeCode(ref.type));
  out.byte(ref.mutable ? 1 : 0);
  writeI32Constant(out, value);
}

function writeExport(out: ByteWriter, { name, kind, index }: Export): void {
  out.text(name);
  out.byte(kind);
  out.unsigned(index);
}

function writeSegment(out: ByteWriter, { offset, bytes }: { offset: number; bytes: Uint8Array }): void {
  out.unsigned(0);
  writeI32Constant(out, offset);
  out.unsigned(bytes.length);
  out.append(bytes);
}

function writeI32Constant(out: ByteWriter, value: number): void {
  out.byte(0x41);
  out.signed(value);
  out.byte(0x0b);
}
