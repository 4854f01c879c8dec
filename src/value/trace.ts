/** A running trace: the lifetime of the data-less Values that stand for a function's arguments. */
import { TraceError } from '../base/errors.ts';
import type { Value } from './value.ts';

export class Trace {
  /** Inner traces have higher levels; an op belongs to the innermost trace among its operands. */
  readonly level: number;
  /** What is tracing: named in errors (`vmap`, `compile`, …). */
  readonly by: string;
  /** Values up to this creation number are older than the trace. */
  readonly floor: number;
  /** What was drawn at random, in order: a Program draws it too, whether or not anyone uses it. */
  readonly draws: Value[] = [];
  #ended = false;

  constructor(level: number, by: string, floor: number) {
    this.level = level;
    this.by = by;
    this.floor = floor;
  }

  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    this.#ended = true;
  }
}

/** @throws TraceError always: numbers were asked of a Value that has none. */
export function refuseReading(trace: Trace, what: string): never {
  throw new TraceError(`${what} of a traced Value: it stands for an argument of ${trace.by} and has no numbers`, {
    op: trace.by,
    hint: 'Use where(condition, a, b) instead of branching on data, scan for loops that depend on it, and read results after the call.',
  });
}

/** @throws TraceError always: numbers were asked of a cell, whose content is an input of the traced function. */
export function refuseReadingCell(trace: Trace, what: string, label: string | null): never {
  const cell = label === null ? 'a cell' : `the cell ${label}`;
  throw new TraceError(`${what} of ${cell} from outside ${trace.by}: what it holds will differ from call to call`, {
    op: trace.by,
    hint: 'Compute with the cell itself, use where(condition, a, b) instead of branching on it, and return what you want to read.',
  });
}

/** @throws TraceError if the trace has ended: one of its Values was kept beyond the traced function. */
export function requireLive(trace: Trace, op: string): void {
  if (!trace.ended) return;
  throw new TraceError(`an operand belongs to a ${trace.by} that has returned`, {
    op,
    hint: `Return Values from the function given to ${trace.by}; do not store them elsewhere while it runs.`,
  });
}
