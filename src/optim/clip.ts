/** Keeping gradients small. */
import { checkOptions, OptionError, TraceError } from '../base/errors.ts';
import { stack } from '../ops/index.ts';
import { constant } from '../value/create.ts';
import { noGrad, state } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { checkFlag, checkNumber } from './settings.ts';

export interface NormOptions {
  /** p of the norm: a number ≥ 0, or Infinity for the largest |element|; default 2. */
  readonly normType?: number;
  /** Refuse norms that are NaN or infinite, before anything is scaled. Reads the norm: not for compiled functions. */
  readonly errorIfNonfinite?: boolean;
}

const NORM_OPTIONS = ['normType', 'errorIfNonfinite'];

/** Added to the norm that gradients are divided by. */
const EPS = 1e-6;

function withGradients(op: string, parameters: Value | Iterable<Value>): readonly Value[] {
  const leaves = isValue(parameters) ? [parameters] : [...parameters];
  const wrong = leaves.findIndex((p) => !isValue(p));
  if (wrong >= 0) {
    throw new OptionError(`parameters[${wrong}] is ${typeof leaves[wrong]}, not a Value`, { op, option: 'parameters' });
  }
  return leaves.filter((p) => p.grad !== null);
}

function checkNormType(op: string, normType: unknown): number {
  return normType === Infinity ? Infinity : checkNumber(op, 'normType', normType);
}

function normOf(gradients: readonly Value[], normType: number): Value {
  if (gradients.length === 0) return constant(0);
  return stack(gradients.map((g) => g.norm(normType))).norm(normType);
}

/**
 * The norm of all gradients, as if they were one vector: a 0-d Value; 0 if there are none.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
 * @example gradNorm(model.parameters())
 */
export function gradNorm(parameters: Value | Iterable<Value>, options: Pick<NormOptions, 'normType'> = {}): Value {
  checkOptions('gradNorm', options, ['normType']);
  const normType = checkNormType('gradNorm', options.normType ?? 2);
  return noGrad(() =>
    normOf(
      withGradients('gradNorm', parameters).map((p) => p.grad!),
      normType,
    ),
  );
}

/**
 * Scales all gradients down together, so that their norm as one vector is at most `maxNorm`; returns the norm they had.
 * To be called between `backward()` and `step()`, compiled or not.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 * @throws OptionError for a negative maxNorm; ChainruleError for a norm that is not finite, with `errorIfNonfinite`.
 * @example clipGradNorm(model.parameters(), 1)
 */
export function clipGradNorm(parameters: Value | Iterable<Value>, maxNorm: number, options: NormOptions = {}): Value {
  const op = 'clipGradNorm';
  checkOptions(op, options, NORM_OPTIONS);
  checkNumber(op, 'maxNorm', maxNorm);
  const normType = checkNormType(op, options.normType ?? 2);
  const isChecked = checkFlag(op, 'errorIfNonfinite', options.errorIfNonfinite ?? false);
  return noGrad(() => {
    const leaves = withGradients(op, parameters);
    const norm = normOf(
      leaves.map((p) => p.grad!),
      normType,
    );
    if (isChecked) refuseNonfinite(op, norm);
    const factor = norm.add(EPS).reciprocal().mul(maxNorm).minimum(1);
    for (const p of leaves) p.grad = p.grad!.mul(factor);
    return norm;
  });
}

function refuseNonfinite(op: string, norm: Value): void {
  if (state.lifting !== null) {
    throw new TraceError(`the norm is unknown inside ${state.lifting.trace.by}`, {
      op,
      hint: 'Leave errorIfNonfinite out, and look at the norm that the compiled function returns.',
    });
  }
  const found = norm.item();
  if (Number.isFinite(found)) return;
  throw new OptionError(`the norm of the gradients is ${found}`, {
    op,
    option: 'errorIfNonfinite',
    hint: 'detectAnomaly(() => …) names the op that made it.',
  });
}

/**
 * Brings each element of all gradients into [−clipValue, clipValue].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 * @throws OptionError for a negative clipValue.
 * @example clipGradValue(model.parameters(), 0.5)
 */
export function clipGradValue(parameters: Value | Iterable<Value>, clipValue: number): void {
  checkNumber('clipGradValue', 'clipValue', clipValue);
  noGrad(() => {
    for (const p of withGradients('clipGradValue', parameters)) p.grad = p.grad!.clamp(-clipValue, clipValue);
  });
}
