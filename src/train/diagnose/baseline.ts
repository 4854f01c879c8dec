/** The loss of a model that knows nothing. */
import { log } from '../../ops/index.ts';
import { constant, zerosLike } from '../../value/create.ts';
import { noGrad } from '../../value/recording.ts';
import { isValue, type Value } from '../../value/value.ts';
import type { Loss } from '../step.ts';

/** The loss of a prediction of zeros. */
export interface Baseline {
  readonly loss: number;
  /** Where it is the logarithm of a number of classes: how many. */
  readonly classes: number | null;
  /** What it stands for. */
  readonly text: string;
}

const CLOSE = 1e-3;

const ln = (n: number): number => log(constant(n, { dtype: 'float64' })).item();

/** The classes among which a prediction of zeros leaves the choice open; null if the loss says otherwise. */
function classesOf(prediction: Value, loss: number): number | null {
  const choices = [prediction.shape[prediction.rank === 1 ? 0 : 1] ?? 1, 2];
  return choices.find((n) => n > 1 && Math.abs(ln(n) - loss) < CLOSE) ?? null;
}

/** The loss of zeros: logits that say nothing, or the plainest guess of a number. Null where the loss cannot take them. */
export function baselineOf(prediction: unknown, target: unknown, loss: Loss): Baseline | null {
  if (!isValue(prediction)) return null;
  let known: number;
  try {
    known = noGrad(() => loss(zerosLike(prediction) as never, target as never)).item();
  } catch {
    return null;
  }
  if (!Number.isFinite(known)) return null;
  const classes = classesOf(prediction, known);
  const text = classes === null ? 'a prediction of zeros' : `a guess among ${classes} classes (ln ${classes})`;
  return { loss: known, classes, text };
}
