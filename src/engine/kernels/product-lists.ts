/** Places along a walk of several axes, as lists of i32 in the scratch memory. */
import type { FunctionBody, FunctionRef, Local } from '../../base/wasm/index.ts';
import { advance } from '../../base/products/tile.ts';
import type { Emission } from '../emission.ts';
import { writeDigits, writeLoop } from './places.ts';
import type { Axis, Walk } from './product-shape.ts';

/**
 * `fill(list, first, count, whole)`: the places of `count` indices from `first` on, in bytes, then the last of them
 * again until there are `whole`. count ≥ 1.
 */
export function listFunction(walk: Walk, e: Emission): FunctionRef {
  const key = ['places', ...walk.flatMap(({ size, step }) => [size, step])].join();
  return e.shared(key, () =>
    e.module.function(undefined, ['i32', 'i32', 'i32', 'i32'], [], (body) => {
      const [list, first, count, whole] = body.params as [Local, Local, Local, Local];
      const digits = writeDigits(
        body,
        first,
        walk.map(({ size }) => size),
      ).map((digit) => copied(body, digit));
      const place = body.local('i32');
      walk.forEach(({ step }, axis) =>
        body
          .get(digits[axis]!)
          .i32(step | 0)
          .op('i32.mul')
          .get(place)
          .op('i32.add')
          .set(place),
      );
      const [i, last] = [body.local('i32'), body.local('i32')];
      writeLoop(body, i, count, 1, () => {
        body.get(place).set(last);
        writeEntry(body, list, last);
        if (walk.length > 0) writeNext(body, walk, digits, place, walk.length - 1);
      });
      writeLoop(body, i, whole, 1, () => writeEntry(body, list, last));
    }),
  );
}

function copied(body: FunctionBody, local: Local): Local {
  const copy = body.local('i32');
  body.get(local).set(copy);
  return copy;
}

function writeEntry(body: FunctionBody, list: Local, value: Local): void {
  body.get(list).get(value).memory('i32.store');
  advance(body, list, 4);
}

/** The next index along `axis`; at its end, back to the start and on along the axis before. */
function writeNext(body: FunctionBody, walk: Walk, digits: readonly Local[], place: Local, axis: number): void {
  const { size, step } = walk[axis] as Axis;
  const digit = digits[axis]!;
  advance(body, place, step);
  advance(body, digit, 1);
  if (axis === 0) return;
  body
    .get(digit)
    .i32(size)
    .op('i32.eq')
    .if([], () => {
      body.i32(0).set(digit);
      advance(body, place, -step * size);
      writeNext(body, walk, digits, place, axis - 1);
    });
}
