/** Code that takes a block of the result to where it belongs. */
import { advance, tileOf, type TileDType } from '../../base/products/tile.ts';
import type { FunctionBody, FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission } from '../emission.ts';
import { writeLoop } from './places.ts';

/**
 * `spread(from, to, columns, list)`: `rows` rows of the block, `width` elements apart, to rows `step` bytes apart, whose
 * columns lie where the list says.
 */
export function spreadFunction(dtype: TileDType, rows: number, width: number, step: number, e: Emission): FunctionRef {
  return e.shared(['spread', dtype, rows, width, step].join(), () =>
    e.module.function(undefined, ['i32', 'i32', 'i32', 'i32'], [], (body) =>
      writeSpread(body, dtype, rows, width, step),
    ),
  );
}

function writeSpread(body: FunctionBody, dtype: TileDType, rows: number, width: number, step: number): void {
  const [from, to, columns, list] = body.params as [Local, Local, Local, Local];
  const { bytes, lanes } = tileOf(dtype);
  const [column, row, source, target] = [0, 1, 2, 3].map(() => body.local('i32')) as [Local, Local, Local, Local];
  const rowByRow = (move: () => void): void => {
    body.get(list).memory('i32.load').get(to).op('i32.add').set(target).get(from).set(source).i32(0).set(row);
    writeLoop(body, row, rows, 1, () => {
      body.get(target).get(source);
      move();
      advance(body, source, width * bytes);
      advance(body, target, step);
    });
  };
  const one = (): void => {
    rowByRow(() =>
      bytes === 4 ? body.memory('i32.load').memory('i32.store') : body.memory('i64.load').memory('i64.store'),
    );
    next(1);
  };
  const vector = (): void => {
    rowByRow(() => body.memory('v128.load', 0, 2).memory('v128.store', 0, 2));
    next(lanes);
  };
  const next = (count: number): void => {
    advance(body, column, count);
    advance(body, from, count * bytes);
    advance(body, list, 4 * count);
  };
  body.block([], (done) => {
    body.loop([], (again) => {
      body.get(column).get(columns).op('i32.ge_s').brIf(done);
      writeIsRun(body, list, column, columns, bytes, lanes);
      body.if([], vector, one);
      body.br(again);
    });
  });
}

/** Whether as many columns as a vector has lanes are left, and neighbours. */
function writeIsRun(
  body: FunctionBody,
  list: Local,
  column: Local,
  columns: Local,
  bytes: number,
  lanes: number,
): void {
  body.get(column).i32(lanes).op('i32.add').get(columns).op('i32.le_s');
  for (let lane = 1; lane < lanes; lane++) {
    body.get(list).memory('i32.load', 4 * lane);
    body
      .get(list)
      .memory('i32.load')
      .i32(lane * bytes)
      .op('i32.add');
    body.op('i32.eq').op('i32.and');
  }
}
