/** Single elements: where there are very many of them they are computed on tapes. */
import { sizeOf, stridesOf } from '../../base/shapes.ts';
import type { Part } from '../../ops/lowering.ts';
import type { Instruction, Program, Var } from '../../program/program.ts';
import type { Draft } from './draft.ts';
import { TapeGroup, type TapeOperand } from './tape.ts';

/** From so many elementwise instructions on single elements on, code for each would be too much. */
const MANY = 1500;
/** Fewer parts than this are written by loops. */
const FEW = 16;

const isSingle = ({ primitive, outputs }: Instruction): boolean =>
  primitive.compute.kind === 'lane' && sizeOf(outputs[0]!.shape) === 1;

export class Singles {
  private readonly draft: Draft;
  private readonly usesTapes: boolean;
  /** The tape that still grows. */
  private tape: TapeGroup | null = null;

  constructor(draft: Draft, program: Program) {
    this.draft = draft;
    this.usesTapes = program.instructions.filter(isSingle).length >= MANY;
  }

  /** Whether an elementwise instruction is one for a tape. */
  takes(instruction: Instruction): boolean {
    return this.usesTapes && isSingle(instruction);
  }

  add(instruction: Instruction): void {
    const { inputs, outputs } = instruction;
    const tape = this.tapeAfter(inputs);
    tape.add(
      instruction,
      inputs.map((x) => this.operand(x, tape)),
    );
    this.draft.set(outputs[0]!, { kind: 'lane', group: tape, of: outputs[0]! });
  }

  /** Joins single elements that the tape computes: it writes each to its place. False where others have to do it. */
  join(out: Var, inputs: readonly Var[], parts: readonly Part[]): boolean {
    const { tape, draft } = this;
    if (tape === null || parts.length < FEW || parts.length !== sizeOf(out.shape)) return false;
    const operands = [...new Set(parts.map(({ operand }) => inputs[operand]!))];
    if (!operands.every((x) => sizeOf(x.shape) === 1 && this.isReadyFor(tape, x))) return false;
    const to = draft.bufferFor(out);
    const rowMajor = stridesOf(out.shape);
    for (const { operand, at } of parts) {
      const element = at.reduce((sum, index, axis) => sum + index * rowMajor[axis]!, 0);
      tape.copy(this.operand(inputs[operand]!, tape), to, element);
    }
    draft.written(out, to, tape.position);
    return true;
  }

  /** The tape that still grows, if these are there before it runs (or on it); else a new one. */
  private tapeAfter(inputs: readonly Var[]): TapeGroup {
    const { tape, draft } = this;
    if (tape !== null && inputs.every((x) => this.isReadyFor(tape, x))) return tape;
    const made = new TapeGroup(draft.items.length, (dtype, size) => draft.buffer(dtype, size));
    draft.items.push(made);
    this.tape = made;
    return made;
  }

  private isReadyFor(tape: TapeGroup, x: Var): boolean {
    const source = this.draft.sourceOf(x);
    return (source.kind === 'lane' && source.group === tape) || this.draft.readyAfter(x) < tape.position;
  }

  private operand(x: Var, tape: TapeGroup): TapeOperand {
    const source = this.draft.sourceOf(x);
    if (source.kind === 'fill') return { kind: 'number', value: source.value, dtype: x.dtype };
    if (source.kind === 'lane' && source.group === tape) return tape.operand(source.of);
    const { buffer, start } = this.draft.walkOf(x);
    return { kind: 'place', buffer, element: start };
  }
}
