/** Scores along a class axis, [N, C, …] or [C], against int32 classes [N, …] or []. */
import { isFloat } from '../base/dtypes.ts';
import { ShapeError, showShape, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sameShape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { castLike, checkElements } from './arguments.ts';

/** The class axis: the second, or the only one. */
export const classAxis = (scores: Value): number => (scores.rank === 1 ? 0 : 1);

/** The shape of classes that go with scores. */
export const shapeOfClasses = (scores: Value): Shape => scores.shape.filter((_, i) => i !== classAxis(scores));

/** @throws ShapeError for a scalar. */
export function requireClassAxis(op: string, what: string, scores: Value): void {
  if (scores.rank > 0) return;
  throw new ShapeError(`${what} need a class axis, got a scalar`, { op, shapes: [scores.shape] });
}

/** @throws DataError naming the first class out of range; traced targets are checked when they are gathered. */
export function checkClasses(op: string, targets: Value, classes: number, ignored?: number): void {
  checkElements(op, targets, (label) => (label >= 0 && label < classes) || label === ignored, {
    what: 'target',
    is: `is no class of 0 … ${classes - 1}`,
    hint: 'Labels count from 0; is the last layer as wide as there are classes?',
  });
}

/** @throws ShapeError unless targets are integers of the scores' shape without the class axis. */
export function requireClasses(op: string, what: string, scores: Value, targets: Value, hint?: string): void {
  const expected = shapeOfClasses(scores);
  if (!isFloat(targets.dtype) && sameShape(targets.shape, expected)) return;
  throw new ShapeError(
    `${what} ${showShape(scores.shape)} do not go with ${targets.dtype} targets ${showShape(targets.shape)}`,
    {
      op,
      shapes: [scores.shape, targets.shape],
      hint: hint ?? `Give int32 classes of shape ${showShape(expected)}.`,
    },
  );
}

/** Weights along the class axis, shaped to broadcast against the scores. @throws ShapeError unless there is one for each class. */
export function alongClasses(op: string, option: string, weight: Value, scores: Value): Value {
  const axis = classAxis(scores);
  const fitted = castLike(op, weight, scores);
  if (fitted.rank !== 1 || fitted.shape[0] !== scores.shape[axis]) {
    throw new ShapeError(`${option} has shape ${showShapes([fitted.shape])}, there are ${scores.shape[axis]} classes`, {
      op,
      option,
      shapes: [fitted.shape, scores.shape],
      hint: 'Give one factor for each class.',
    });
  }
  return fitted.reshape(scores.shape.map((n, i) => (i === axis ? n : 1)));
}

/** What classes choose from scores. */
export interface Chosen {
  /** Which elements count: those whose class is not ignored. */
  readonly counts: Value;
  /** The element of each class; some element where it does not count. */
  readonly pick: (x: Value) => Value;
}

export function choose(scores: Value, classes: Value, ignored: number): Chosen {
  const axis = classAxis(scores);
  const counts = classes.ne(ignored);
  const index = classes.where(counts, 0).unsqueeze(axis);
  return { counts, pick: (x) => x.gather(axis, index).squeeze(axis) };
}
