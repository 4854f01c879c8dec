/** What classification metrics are given, brought to one form. */
import { isFloat } from '../../base/dtypes.ts';
import { OptionError, ShapeError, showShape } from '../../base/errors.ts';
import { sameShape } from '../../base/shapes.ts';
import { isPlainObject } from '../../base/trees.ts';
import { constant } from '../../value/create.ts';
import { isValue, type Value } from '../../value/value.ts';

/** Predictions or targets: Values, or arrays of numbers. */
export type Numbers = Value | ArrayLike<number> | readonly (readonly number[])[];

/** Examples of one of several classes: scores for each class, of which the largest counts, or classes themselves. */
export interface ClassBatch {
  readonly kind: 'classes';
  /** Null where classes themselves are predicted. */
  readonly scores: ArrayLike<number> | null;
  readonly predicted: ArrayLike<number>;
  readonly actual: ArrayLike<number>;
  /** How many classes there are; null where nobody says. */
  readonly classes: number | null;
}

/** Yes or no, for one label or for several at once. */
export interface LabelBatch {
  readonly kind: 'binary' | 'multilabel';
  /** An example's labels side by side. */
  readonly scores: ArrayLike<number>;
  readonly actual: ArrayLike<number>;
  readonly labels: number;
  /** Whether scores are decisions already: 0 or 1. */
  readonly isDecided: boolean;
}

export interface ReadOptions {
  /**
   * Whether predictions and targets of one shape [n, labels] are several labels for each example (default), or scores and
   * one-hot rows of one class for each.
   */
  readonly multilabel?: boolean;
  /** Examples of this class do not count. */
  readonly ignoreIndex?: number;
}

/** A Value with its numbers at hand. Arrays of whole numbers are classes, others scores. */
export function numbersOf(op: string, what: string, x: unknown): Value {
  if (isValue(x)) return x;
  if (typeof x !== 'object' || x === null) {
    throw new OptionError(`${what} must be a Value or an array of numbers, got ${x === null ? 'null' : typeof x}`, {
      op,
    });
  }
  if (isPlainObject(x)) {
    throw new OptionError(`${what} is an object of ${Object.keys(x).join(', ')}, not one Value`, {
      op,
      hint: 'Choose one: metrics may be functions, ({ output }, target) => …; or let forward give one Value.',
    });
  }
  const plain = Array.isArray(x) || ArrayBuffer.isView(x) ? x : Array.from(x as ArrayLike<number>);
  const made = constant(plain as number[]);
  return isFloat(made.dtype) && Array.isArray(plain) && made.data.every(Number.isInteger) ? made.to('int32') : made;
}

/** The axis of the classes: the second, as in PyTorch, or the last; −1 if neither fits. */
function classAxis(prediction: Value, target: Value): number {
  const without = (axis: number): readonly number[] => prediction.shape.filter((_, i) => i !== axis);
  if (prediction.rank !== target.rank + 1) return -1;
  if (prediction.rank > 1 && sameShape(without(1), target.shape)) return 1;
  const last = prediction.rank - 1;
  return sameShape(without(last), target.shape) ? last : -1;
}

/** Scores with the classes of an example side by side. */
function rowsOfScores(prediction: Value, axis: number): ArrayLike<number> {
  return axis === prediction.rank - 1 ? prediction.data : prediction.detach().movedim(axis, -1).data;
}

/** The position of the largest of each row; of equal ones the first. */
function largest(scores: ArrayLike<number>, width: number): Int32Array {
  const rows = scores.length / width;
  const found = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    let best = 0;
    for (let i = 1; i < width; i++) if (scores[row * width + i]! > scores[row * width + best]!) best = i;
    found[row] = best;
  }
  return found;
}

function checkClasses(op: string, actual: ArrayLike<number>, classes: number, ignored: number | undefined): void {
  for (let i = 0; i < actual.length; i++) {
    const label = actual[i]!;
    if ((Number.isInteger(label) && label >= 0 && label < classes) || label === ignored) continue;
    throw new OptionError(`target ${label} at position ${i} is no class of 0 … ${classes - 1}`, {
      op,
      hint: 'Labels count from 0; is the last layer as wide as there are classes?',
    });
  }
}

/** Without the examples that do not count. */
function counted(batch: ClassBatch, ignored: number | undefined): ClassBatch {
  const { actual, predicted, scores, classes } = batch;
  if (ignored === undefined || !Array.prototype.includes.call(actual, ignored)) return batch;
  const kept = Array.from(actual, (_, i) => i).filter((i) => actual[i] !== ignored);
  const width = classes ?? 0;
  return {
    ...batch,
    actual: kept.map((i) => actual[i]!),
    predicted: kept.map((i) => predicted[i]!),
    scores:
      scores === null ? null : kept.flatMap((i) => Array.from({ length: width }, (_, k) => scores[i * width + k]!)),
  };
}

function oneOfClasses(op: string, p: Value, t: Value, axis: number, ignored: number | undefined): ClassBatch {
  const classes = p.shape[axis]!;
  const scores = rowsOfScores(p, axis);
  checkClasses(op, t.data, classes, ignored);
  const batch: ClassBatch = { kind: 'classes', scores, predicted: largest(scores, classes), actual: t.data, classes };
  return counted(batch, ignored);
}

function labelled(op: string, p: Value, t: Value, labels: number): LabelBatch {
  const wrong = t.data.findIndex((y) => y !== 0 && y !== 1);
  if (wrong >= 0) {
    throw new OptionError(`target ${t.data[wrong]} at position ${wrong} is neither 0 nor 1`, {
      op,
      hint: `Predictions ${showShape(p.shape)} say yes or no; for several classes give scores [n, classes], or int32 classes.`,
    });
  }
  const kind = labels === 1 ? 'binary' : 'multilabel';
  return { kind, scores: p.data, actual: t.data, labels, isDecided: !isFloat(p.dtype) };
}

/**
 * Predictions and targets by what their shapes say: scores [n, classes] (or PyTorch's [n, classes, …], or [n, …, classes])
 * with classes [n, …]; scores of yes [n] or [n, 1] with 0 and 1; several labels [n, labels] with the same; classes [n]
 * with classes [n].
 * @throws ShapeError for shapes that do not go together; OptionError for labels out of range.
 */
export function readBatch(
  op: string,
  prediction: unknown,
  target: unknown,
  options: ReadOptions,
): ClassBatch | LabelBatch {
  const [p, t] = [numbersOf(op, 'prediction', prediction), numbersOf(op, 'target', target)];
  const { multilabel = true, ignoreIndex } = options;
  const axis = classAxis(p, t);
  if (axis >= 0 && p.shape[axis]! > 1) return oneOfClasses(op, p, t, axis, ignoreIndex);
  const isColumn = p.size === t.size && [p, t].every(({ rank, shape }) => rank < 2 || (rank === 2 && shape[1] === 1));
  if (isColumn && isFloat(p.dtype)) return labelled(op, p, t, 1);
  if (!isColumn && !sameShape(p.shape, t.shape)) {
    throw new ShapeError(`predictions ${showShape(p.shape)} do not go with targets ${showShape(t.shape)}`, {
      op,
      shapes: [p.shape, t.shape],
      hint: 'Scores [n, classes] go with classes [n]; scores [n] or [n, labels] with 0 and 1 in the same shape.',
    });
  }
  const width = p.shape.at(-1) ?? 1;
  if (!isColumn && multilabel) return labelled(op, p, t, width);
  if (!isColumn && isFloat(p.dtype)) {
    const [scores, actual] = [p.data, largest(t.data, width)];
    return { kind: 'classes', scores, predicted: largest(scores, width), actual, classes: width };
  }
  return counted({ kind: 'classes', scores: null, predicted: p.data, actual: t.data, classes: null }, ignoreIndex);
}
