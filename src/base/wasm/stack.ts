/** The operand stack of code being encoded: the validation algorithm of the WebAssembly specification (appendix). */
import { WasmError, type ValueType } from './types.ts';

/** A block, loop or arm of an `if`; what a branch to it must leave on the stack. */
export interface Label {
  readonly branchTypes: readonly ValueType[];
  readonly endTypes: readonly ValueType[];
  /** Stack height at entry. */
  readonly height: number;
  /** Position among the enclosing labels; the function body is 0. */
  readonly depth: number;
}

interface Frame {
  readonly label: Label;
  /** After a branch the rest of the block is never reached: anything may be taken from its stack. */
  unreachable: boolean;
}

export class OperandStack {
  private readonly types: ValueType[] = [];
  private readonly frames: Frame[] = [];

  get height(): number {
    return this.types.length;
  }

  push(types: readonly ValueType[]): void {
    for (let i = 0; i < types.length; i++) this.types.push(types[i]!);
  }

  pushOne(type: ValueType): void {
    this.types.push(type);
  }

  /** Takes one operand of any type; undefined where code is unreachable. */
  popAny(what: string): ValueType | undefined {
    const frame = this.top();
    if (this.types.length > frame.label.height) return this.types.pop();
    if (frame.unreachable) return undefined;
    throw new WasmError(`${what}: an operand is missing`);
  }

  /** Takes operand number `position`, which must be of this type. */
  popOne(type: ValueType, what: string, position: number): void {
    const found = this.popAny(what);
    if (found === type || found === undefined) return;
    throw new WasmError(`${what}: operand ${position} should be ${type} and is ${found}`);
  }

  pop(types: readonly ValueType[], what: string): void {
    for (let i = types.length - 1; i >= 0; i--) this.popOne(types[i]!, what, i + 1);
  }

  enter(branchTypes: readonly ValueType[], endTypes: readonly ValueType[]): Label {
    const label = { branchTypes, endTypes, height: this.types.length, depth: this.frames.length };
    this.frames.push({ label, unreachable: false });
    return label;
  }

  /** Ends the innermost block: its results must be there and nothing else. */
  leave(what: string): void {
    const { label } = this.top();
    this.pop(label.endTypes, what);
    if (this.types.length !== label.height) {
      throw new WasmError(
        `${what}: ${this.types.length - label.height} operand(s) too many: ${this.types.slice(label.height).join(' ')}`,
      );
    }
    this.frames.pop();
    this.push(label.endTypes);
  }

  markUnreachable(): void {
    const frame = this.top();
    this.types.length = frame.label.height;
    frame.unreachable = true;
  }

  /** How many labels out from the innermost, as branches count. */
  distance(label: Label, what: string): number {
    if (this.frames[label.depth]?.label !== label) throw new WasmError(`${what}: its label is not around it`);
    return this.frames.length - 1 - label.depth;
  }

  private top(): Frame {
    const frame = this.frames[this.frames.length - 1];
    if (frame === undefined) throw new WasmError('code after the end of the function');
    return frame;
  }
}
