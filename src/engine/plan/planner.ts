/** From instructions to steps: elementwise chains become loops, views become walks, the rest one step each. */
import type { Lowering } from '../../ops/lowering.ts';
import { drawOf, type Instruction, type Program, type Var } from '../../program/program.ts';
import type { Buffer } from '../steps.ts';
import { wholeOf, type Walk } from './access.ts';
import { contractStep } from './contract.ts';
import { convolutionStep } from './convolution.ts';
import { planBands, planMap, planView } from './copies.ts';
import { Draft } from './draft.ts';
import { planElementwise } from './elementwise.ts';
import { largestStep, pickStep, putStep } from './indexed.ts';
import { Reductions } from './reductions.ts';
import { Singles } from './singles.ts';

/** The words that make the numbers of one draw of a run. */
export interface Key {
  readonly buffer: Buffer;
  readonly draw: number;
}

export class Planner {
  readonly draft: Draft = new Draft();
  /** Where the two random words of each draw go. */
  readonly keys: Key[] = [];
  private readonly singles: Singles;
  private readonly reductions: Reductions;

  constructor(program: Program) {
    this.singles = new Singles(this.draft, program);
    this.reductions = new Reductions(this.draft, program);
  }

  add(instruction: Instruction): void {
    const { primitive, inputs, attrs } = instruction;
    if (primitive.compute.kind === 'view') return planView(this.draft, instruction);
    if (this.singles.takes(instruction)) return this.singles.add(instruction);
    if (primitive.compute.kind === 'lane') return planElementwise(this.draft, instruction);
    const lowering = primitive.lower(inputs, attrs);
    // A body that could not be spliced in runs as a whole.
    if (lowering === null || lowering.kind === 'inline') return this.host(instruction);
    this.lowered(instruction, lowering);
  }

  private lowered(instruction: Instruction, lowering: Exclude<Lowering, { kind: 'inline' }>): void {
    const { draft } = this;
    const { inputs } = instruction;
    const out = instruction.outputs[0]!;
    switch (lowering.kind) {
      case 'map':
        return planMap(draft, this.singles, instruction, lowering.parts);
      case 'bands':
        return planBands(draft, instruction, lowering);
      case 'reduce':
        return this.reductions.add(instruction, lowering);
      case 'contract': {
        const [a, b] = this.walks(inputs);
        return draft.compute(out, (to) => contractStep(lowering, out, a, b, wholeOf(to, out.shape)));
      }
      case 'convolution': {
        const [a, b] = this.walks(inputs);
        return draft.compute(out, (to) => convolutionStep(lowering, out, a, b, wholeOf(to, out.shape)));
      }
      case 'pick': {
        const [x, index] = this.wholes(inputs);
        return draft.compute(out, (to) => pickStep(lowering, out.shape, x, index, to));
      }
      case 'put': {
        const [index, source] = this.wholes(inputs.slice(1));
        return draft.compute(out, (to) => {
          draft.copyInto(to, inputs[0]!);
          return putStep(lowering, index, source, to);
        });
      }
      case 'largest': {
        const x = draft.wholeOf(inputs[0]!);
        return draft.compute(out, (to) => largestStep(lowering, inputs[0]!.shape, x, to));
      }
      case 'uniform': {
        const key = draft.buffer('int32', 2);
        this.keys.push({ buffer: key, draw: drawOf(instruction) ?? 0 });
        return draft.compute(out, (to) => ({ kind: 'uniform', to, key }));
      }
    }
  }

  private walks(inputs: readonly Var[]): readonly [Walk, Walk] {
    return inputs.map((v) => this.draft.walkOf(v)) as [Walk, Walk];
  }

  private wholes(inputs: readonly Var[]): readonly [Buffer, Buffer] {
    return inputs.map((v) => this.draft.wholeOf(v)) as [Buffer, Buffer];
  }

  /** By the reference kernel. */
  private host({ primitive, attrs, inputs, outputs }: Instruction): void {
    const { draft } = this;
    const operands = inputs.map((v) => draft.wholeOf(v));
    const results = outputs.map((v) => draft.bufferFor(v));
    draft.items.push({
      kind: 'host',
      primitive,
      attrs,
      inputs: operands,
      inputAvals: inputs.map(({ shape, dtype }) => ({ shape, dtype })),
      outputs: results,
      outputAvals: outputs.map(({ shape, dtype }) => ({ shape, dtype })),
    });
    outputs.forEach((v, i) => draft.written(v, results[i]!));
  }
}
