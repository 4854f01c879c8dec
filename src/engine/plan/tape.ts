/** Tapes under construction: long graphs of single numbers, too many for code of their own. */
import { bytesPerElement, newStorage, type DType } from '../../base/dtypes.ts';
import { buildProgram } from '../../base/lanes/program.ts';
import { NO_ATTRIBUTES } from '../../ops/primitive.ts';
import type { Instruction, Var } from '../../program/program.ts';
import type { Buffer, Places, TapeOperation, TapeStep } from '../steps.ts';

/** Bytes of a result or a constant, whatever its dtype. */
const CELL = 8;

/** An operand: an earlier entry, an element of a buffer, or a number. */
export type TapeOperand =
  | { readonly kind: 'entry'; readonly entry: number }
  | { readonly kind: 'place'; readonly buffer: Buffer; readonly element: number }
  | { readonly kind: 'number'; readonly value: number; readonly dtype: DType };

interface Copy {
  readonly operand: TapeOperand;
  readonly to: Buffer;
  readonly element: number;
}

export class TapeGroup {
  readonly kind = 'group';
  /** Its place among the items of the plan. */
  readonly position: number;
  private readonly make: (dtype: DType, size: number) => Buffer;
  private readonly operations: TapeOperation[] = [];
  private readonly operationByKey: Map<string, number> = new Map();
  /** By entry: its operation, its level, and where its operands begin. */
  private readonly which: number[] = [];
  private readonly levels: number[] = [];
  private readonly starts: number[] = [];
  private readonly operands: TapeOperand[] = [];
  private readonly entries: Map<Var, number> = new Map();
  private readonly copies: Copy[] = [];
  private readonly stored: Map<Var, Buffer> = new Map();
  private readonly numbers: Map<string, number> = new Map();
  private readonly pool: { value: number; dtype: DType }[] = [];

  constructor(position: number, make: (dtype: DType, size: number) => Buffer) {
    this.position = position;
    this.make = make;
  }

  /** One more entry, for an elementwise instruction on single elements. */
  add(instruction: Instruction, operands: readonly TapeOperand[]): void {
    const levels = operands.map((operand) => (operand.kind === 'entry' ? this.levels[operand.entry]! : 0));
    this.entries.set(instruction.outputs[0]!, this.which.length);
    this.which.push(this.operationOf(instruction));
    this.levels.push(Math.max(0, ...levels) + 1);
    this.starts.push(this.operands.length);
    for (const operand of operands) this.operands.push(operand);
  }

  operand(variable: Var): TapeOperand {
    return { kind: 'entry', entry: this.entries.get(variable)! };
  }

  /** The buffer to which a value computed here goes. */
  store(variable: Var, make: () => Buffer): Buffer {
    let buffer = this.stored.get(variable);
    if (buffer === undefined) {
      buffer = make();
      this.stored.set(variable, buffer);
      this.copy(this.operand(variable), buffer, 0);
    }
    return buffer;
  }

  /** Sends a number to an element of a buffer. */
  copy(operand: TapeOperand, to: Buffer, element: number): void {
    this.copies.push({ operand, to, element });
  }

  finish(): TapeStep | null {
    if (this.copies.length === 0) return null;
    return new Assembly(this.make, this.operations, this.pool).step(this);
  }

  /** Entries by level and operation, so that runs are long; of a level none needs another. */
  order(): Uint32Array {
    const last = this.levels.reduce((most, level) => Math.max(most, level), 0);
    const width = this.operations.length;
    const counts = new Uint32Array((last + 1) * width + 1);
    const keyOf = (entry: number): number => this.levels[entry]! * width + this.which[entry]!;
    for (let i = 0; i < this.which.length; i++) counts[keyOf(i) + 1]!++;
    for (let k = 1; k < counts.length; k++) counts[k]! += counts[k - 1]!;
    const order = new Uint32Array(this.which.length);
    for (let i = 0; i < this.which.length; i++) order[counts[keyOf(i)]!++] = i;
    return order;
  }

  operationAt(entry: number): number {
    return this.which[entry]!;
  }

  operandsAt(entry: number): readonly TapeOperand[] {
    return this.operands.slice(this.starts[entry], this.starts[entry + 1]);
  }

  get outgoing(): readonly Copy[] {
    return this.copies;
  }

  private operationOf({ primitive, attrs, inputs, outputs }: Instruction): number {
    const dtypes = inputs.map(({ dtype }) => dtype);
    const { dtype } = outputs[0]!;
    const own = attrs === NO_ATTRIBUTES ? '' : JSON.stringify(attrs);
    const key = `${primitive.name} ${dtypes.join()} ${dtype} ${own}`;
    let known = this.operationByKey.get(key);
    if (known === undefined) {
      if (primitive.compute.kind !== 'lane') throw new TypeError(`${primitive.name} has no lane function`);
      const { graph, root } = buildProgram(primitive.compute.lane(attrs), dtypes, dtype);
      known = this.operations.push({ graph, inputs: dtypes, value: root, dtype }) - 1;
      this.operationByKey.set(key, known);
    }
    return known;
  }

  /** Where a number is among the pool's. */
  numberAt(value: number, dtype: DType): number {
    const key = `${dtype} ${Object.is(value, -0) ? '-0' : value}`;
    let known = this.numbers.get(key);
    if (known === undefined) {
      known = this.pool.push({ value, dtype }) - 1;
      this.numbers.set(key, known);
    }
    return known;
  }
}

/** Puts a finished tape in order and its operands into places. */
class Assembly {
  private readonly make: (dtype: DType, size: number) => Buffer;
  private readonly operations: readonly TapeOperation[];
  private readonly pool: readonly { readonly value: number; readonly dtype: DType }[];
  private readonly buffers: Buffer[] = [];
  private readonly positions: Map<Buffer, number> = new Map();

  constructor(
    make: (dtype: DType, size: number) => Buffer,
    operations: readonly TapeOperation[],
    pool: readonly { readonly value: number; readonly dtype: DType }[],
  ) {
    this.make = make;
    this.operations = operations;
    this.pool = pool;
  }

  step(tape: TapeGroup): TapeStep {
    const order = tape.order();
    const values = this.make('float64', order.length);
    const slots = new Uint32Array(order.length);
    order.forEach((entry, slot) => (slots[entry] = slot));
    const entries = Uint16Array.from(order, (entry) => tape.operationAt(entry));
    const all = Array.from(order).flatMap((entry) => tape.operandsAt(entry));
    // Constants are counted before the pool is made, as they are met.
    const ofCopies = tape.outgoing.map(({ operand }) => operand);
    for (const operand of [...all, ...ofCopies])
      if (operand.kind === 'number') tape.numberAt(operand.value, operand.dtype);
    const pool = this.make('bool', Math.max(1, this.pool.length) * CELL);
    const place = (operand: TapeOperand): readonly [Buffer, number] => {
      switch (operand.kind) {
        case 'entry':
          return [values, slots[operand.entry]! * CELL];
        case 'number':
          return [pool, tape.numberAt(operand.value, operand.dtype) * CELL];
        case 'place':
          return [operand.buffer, operand.element * bytesPerElement(operand.buffer.dtype)];
      }
    };
    const operands = this.places(all.map(place));
    const copies = this.copies(tape.outgoing, place);
    const writes = [...new Set(tape.outgoing.map(({ to }) => to))];
    const own = new Set([values, pool, ...writes]);
    const reads = [...all, ...ofCopies].flatMap((operand) => (operand.kind === 'place' ? [operand.buffer] : []));
    return {
      kind: 'tape',
      operations: this.operations,
      buffers: this.buffers,
      entries,
      operands,
      copies,
      values,
      pool,
      poolBytes: bytesOfPool(this.pool),
      reads: [...new Set(reads)].filter((buffer) => !own.has(buffer)),
      writes,
      words: this.make('int32', wordCount(this.operations, entries, copies)),
    };
  }

  private copies(outgoing: readonly Copy[], place: (o: TapeOperand) => readonly [Buffer, number]): TapeStep['copies'] {
    const dtypes = [...new Set(outgoing.map(({ to }) => to.dtype))];
    return dtypes.map((dtype) => {
      const own = outgoing.filter(({ to }) => to.dtype === dtype);
      const target = ({ to, element }: Copy): readonly [Buffer, number] => [to, element * bytesPerElement(dtype)];
      return { dtype, from: this.places(own.map(({ operand }) => place(operand))), to: this.places(own.map(target)) };
    });
  }

  private places(places: readonly (readonly [Buffer, number])[]): Places {
    return {
      buffers: Uint32Array.from(places, ([buffer]) => this.positionOf(buffer)),
      bytes: Int32Array.from(places, ([, byte]) => byte),
    };
  }

  private positionOf(buffer: Buffer): number {
    let known = this.positions.get(buffer);
    if (known === undefined) {
      known = this.buffers.push(buffer) - 1;
      this.positions.set(buffer, known);
    }
    return known;
  }
}

function bytesOfPool(pool: readonly { readonly value: number; readonly dtype: DType }[]): Uint8Array {
  const bytes = new Uint8Array(Math.max(1, pool.length) * CELL);
  pool.forEach(({ value, dtype }, i) => {
    const one = newStorage(dtype, 1);
    one[0] = value;
    bytes.set(new Uint8Array(one.buffer), i * CELL);
  });
  return bytes;
}

/** Runs of one operation: where each begins, and one behind the last. */
export function runsOf(entries: Uint16Array): number[] {
  const starts: number[] = [];
  for (let i = 0; i < entries.length; i++) if (i === 0 || entries[i] !== entries[i - 1]) starts.push(i);
  return [...starts, entries.length];
}

/** Each run: operation and length, then addresses; each kind of copies likewise; an end mark. */
function wordCount(operations: readonly TapeOperation[], entries: Uint16Array, copies: TapeStep['copies']): number {
  let words = (runsOf(entries).length - 1) * 2 + 1;
  for (const entry of entries) words += operations[entry]!.inputs.length;
  for (const { from } of copies) words += 2 + 2 * from.bytes.length;
  return words;
}
