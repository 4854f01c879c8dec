/** A loop in normal form: axes of length 1 gone, the writes' order in memory, axes that continue each other as one. */
import type { DType } from '../../base/dtypes.ts';
import type { Node } from '../../base/lanes/graph.ts';
import type { Access, Buffer, LoopStep } from '../steps.ts';

/** An access without its steps: it starts at element `start` of the function's buffer number `arg`. */
export interface Stream {
  readonly arg: number;
  readonly dtype: DType;
  readonly start: number;
}

export interface Axis {
  readonly size: number;
  /** Elements from one index to the next, for each stream. */
  readonly steps: readonly number[];
}

export interface Nest {
  /** Outermost first. */
  readonly axes: readonly Axis[];
  /** Stream w is where writes[w] goes; the reads follow. */
  readonly streams: readonly Stream[];
  readonly writes: readonly Node[];
  /** The stream of each input that is needed. */
  readonly reads: ReadonlyMap<Node, number>;
}

export function nestOf(step: LoopStep): { readonly nest: Nest; readonly args: readonly Buffer[] } {
  const { graph, domain } = step;
  const args: Buffer[] = [];
  const accesses: Access[] = [];
  const streams: Stream[] = [];
  const stream = (access: Access): number => {
    const { buffer, start } = access;
    let arg = args.indexOf(buffer);
    if (arg < 0) arg = args.push(buffer) - 1;
    accesses.push(access);
    return streams.push({ arg, dtype: buffer.dtype, start }) - 1;
  };
  const writes = step.writes.map(({ to, value }) => {
    stream(to);
    return value;
  });
  const reads = new Map<Node, number>();
  for (const node of graph.reachable(writes)) {
    if (node.op === 'input') reads.set(node, stream(step.reads[node.value as number]!));
  }
  const axes = domain.map((size, i) => ({ size, steps: accesses.map(({ strides }) => strides[i]!) }));
  return { nest: { axes: merged(inMemoryOrder(axes)), streams, writes, reads }, args };
}

/** Elements are independent of each other, so any order will do: that of the first write fills memory from end to end. */
function inMemoryOrder(axes: readonly Axis[]): Axis[] {
  const distance = ({ steps }: Axis): number => Math.abs(steps[0] ?? 0);
  return axes.filter(({ size }) => size !== 1).sort((a, b) => distance(b) - distance(a));
}

function merged(axes: readonly Axis[]): Axis[] {
  const out: Axis[] = [];
  for (const axis of axes) {
    const last = out[out.length - 1];
    const continues = last !== undefined && last.steps.every((step, k) => step === axis.steps[k]! * axis.size);
    if (continues) out[out.length - 1] = { size: last.size * axis.size, steps: axis.steps };
    else out.push(axis);
  }
  return out;
}
