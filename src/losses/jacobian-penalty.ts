/** The contractive penalty: how much a function's result moves with its input. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { randn } from '../ops/random.ts';
import { vmap } from '../transform/batch.ts';
import { vjp } from '../transform/reverse.ts';
import { eye } from '../value/create.ts';
import { lift } from '../value/lift.ts';
import { requireFunction, withScope } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { isNonNegative, numberOption } from './arguments.ts';

export interface JacobianPenaltyOptions {
  /** Default 1. */
  readonly strength?: number;
  /**
   * By default the penalty is exact, at one backward pass for each output. With so many random projections it is
   * estimated, without bias, at as many passes.
   */
  readonly projections?: number;
}

const NAME = 'jacobianPenalty';

/** Cotangents whose outer products sum to the identity: [K, N, …]. */
function directions(y: Value, projections: number | undefined): Value {
  const [rows, ...rest] = y.shape;
  if (projections !== undefined)
    return randn([projections, ...y.shape], { dtype: y.dtype }).div(Math.sqrt(projections));
  const outputs = rest.reduce((a, b) => a * b, 1);
  return eye(outputs, null, { dtype: y.dtype })
    .reshape([outputs, 1, ...rest])
    .broadcastTo([outputs, rows!, ...rest]);
}

/**
 * The contractive penalty: strength · ‖∂f(x)/∂x‖² (Frobenius) of each row of a batch x [N, …], averaged over the rows. f
 * takes the batch to a batch [N, …], each row by itself (no batch norm), and may use parameters, which get gradients.
 * Rifai et al., Contractive Auto-Encoders, ICML 2011; Hoffman, Roberts, Yaida, https://arxiv.org/abs/1908.02729
 * @throws ShapeError unless f gives a row for each row; OptionError for impossible options.
 * @example mseLoss(decoder(hidden), x).add(jacobianPenalty(encoder, x, { strength: 0.1 }))
 */
export function jacobianPenalty(f: (x: Value) => Value, x: Value, options: JacobianPenaltyOptions = {}): Value {
  requireFunction(f, NAME);
  checkOptions(NAME, options, ['strength', 'projections']);
  const { projections } = options;
  const strength = numberOption(NAME, 'strength', options.strength ?? 1, isNonNegative, 'a number ≥ 0');
  if (projections !== undefined && !(Number.isInteger(projections) && projections >= 1)) {
    throw new OptionError(`projections is a whole number ≥ 1, got ${String(projections)}`, {
      op: NAME,
      option: 'projections',
    });
  }
  return withScope(NAME, () => {
    const input = lift(x, NAME);
    const [y, pullback] = vjp(f, input);
    if (!isValue(y) || y.rank === 0 || input.rank === 0 || y.shape[0] !== input.shape[0]) {
      throw new ShapeError(
        `a batch ${showShape(input.shape)} became ${isValue(y) ? showShape(y.shape) : typeof y}; each row must give a row`,
        { op: NAME, shapes: [input.shape] },
      );
    }
    const pull = (g: Value): Value => pullback(g)[0];
    const rows = vmap(pull)(directions(y, projections));
    return rows
      .square()
      .sum()
      .mul(strength / Math.max(1, input.shape[0]!));
  });
}
