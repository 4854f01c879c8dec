/** A running trace: the lifetime of the data-less Values that stand for a function's arguments. */
import { TraceError } from '../base/errors.ts';

export class Trace {
  /** Inner traces have higher levels; an op belongs to the innermost trace among its operands. */
  readonly level: number;
  /** What is tracing: named in errors (`vmap`, `compile`, …). */
  readonly by: string;
  #ended = false;

  constructor(level: number, by: string) {
    this.level = level;
    this.by = by;
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

/** @throws TraceError if the trace has ended: one of its Values was kept beyond the traced function. */
export function requireLive(trace: Trace, op: string): void {
  if (!trace.ended) return;
  throw new TraceError(`an operand belongs to a ${trace.by} that has returned`, {
    op,
    hint: `Return Values from the function given to ${trace.by}; do not store them elsewhere while it runs.`,
  });
}
