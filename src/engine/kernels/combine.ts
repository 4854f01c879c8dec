/** How two partial results of a reduction become one, in both forms of lanes. */
import type { NumericType } from '../../base/lanes/graph.ts';
import type { FunctionBody, OpName } from '../../base/wasm/index.ts';
import type { Reducer } from '../../ops/lowering.ts';

/** The reducers that combine numbers; the others look for places. */
export type Combiner = 'sum' | 'product' | 'maximum' | 'minimum';

export interface Combine {
  readonly type: NumericType;
  /** What changes no partial result. */
  readonly identity: number;
  /** Whether the order of combining shows in the bits, so that it has to be the project's: 8 lanes, blocks of 128. */
  readonly ordered: boolean;
  /** (x, y) → one. */
  scalar(body: FunctionBody): void;
  vector(body: FunctionBody): void;
}

/** Truth values are counted as 1 and 0: that all hold is their minimum, that some hold their maximum. */
const COMBINERS: Readonly<Record<Exclude<Reducer, 'argmax' | 'argmin'>, Combiner>> = {
  sum: 'sum',
  product: 'product',
  maximum: 'maximum',
  minimum: 'minimum',
  all: 'minimum',
  any: 'maximum',
};

const NAMES: Readonly<Record<Combiner, string>> = { sum: 'add', product: 'mul', maximum: 'max', minimum: 'min' };
const SHAPES: Readonly<Record<NumericType, string>> = { f64: 'f64x2', f32: 'f32x4', i32: 'i32x4' };
const MAX_INT = 0x7fffffff;

function identityOf(combiner: Combiner, type: NumericType, logical: boolean): number {
  if (combiner === 'sum') return 0;
  if (combiner === 'product') return 1;
  if (logical) return combiner === 'minimum' ? 1 : 0;
  const end = type === 'i32' ? MAX_INT : Infinity;
  return combiner === 'minimum' ? end : type === 'i32' ? -MAX_INT - 1 : -end;
}

/** `logical`: the numbers are truth values. */
export function combineFor(
  reducer: Exclude<Reducer, 'argmax' | 'argmin'>,
  type: NumericType,
  logical: boolean,
): Combine {
  const combiner = COMBINERS[reducer];
  const name = NAMES[combiner];
  const extreme = combiner === 'maximum' || combiner === 'minimum';
  const vectorOp = `${SHAPES[type]}.${name}${extreme && type === 'i32' ? '_s' : ''}` as OpName;
  return {
    type,
    identity: identityOf(combiner, type, logical),
    ordered: type !== 'i32' && !extreme && !logical,
    scalar: (body) => {
      if (extreme && type === 'i32') writeIntegerExtreme(body, combiner === 'maximum' ? 'i32.gt_s' : 'i32.lt_s');
      else body.op(`${type}.${name}` as OpName);
    },
    vector: (body) => void body.op(vectorOp),
  };
}

function writeIntegerExtreme(body: FunctionBody, better: OpName): void {
  const [x, y] = [body.local('i32'), body.local('i32')];
  body.set(y).tee(x).get(y).get(x).get(y).op(better).select('i32');
}

/** Leaves a number on the stack. */
export function writeNumber(body: FunctionBody, value: number, type: NumericType): void {
  if (type === 'i32') body.i32(value);
  else if (type === 'f32') body.f32(value);
  else body.f64(value);
}

/** Leaves a vector with this number in every lane. */
export function writeNumbers(body: FunctionBody, value: number, type: NumericType): void {
  writeNumber(body, value, type);
  body.op(`${SHAPES[type]}.splat` as OpName);
}
