/** Elements and rows that an index names: gather, indexSelect, embeddings. */
import type { FunctionBody, Local } from '../../base/wasm/index.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { Emission, Task } from '../emission.ts';
import type { PickStep } from '../steps.ts';
import { allAxes, splitRow, unitsOf, type Axes, type Row } from './index-axes.ts';
import { IndexFrame, indexKey, INDEX_PARAMS } from './index-frame.ts';
import { writeDigits, writeLoop } from './places.ts';
import { writeCopyRow } from './row-copy.ts';

/**
 * The task of a pick; a unit is a row, or a few. Traps where an index is out of range.
 */
export function pickTask(step: PickStep, e: Emission): Task {
  const { outer, row } = splitRow(allAxes(step));
  const { rows, units } = unitsOf(outer.shape, row.length);
  return {
    function: e.shared(indexKey(step), () =>
      e.module.function(undefined, INDEX_PARAMS, [], (body) => writePick(body, step, outer, row, rows)),
    ),
    args: [step.source.buffer, step.index.buffer, step.to.buffer],
    units: sizeOf(step.domain) === 0 ? 0 : units,
    scratch: 0,
    nanoseconds: sizeOf(outer.shape) * (4 + row.length / 8),
  };
}

function writePick(body: FunctionBody, step: PickStep, outer: Axes, row: Row, rows: number): void {
  const frame = new IndexFrame(body, step);
  const starts = frame.starts();
  const [i, end] = [body.local('i32'), body.local('i32')];
  body.get(frame.first).i32(rows).op('i32.mul').set(i);
  writeEnd(body, frame.end, rows, sizeOf(outer.shape), end);
  writeLoop(body, i, end, 1, () => {
    const digits = writeDigits(body, i, outer.shape);
    const [source, index, to] = frame.addresses(outer, digits, starts);
    frame.follow(index, source);
    writeCopyRow(body, source, to, row, frame.bytes);
  });
}

/** The row behind the last of the units, of which the very last may be short. */
function writeEnd(body: FunctionBody, units: Local, rows: number, total: number, end: Local): void {
  body.get(units).i32(rows).op('i32.mul').tee(end).i32(total).get(end).i32(total);
  body.op('i32.lt_s').select('i32').set(end);
}
