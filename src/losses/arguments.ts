/** What losses ask of their arguments: dtypes brought together, shapes that fit, labels in range. */
import { defaultDtype, isFloat } from '../base/dtypes.ts';
import { DataError, OptionError, ShapeError, showShape, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sameShape } from '../base/shapes.ts';
import { lift } from '../value/lift.ts';
import { arrayOf, isTraced, type Value } from '../value/value.ts';

/** A prediction; integers and booleans become the default float dtype. */
export function asPrediction(op: string, prediction: Value): Value {
  const x = lift(prediction, op);
  return isFloat(x.dtype) ? x : x.to(defaultDtype());
}

/** x in the dtype of `like`. */
export const castLike = (op: string, x: Value, like: Value): Value => lift(x, op).to(like.dtype);

/** @throws ShapeError where shapes differ: broadcasting would hide a mistake. */
export function requireEqualShapes(op: string, names: string, shapes: readonly Shape[]): void {
  if (shapes.every((shape) => sameShape(shape, shapes[0]!))) return;
  throw new ShapeError(`${names} have shapes ${showShapes(shapes)}`, {
    op,
    shapes,
    hint: 'They must be equal; reshape one of them.',
  });
}

/** The target in the prediction's dtype. @throws ShapeError where shapes differ. */
export function fitTarget(op: string, prediction: Value, target: Value): Value {
  const fitted = castLike(op, target, prediction);
  requireEqualShapes(op, 'prediction and target', [prediction.shape, fitted.shape]);
  return fitted;
}

const broadcastsTo = (from: Shape, to: Shape): boolean =>
  from.length <= to.length && from.every((n, i) => n === 1 || n === to[to.length - from.length + i]);

/** x in the dtype of `like` and broadcast to its shape. @throws ShapeError naming the argument or option. */
export function fitTo(op: string, option: string, x: Value, like: Value): Value {
  const fitted = castLike(op, x, like);
  if (sameShape(fitted.shape, like.shape)) return fitted;
  if (broadcastsTo(fitted.shape, like.shape)) return fitted.broadcastTo(like.shape);
  throw new ShapeError(`${option} of shape ${showShape(fitted.shape)} does not go with ${showShape(like.shape)}`, {
    op,
    option,
    shapes: [fitted.shape, like.shape],
    hint: `It must broadcast to ${showShape(like.shape)}.`,
  });
}

/**
 * @throws DataError "`what` 7 at position 0 `is`", of the first element that is not `allowed`. Numbers of a traced Value
 * are unknown: there nothing is checked.
 */
export function checkElements(
  op: string,
  x: Value,
  allowed: (element: number) => boolean,
  { what, is, hint }: { readonly what: string; readonly is: string; readonly hint: string },
): void {
  if (isTraced(x)) return;
  const data = x.rank === 0 ? x.data : arrayOf(x);
  const at = data.findIndex((element) => !allowed(element));
  if (at < 0) return;
  const place = x.rank === 0 ? '' : ` at position ${placeOf(at, x.shape)}`;
  throw new DataError(`${what} ${data[at]}${place} ${is}`, { op, hint });
}

/** `3`, or `[1, 0]` where there are several axes. */
function placeOf(at: number, shape: Shape): string {
  if (shape.length < 2) return String(at);
  const indices: number[] = [];
  let rest = at;
  for (const n of shape.toReversed()) {
    indices.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return showShape(indices);
}

/** An option that is a number within bounds. @throws OptionError saying what it should be. */
export function numberOption(
  op: string,
  option: string,
  x: number,
  allowed: (x: number) => boolean,
  expected: string,
): number {
  if (typeof x === 'number' && allowed(x)) return x;
  throw new OptionError(`${option} must be ${expected}, got ${String(x)}`, { op, option });
}

export const isPositive = (x: number): boolean => x > 0 && x < Infinity;
export const isNonNegative = (x: number): boolean => x >= 0 && x < Infinity;
export const isAnyNumber = (x: number): boolean => Number.isFinite(x);
