/** A run in words: what progress bars and lines share. */
import type { EpochRecord, Run } from '../callback.ts';

/** Numbers to read at a glance. */
export function shown(x: number): string {
  if (x === 0 || !Number.isFinite(x)) return String(x);
  return Math.abs(x) >= 1e-3 && Math.abs(x) < 1e5 ? x.toFixed(4) : x.toExponential(2);
}

/** `loss 0.3012  accuracy 0.9100  valLoss 0.3500`, with the rate where it has changed. */
export function summary(record: EpochRecord, rate: number | undefined): string {
  // Without the time: two runs with one seed say the same.
  const { epoch: _, seconds: __, lr, ...measured } = record;
  const numbers = Object.entries(measured).map(([name, x]) => `${name} ${shown(x)}`);
  if (rate !== undefined && rate !== lr) numbers.push(`lr ${shown(lr)}`);
  return numbers.join('  ');
}

/** `epoch  3/20`. */
export const epochOf = ({ epoch, epochs }: Run): string =>
  `epoch ${String(epoch).padStart(String(epochs).length)}/${epochs}`;

/** How fast batches have been, and how long the rest will take, from the time of this run. */
export class Pace {
  #started: number = performance.now();
  #from: number;

  constructor(step: number) {
    this.#from = step;
  }

  speed({ step }: Run): number {
    return ((step - this.#from) * 1000) / Math.max(1, performance.now() - this.#started);
  }

  /** `12 s`, `3 min`; a dash where nobody knows. */
  left(run: Run): string {
    if (run.batches === null) return '–';
    const seconds = (run.epochs * run.batches - run.step) / this.speed(run);
    if (!Number.isFinite(seconds)) return '–';
    if (seconds < 100) return `${Math.ceil(seconds)} s`;
    return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  }
}

/** Redrawn at most so often, in milliseconds. */
export const REDRAW = 80;
