/** What a Program costs, counted instruction by instruction: what it would cost if nothing were fused. */
import { bytesPerElement } from '../base/dtypes.ts';
import { sizeOf } from '../base/shapes.ts';
import type { Aval } from '../ops/primitive.ts';
import type { Instruction, Program } from './program.ts';

export interface Cost {
  readonly instructions: number;
  /** Arithmetic operations on elements; a multiplication with an addition is two, an elementwise function one. */
  readonly flop: number;
  /** Read and written, each instruction by itself; views move nothing. */
  readonly bytes: number;
}

export interface ProgramStats extends Cost {
  /** By the primitives' names, the most arithmetic first. */
  readonly byPrimitive: Readonly<Record<string, Cost>>;
  /** Elements of captured cells that require gradients. */
  readonly parameters: number;
  /** Bytes of inputs, of captured cells (gradients among them), of constants, of results and effects. */
  readonly inputBytes: number;
  readonly cellBytes: number;
  readonly constantBytes: number;
  readonly outputBytes: number;
  /** What it writes: cells and gradients, and draws of random numbers. */
  readonly effects: number;
  readonly draws: number;
}

const bytesOf = (avals: readonly Aval[]): number =>
  avals.reduce((n, { shape, dtype }) => n + sizeOf(shape) * bytesPerElement(dtype), 0);

function costOf({ primitive, inputs, outputs, attrs }: Instruction): Cost {
  const moves = primitive.compute.kind !== 'view';
  return {
    instructions: 1,
    flop: primitive.flops(inputs, attrs),
    bytes: moves ? bytesOf(inputs) + bytesOf(outputs) : 0,
  };
}

const NOTHING: Cost = { instructions: 0, flop: 0, bytes: 0 };

const plus = (a: Cost, b: Cost): Cost => ({
  instructions: a.instructions + b.instructions,
  flop: a.flop + b.flop,
  bytes: a.bytes + b.bytes,
});

/**
 * Instructions, arithmetic and memory of a Program, in all and by primitive.
 * @example programStats(trace((a, b) => a.matmul(b), zeros([64, 32]), zeros([32, 16]))).flop // 65536
 */
export function programStats(program: Program): ProgramStats {
  const byName = new Map<string, Cost>();
  let total = NOTHING;
  for (const instruction of program.instructions) {
    const cost = costOf(instruction);
    const { name } = instruction.primitive;
    byName.set(name, plus(byName.get(name) ?? NOTHING, cost));
    total = plus(total, cost);
  }
  const cells = program.captures.filter(({ value }) => value._isCell);
  const parameters = cells.filter(({ value, slot }) => slot === 'content' && value._requiresGrad);
  const constants = program.captures.filter(({ value }) => !value._isCell && typeof value._content !== 'number');
  const variables = (captures: Program['captures']): Aval[] => captures.map(({ variable }) => variable);
  return {
    ...total,
    byPrimitive: Object.fromEntries([...byName].sort(([, a], [, b]) => b.flop - a.flop)),
    parameters: parameters.reduce((n, { variable }) => n + sizeOf(variable.shape), 0),
    inputBytes: bytesOf(program.inputs),
    cellBytes: bytesOf(variables(cells)),
    constantBytes: bytesOf(variables(constants)),
    outputBytes: bytesOf(program.outputs),
    effects: program.effects.length,
    draws: program.draws,
  };
}
