/** Timing: the median of several runs, after some that do not count. */

export interface Measured {
  readonly median: number;
  readonly best: number;
}

export interface MeasureOptions {
  /** How often one call of `run` does the work. */
  readonly inner?: number;
  readonly runs?: number;
  readonly warmup?: number;
}

/** Nanoseconds for the work once. */
export function measure(run: () => void, { inner = 1, runs = 15, warmup = 5 }: MeasureOptions = {}): Measured {
  for (let i = 0; i < warmup; i++) run();
  const times = Array.from({ length: runs }, () => {
    const start = process.hrtime.bigint();
    run();
    return Number(process.hrtime.bigint() - start) / inner;
  }).sort((a, b) => a - b);
  return { median: times[runs >> 1]!, best: times[0]! };
}

/** A duration in the unit that reads best. */
export function duration(ns: number): string {
  if (ns < 1e3) return `${ns.toFixed(0)} ns`;
  if (ns < 1e6) return `${(ns / 1e3).toFixed(1)} µs`;
  if (ns < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  return `${(ns / 1e9).toFixed(2)} s`;
}
