/** What flows through a step: the buffers it reads and writes, and whether it can fail. */
import { mayTrap, type LaneGraph, type Node } from '../../base/lanes/graph.ts';
import type { Access, Buffer, Step } from '../steps.ts';

const whole = (buffer: Buffer): Access => ({ buffer, start: 0, strides: [] });

/** What a loop or a reduction computes. */
const rootsOf = (step: Extract<Step, { kind: 'loop' | 'reduce' }>): readonly Node[] =>
  step.kind === 'loop' ? step.writes.map(({ value }) => value) : [step.value];

/** What is read, of loops and reductions only what the written values need. */
export function readsOf(step: Step): readonly Access[] {
  switch (step.kind) {
    case 'loop':
    case 'reduce':
      return needed(step.graph, step.reads, rootsOf(step));
    case 'product':
      return [step.a, step.b];
    case 'convolution':
      return (['input', 'weight', 'output'] as const).filter((role) => role !== step.result).map((role) => step[role]);
    case 'pick':
      return [step.source, step.index];
    case 'put':
      return [step.source, step.index, step.to];
    case 'uniform':
      return [whole(step.key)];
    case 'largest':
      return [whole(step.source)];
    case 'tape':
      return [...step.reads, step.words, step.pool].map(whole);
    case 'host':
      return step.inputs.map(whole);
  }
}

function needed(graph: LaneGraph, reads: readonly Access[], roots: readonly Node[]): readonly Access[] {
  const used = new Set(graph.reachable(roots).flatMap((node) => (node.op === 'input' ? [node.value as number] : [])));
  return reads.filter((_, i) => used.has(i));
}

export function writesOf(step: Step): readonly Access[] {
  switch (step.kind) {
    case 'loop':
      return step.writes.map(({ to }) => to);
    case 'reduce':
    case 'product':
    case 'pick':
    case 'put':
      return [step.to];
    case 'convolution':
      return [step[step.result]];
    case 'uniform':
    case 'largest':
      return [whole(step.to)];
    case 'tape':
      return [...step.writes, step.values].map(whole);
    case 'host':
      return step.outputs.map(whole);
  }
}

/** Whether a run can end here: a reference kernel may refuse its operands, an integer division and an index trap. */
export function mayFail(step: Step): boolean {
  if (step.kind === 'host' || step.kind === 'pick' || step.kind === 'put') return true;
  if (step.kind === 'tape') return step.operations.some(({ graph, value }) => traps(graph, [value]));
  return (step.kind === 'loop' || step.kind === 'reduce') && traps(step.graph, rootsOf(step));
}

const traps = (graph: LaneGraph, roots: readonly Node[]): boolean => graph.reachable(roots).some(mayTrap);
