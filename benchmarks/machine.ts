/** Where figures were taken. */
import { availableParallelism, cpus, loadavg } from 'node:os';
import { relaxed } from './roster.ts';

/** Other work that the machine had, over the last minute. */
export const load = (): string => loadavg()[0]!.toFixed(1);

export function machine(): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown processor';
  const relaxedSimd = relaxed ? 'relaxed SIMD validates' : 'no relaxed SIMD, so `fast` is the default';
  return [
    `${processor} (${availableParallelism()} cores)`,
    `Node ${process.versions.node} with V8 ${process.versions.v8} (${relaxedSimd})`,
    new Date().toISOString().slice(0, 10),
  ].join(', ');
}
