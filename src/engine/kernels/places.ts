/** Index arithmetic in generated code: from the number of an element to its place in memory. */
import type { Shape } from '../../base/shapes.ts';
import type { FunctionBody, Local } from '../../base/wasm/index.ts';

/** The index along each axis of element number `element`, row-major, in locals. */
export function writeDigits(body: FunctionBody, element: Local, shape: Shape): readonly Local[] {
  const digits: Local[] = [];
  let rest = element;
  for (let axis = shape.length - 1; axis > 0; axis--) {
    const size = shape[axis]!;
    const quotient = body.local('i32');
    const digit = body.local('i32');
    body.get(rest).i32(size).op('i32.div_u').set(quotient);
    body.get(rest).get(quotient).i32(size).op('i32.mul').op('i32.sub').set(digit);
    digits.unshift(digit);
    rest = quotient;
  }
  if (shape.length > 0) digits.unshift(rest);
  return digits;
}

/** Adds Σ digit·stride, in elements of so many bytes, to the address on the stack. */
export function writeOffset(
  body: FunctionBody,
  digits: readonly Local[],
  strides: readonly number[],
  bytes: number,
): void {
  strides.forEach((stride, axis) => {
    if (stride === 0) return;
    body.get(digits[axis]!);
    // Memory has 2^32 bytes: products wrap as addresses do.
    const step = (stride * bytes) | 0;
    if (step !== 1) body.i32(step).op('i32.mul');
    body.op('i32.add');
  });
}

/** `for (; i < end; i += step) inside()`, signed. */
export function writeLoop(body: FunctionBody, i: Local, end: Local | number, step: number, inside: () => void): void {
  body.block([], (done) => {
    body.loop([], (again) => {
      body.get(i);
      if (typeof end === 'number') body.i32(end);
      else body.get(end);
      body.op('i32.ge_s').brIf(done);
      inside();
      body.get(i).i32(step).op('i32.add').set(i).br(again);
    });
  });
}
