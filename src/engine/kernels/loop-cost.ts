/** About how long a loop takes: decides whether threads are worth their while, nothing else. */
import { bytesPerElement } from '../../base/dtypes.ts';
import type { NodeOp } from '../../base/lanes/graph.ts';
import { lanesOf, rowsOf, type Schedule } from './loop-schedule.ts';

/** Nanoseconds of one vector operation; a division or a root takes several. */
const OPERATION = 0.1;
const SLOW: Readonly<Partial<Record<NodeOp, number>>> = { div: 5, sqrt: 12 };
/** Nanoseconds per byte that is read or written. */
const BYTE = 0.01;
/** Nanoseconds to get a row going. */
const ROW = 4;

export function nanosecondsOf(schedule: Schedule): number {
  const { courses, levels, width, blocks, blockSize, leftover } = schedule;
  const rows = rowsOf(schedule);
  const elements =
    (rows / (schedule.pieces === undefined ? 1 : schedule.outer[schedule.pieces.axis]!)) *
    (blocks * blockSize + leftover);
  const perVector = levels.perElement.reduce((sum, node) => sum + (SLOW[node.op] ?? 1) * OPERATION, 0);
  const bytes = courses.reduce((sum, { dtype, advance }) => sum + (advance === 0 ? 0 : bytesPerElement(dtype)), 0);
  return rows * ROW + elements * (perVector / lanesOf(width) + bytes * BYTE);
}
