/** What recurrent layers and cells ask of their arguments, and their parameters. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { zeros } from '../value/create.ts';
import { isValue, type Value } from '../value/value.ts';
import { type ParameterDType } from './arguments.ts';
import { uniform } from './init.ts';
import { castTo } from './module.ts';
import type { RecurrentWeights, State } from './recurrent-steps.ts';

export type Nonlinearity = 'tanh' | 'relu';

/** @throws OptionError for another nonlinearity. */
export function checkNonlinearity(layer: string, given: unknown = 'tanh'): Nonlinearity {
  if (given === 'tanh' || given === 'relu') return given;
  throw new OptionError(`nonlinearity is 'tanh' or 'relu', got ${JSON.stringify(given)}`, {
    op: layer,
    option: 'nonlinearity',
  });
}

/** Sizes of one direction's parameters. */
export interface WeightSizes {
  readonly inputs: number;
  readonly gates: number;
  readonly hiddenSize: number;
  /** 0: no projection. */
  readonly projSize: number;
  readonly bias: boolean;
  readonly dtype: ParameterDType;
}

/**
 * Parameters by PyTorch's names with a suffix (such as `_l0`), in its order; uniform in ±1/√hiddenSize, all of them.
 * `register` makes each a parameter of its module.
 */
export function recurrentWeights(
  { inputs, gates, hiddenSize, projSize, bias, dtype }: WeightSizes,
  suffix: string,
  register: (name: string, leaf: Value) => Value,
): RecurrentWeights {
  const bound = 1 / Math.sqrt(hiddenSize);
  const make = (name: string, ...shape: number[]): Value => register(name + suffix, uniform(shape, bound, dtype));
  const rows = gates * hiddenSize;
  return {
    weightIh: make('weight_ih', rows, inputs),
    weightHh: make('weight_hh', rows, projSize === 0 ? hiddenSize : projSize),
    biasIh: bias ? make('bias_ih', rows) : null,
    biasHh: bias ? make('bias_hh', rows) : null,
    weightHr: projSize === 0 ? null : make('weight_hr', projSize, hiddenSize),
  };
}

/** An LSTM's state: as its result, or PyTorch's pair. */
export type LstmState = { readonly hidden: Value; readonly cell: Value } | readonly [hidden: Value, cell: Value];

/** @throws TypeError for something else than a pair of Values. */
export function partsOfState(layer: string, given: LstmState): State {
  const parts: readonly unknown[] = 'hidden' in given ? [given.hidden, given.cell] : given;
  if (parts.length === 2 && parts.every(isValue)) return parts;
  throw new TypeError(`${layer}: the initial state is { hidden, cell }, or [hidden, cell], of Values`);
}

/** The states given, cast, or zeros. @throws ShapeError for another shape than `shapes` say. */
export function startingState(
  layer: string,
  given: State | null,
  shapes: readonly (readonly number[])[],
  dtype: ParameterDType,
): State {
  return shapes.map((shape, i) => {
    const own = given?.[i];
    if (own === undefined) return zeros(shape, { dtype });
    if (!isValue(own)) throw new TypeError(`${layer}: the initial state must be a Value, got ${typeof own}`);
    if (sameShape(own.shape, shape)) return castTo(own, dtype);
    throw new ShapeError(
      `the initial ${i === 0 ? 'hidden state' : 'cell'} is ${showShape(shape)}, got ${showShape(own.shape)}`,
      {
        op: layer,
        shapes: [own.shape, shape],
      },
    );
  });
}
