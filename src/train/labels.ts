/** Whether data go with a model and its loss, before the first step. */
import { ChainruleError, DataError, TraceError } from '../base/errors.ts';
import { mapTree } from '../base/trees.ts';
import { rowsOf } from '../data/collate.ts';
import { trace } from '../program/trace.ts';
import { zeros } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import type { Batch } from './feed.ts';
import { lossOf, type AnyLoss } from './step.ts';

export interface Rehearsal {
  readonly forward: (x: unknown) => unknown;
  readonly loss: AnyLoss;
}

/** So many of the smallest and of the largest labels are tried: below an ignored −1 or −100 there may be a wrong one. */
const TRIED = 3;

/**
 * Traces prediction and loss of some rows, so that what does not fit is named; nothing runs. Gives the prediction's shape
 * and dtype, if it is one Value; null for functions that cannot be traced.
 */
function rehearse({ forward, loss }: Rehearsal, rows: Batch, count: number): Value | null {
  const first = Int32Array.from({ length: count }, (_, i) => i);
  const few = mapTree([rows.x, rows.y], isValue, (leaf) => rowsOf(leaf, first)) as readonly unknown[];
  let seen: Value | null = null;
  const run = (x: unknown, y: unknown): Value => {
    const [l, prediction] = lossOf(forward, loss, x, y);
    seen = isValue(prediction) ? prediction : null;
    return l;
  };
  try {
    noGrad(() => trace(run as (...args: never[]) => unknown, ...(few as readonly never[])));
  } catch (error) {
    // Code that reads numbers cannot be traced; what else goes wrong in it shows in the first step.
    if (error instanceof ChainruleError && !(error instanceof TraceError)) throw error;
    return null;
  }
  return seen;
}

/** Rows that hold the extreme labels. */
function extremeRows(labels: Value): number[] {
  const { data } = labels;
  const found = new Map<number, number>();
  data.forEach((label, i) => void (found.has(label) || found.set(label, i)));
  const sorted = [...found.keys()].sort((a, b) => a - b);
  const chosen = new Set([...sorted.slice(0, TRIED), ...sorted.slice(-TRIED)]);
  const perRow = labels.size / labels.shape[0]!;
  return [...chosen].map((label) => Math.floor(found.get(label)! / perRow));
}

/**
 * Holds data in memory against the model and the loss.
 * @throws what model and loss throw for the first rows; DataError naming a row whose label the loss refuses.
 */
export function checkRows(op: string, name: string, rehearsal: Rehearsal, rows: Batch, batchSize: number): void {
  const prediction = rehearse(rehearsal, rows, Math.min(rows.rows, batchSize));
  const { y } = rows;
  if (prediction === null || !isValue(y) || y.dtype !== 'int32' || y.rank === 0 || prediction.rank === 0) return;
  const width = prediction.shape.slice(1);
  for (const row of extremeRows(y)) {
    const scores = zeros([1, ...width], { dtype: prediction.dtype });
    try {
      noGrad(() => rehearsal.loss(scores as never, rowsOf(y, [row]) as never));
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      throw new DataError(
        `row ${row} of ${name} has a label that does not go with predictions [n, ${width.join(', ')}]`,
        {
          op,
          hint: error.message,
          cause: error,
        },
      );
    }
  }
}
