/** The body of one function, instruction by instruction. Every instruction is checked against the operand stack. */
import { ByteWriter } from './bytes.ts';
import { LANE_OPS, MEMORY_LANE_OPS, MEMORY_OPS } from './opcodes-memory.ts';
import { SCALAR_OPS } from './opcodes-scalar.ts';
import { SIMD_OPS } from './opcodes-simd.ts';
import { OperandStack, type Label } from './stack.ts';
import { signatureOf, typeCode, WasmError, type Signature, type ValueType } from './types.ts';

export type OpName = keyof typeof SCALAR_OPS | keyof typeof SIMD_OPS;
export type MemoryOpName = keyof typeof MEMORY_OPS;
export type MemoryLaneOpName = keyof typeof MEMORY_LANE_OPS;
export type LaneOpName = keyof typeof LANE_OPS;

/** A parameter or local variable. */
export interface Local {
  readonly type: ValueType;
  readonly index: number;
}

/** A function that code may call. */
export interface FunctionRef extends Signature {
  readonly index: number;
}

export interface GlobalRef {
  readonly type: ValueType;
  readonly mutable: boolean;
  readonly index: number;
}

const OPS: Readonly<Record<OpName, readonly [number, string]>> = { ...SCALAR_OPS, ...SIMD_OPS };

const NUMBER: DataView = new DataView(new ArrayBuffer(8));
const NUMBER_BYTES: Uint8Array = new Uint8Array(NUMBER.buffer);

// A program is written while someone waits for its first run, mostly by code that has not been optimised yet: what is
// called for every instruction stays short.

export class FunctionBody {
  readonly params: readonly Local[];
  private readonly results: readonly ValueType[];
  private readonly locals: ValueType[] = [];
  private readonly code: ByteWriter = new ByteWriter();
  private readonly stack: OperandStack = new OperandStack();

  constructor(signature: Signature) {
    this.params = signature.params.map((type, index) => ({ type, index }));
    this.results = signature.results;
    this.stack.enter(this.results, this.results);
  }

  /** A fresh local variable, zero at entry. */
  local(type: ValueType): Local {
    this.locals.push(type);
    return { type, index: this.params.length + this.locals.length - 1 };
  }

  get(local: Local): this {
    this.code.byte(0x20);
    this.code.unsigned(local.index);
    this.stack.pushOne(local.type);
    return this;
  }

  set(local: Local): this {
    this.code.byte(0x21);
    this.code.unsigned(local.index);
    this.stack.popOne(local.type, 'local.set', 1);
    return this;
  }

  tee(local: Local): this {
    this.code.byte(0x22);
    this.code.unsigned(local.index);
    this.stack.popOne(local.type, 'local.tee', 1);
    this.stack.pushOne(local.type);
    return this;
  }

  globalGet(global: GlobalRef): this {
    return this.variable(0x23, global.index, [], [global.type], 'global.get');
  }

  globalSet(global: GlobalRef): this {
    if (!global.mutable) throw new WasmError('global.set: the global is constant');
    return this.variable(0x24, global.index, [global.type], [], 'global.set');
  }

  i32(value: number): this {
    this.code.byte(0x41);
    this.code.signed(value);
    this.stack.pushOne('i32');
    return this;
  }

  i64(value: bigint): this {
    this.code.byte(0x42);
    this.code.signed64(value);
    return this.effect([], ['i64'], 'i64.const');
  }

  f32(value: number): this {
    NUMBER.setFloat32(0, value, true);
    this.code.byte(0x43);
    this.code.append(NUMBER_BYTES.subarray(0, 4));
    this.stack.pushOne('f32');
    return this;
  }

  f64(value: number): this {
    NUMBER.setFloat64(0, value, true);
    this.code.byte(0x44);
    this.code.append(NUMBER_BYTES);
    this.stack.pushOne('f64');
    return this;
  }

  v128(bytes: Uint8Array): this {
    if (bytes.length !== 16) throw new WasmError(`v128.const: takes 16 bytes, got ${bytes.length}`);
    this.opcode(0xfd0c);
    this.code.append(bytes);
    this.stack.pushOne('v128');
    return this;
  }

  op(name: OpName): this {
    const [code, letters] = OPS[name];
    this.opcode(code);
    const { params, results } = signatureOf(letters);
    return this.effect(params, results, name);
  }

  /** Extracts or replaces one lane. */
  lane(name: LaneOpName, lane: number): this {
    const [code, letters, count] = LANE_OPS[name];
    if (!Number.isInteger(lane) || lane < 0 || lane >= count) throw new WasmError(`${name}: there is no lane ${lane}`);
    this.opcode(code);
    this.code.byte(lane);
    const { params, results } = signatureOf(letters);
    return this.effect(params, results, name);
  }

  /** Picks 16 bytes out of two vectors: 0 … 15 from the first, 16 … 31 from the second. */
  shuffle(lanes: readonly number[]): this {
    if (lanes.length !== 16 || lanes.some((n) => !Number.isInteger(n) || n < 0 || n > 31)) {
      throw new WasmError('i8x16.shuffle: takes 16 lane numbers in 0 … 31');
    }
    this.opcode(0xfd0d);
    this.code.append(lanes);
    return this.effect(['v128', 'v128'], ['v128'], 'i8x16.shuffle');
  }

  /** A load or store at address + offset. `align`: log2 of what the address is known to be a multiple of. */
  memory(name: MemoryOpName, offset = 0, align: number = MEMORY_OPS[name][2]): this {
    const [code, letters, natural] = MEMORY_OPS[name];
    if (align > natural) throw new WasmError(`${name}: alignment 2^${align} is more than its own`);
    this.opcode(code);
    this.code.unsigned(align);
    this.code.unsigned(offset);
    const { params, results } = signatureOf(letters);
    return this.effect(params, results, name);
  }

  memoryLane(name: MemoryLaneOpName, lane: number, offset = 0): this {
    const [code, letters, log2Bytes] = MEMORY_LANE_OPS[name];
    if (!Number.isInteger(lane) || lane < 0 || lane >= 16 >> log2Bytes) {
      throw new WasmError(`${name}: there is no lane ${lane}`);
    }
    this.opcode(code);
    this.code.unsigned(log2Bytes);
    this.code.unsigned(offset);
    this.code.byte(lane);
    const { params, results } = signatureOf(letters);
    return this.effect(params, results, name);
  }

  /** `memory.copy`: (destination, source, bytes). */
  memoryCopy(): this {
    this.opcode(0xfc0a);
    this.code.append([0, 0]);
    return this.effect(['i32', 'i32', 'i32'], [], 'memory.copy');
  }

  /** `memory.fill`: (destination, byte, bytes). */
  memoryFill(): this {
    this.opcode(0xfc0b);
    this.code.byte(0);
    return this.effect(['i32', 'i32', 'i32'], [], 'memory.fill');
  }

  atomicFence(): this {
    this.opcode(0xfe03);
    this.code.byte(0);
    return this;
  }

  call(callee: FunctionRef): this {
    return this.variable(0x10, callee.index, callee.params, callee.results, 'call');
  }

  drop(): this {
    this.code.byte(0x1a);
    this.stack.popAny('drop');
    return this;
  }

  /** (x, y, condition) → x where the condition is not zero, else y. */
  select(type: ValueType): this {
    this.code.append([0x1c, 1, typeCode(type)]);
    return this.effect([type, type, 'i32'], [type], 'select');
  }

  block(results: readonly ValueType[], inside: (label: Label) => void): this {
    return this.region(0x02, [...results], results, inside, 'block');
  }

  /** Branching to its label goes back to the start. */
  loop(results: readonly ValueType[], inside: (label: Label) => void): this {
    return this.region(0x03, [], results, inside, 'loop');
  }

  if(results: readonly ValueType[], then: (label: Label) => void, otherwise?: (label: Label) => void): this {
    this.stack.pop(['i32'], 'if');
    if (otherwise === undefined && results.length > 0) throw new WasmError('if: results need an else');
    this.opcode(0x04);
    this.blockType(results);
    then(this.stack.enter(results, results));
    this.stack.leave('if');
    if (otherwise !== undefined) {
      this.stack.pop(results, 'else');
      this.code.byte(0x05);
      otherwise(this.stack.enter(results, results));
      this.stack.leave('else');
    }
    this.code.byte(0x0b);
    return this;
  }

  br(label: Label): this {
    this.branch(0x0c, label, 'br');
    this.stack.markUnreachable();
    return this;
  }

  brIf(label: Label): this {
    this.stack.popOne('i32', 'br_if', 1);
    this.branch(0x0d, label, 'br_if');
    this.stack.push(label.branchTypes);
    return this;
  }

  return(): this {
    this.code.byte(0x0f);
    this.stack.pop(this.results, 'return');
    this.stack.markUnreachable();
    return this;
  }

  unreachable(): this {
    this.code.byte(0x00);
    this.stack.markUnreachable();
    return this;
  }

  /** Closes the function and writes it, its size and its locals first. */
  finish(out: ByteWriter): void {
    this.stack.leave('end');
    const head = new ByteWriter();
    writeLocals(head, this.locals);
    out.unsigned(head.length + this.code.length + 1);
    out.append(head.view());
    out.append(this.code.view());
    out.byte(0x0b);
  }

  private region(
    code: number,
    branchTypes: readonly ValueType[],
    results: readonly ValueType[],
    inside: (label: Label) => void,
    what: string,
  ): this {
    this.code.byte(code);
    this.blockType(results);
    inside(this.stack.enter(branchTypes, results));
    this.stack.leave(what);
    this.code.byte(0x0b);
    return this;
  }

  private blockType(results: readonly ValueType[]): void {
    if (results.length > 1) throw new WasmError('blocks have at most one result here');
    this.code.byte(results.length === 0 ? 0x40 : typeCode(results[0]!));
  }

  /** Takes the number of a label and branches to it; to `otherwise` for any other number. No label takes operands. */
  brTable(labels: readonly Label[], otherwise: Label): this {
    if ([...labels, otherwise].some(({ branchTypes }) => branchTypes.length > 0))
      throw new WasmError('br_table: its labels take operands');
    this.stack.pop(['i32'], 'br_table');
    this.code.byte(0x0e);
    this.code.unsigned(labels.length);
    for (const label of [...labels, otherwise]) this.code.unsigned(this.stack.distance(label, 'br_table'));
    this.stack.markUnreachable();
    return this;
  }

  private branch(code: number, label: Label, what: string): void {
    this.code.byte(code);
    this.code.unsigned(this.stack.distance(label, what));
    this.stack.pop(label.branchTypes, what);
  }

  private variable(
    code: number,
    index: number,
    params: readonly ValueType[],
    results: readonly ValueType[],
    what: string,
  ): this {
    this.code.byte(code);
    this.code.unsigned(index);
    return this.effect(params, results, what);
  }

  private effect(params: readonly ValueType[], results: readonly ValueType[], what: string): this {
    this.stack.pop(params, what);
    this.stack.push(results);
    return this;
  }

  private opcode(code: number): void {
    if (code <= 0xff) return this.code.byte(code);
    const prefix = code > 0xffff ? code >>> 16 : code >>> 8;
    this.code.byte(prefix);
    this.code.unsigned(code > 0xffff ? code & 0xffff : code & 0xff);
  }
}

/** Locals in runs of one type, as the format wants them. */
function writeLocals(out: ByteWriter, types: readonly ValueType[]): void {
  const runs: [number, ValueType][] = [];
  for (const type of types) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  out.unsigned(runs.length);
  for (const [count, type] of runs) {
    out.unsigned(count);
    out.byte(typeCode(type));
  }
}
