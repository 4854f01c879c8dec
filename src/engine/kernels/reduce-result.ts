/** Results of reductions on their way to memory: as they are, or as another dtype holds them. */
import { bytesPerElement } from '../../base/dtypes.ts';
import type { Node } from '../../base/lanes/graph.ts';
import type { LaneOpName, Local } from '../../base/wasm/index.ts';
import { writeStore } from './elements.ts';
import { writeOffset } from './places.ts';
import type { Frame } from './reduce-frame.ts';

const SHAPES: Readonly<Record<string, string>> = { f64: 'f64x2', f32: 'f32x4', i32: 'i32x4', i64: 'i64x2' };

/** Takes one lane of the vector on the stack. */
export const extractOp = (type: Node['type']): LaneOpName => `${SHAPES[type]!}.extract_lane` as LaneOpName;

/** Counts of truth values may have been added up as float64. */
function writeConverted(frame: Frame): void {
  const { layout, body } = frame;
  if (layout.value.type === 'f64' && layout.to.dtype !== 'float64') body.op('i32.trunc_sat_f64_s');
}

/** Stores the unit's one result, which `write` leaves on the stack. */
export function writeResult(frame: Frame, write: () => void): void {
  frame.body.get(frame.target);
  write();
  writeConverted(frame);
  writeStore(frame.body, frame.layout.to.dtype);
}

/** Stores a vector of results, `shift` columns behind `column`. */
export function writeResults(frame: Frame, vector: Local, column: Local, shift: number): void {
  const { body, layout, lanes } = frame;
  const { dtype, lane: stride } = layout.to;
  const bytes = bytesPerElement(dtype);
  const plain = dtype === { f64: 'float64', f32: 'float32', i32: 'int32' }[layout.value.type as 'f64' | 'f32' | 'i32'];
  const address = body.local('i32');
  body.get(frame.target);
  writeOffset(body, [column], [stride], bytes);
  body
    .i32((shift * stride * bytes) | 0)
    .op('i32.add')
    .set(address);
  if (plain && stride === 1 && bytes === layout.width)
    return void body.get(address).get(vector).memory('v128.store', 0, 2);
  for (let lane = 0; lane < lanes; lane++) {
    body
      .get(address)
      .i32((lane * stride * bytes) | 0)
      .op('i32.add');
    body.get(vector).lane(extractOp(layout.value.type), lane);
    writeConverted(frame);
    writeStore(body, dtype);
  }
}
