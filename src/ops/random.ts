/** Random Values. One primitive draws uniform numbers; every other distribution is made of ordinary ops. */
import { defaultDtype, isDType, isFloat, type DType } from '../base/dtypes.ts';
import { checkOptions, DtypeError, OptionError } from '../base/errors.ts';
import { fillUniform } from '../base/random.ts';
import type { Mutable, Shape } from '../base/shape-types.ts';
import { checkShape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { functionComposite, functionOp, type Op } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime } from './runtime.ts';

interface UniformAttributes extends Record<string, unknown> {
  readonly shape: Shape;
  readonly dtype: DType;
}

const uniformPrimitive: Primitive<UniformAttributes> = primitive<UniformAttributes>({
  name: 'rand',
  glyph: '⚄',
  infer: (_, { shape, dtype }) => [{ shape, dtype }],
  compute: { kind: 'kernel', run: ([out]) => fillUniform(out!.data as Float64Array) },
  lower: () => ({ kind: 'uniform' }),
  flops: () => 0,
  derivatives: { kind: 'none' },
  // Every example of a batch gets numbers of its own: one draw covers them all.
  batch: (_, __, size, { shape, dtype }) => [
    runtime.applyOne(uniformPrimitive, [], { shape: [size, ...shape], dtype }),
  ],
  effect: 'random',
});

export interface RandomOptions {
  /** float64 or float32; default: the default dtype. */
  readonly dtype?: DType;
  readonly requiresGrad?: boolean;
  readonly label?: string;
}

function floatDType(op: string, dtype: DType | undefined): DType {
  const type = dtype ?? defaultDtype();
  if (isDType(type) && isFloat(type)) return type;
  throw new DtypeError(`draws float64 or float32, not ${String(dtype)}`, {
    op,
    hint: 'For integers use randint(low, high, shape).',
  });
}

function uniform(op: string, shape: Shape, options: RandomOptions | undefined): Value {
  checkOptions(op, options, ['dtype', 'requiresGrad', 'label']);
  return runtime.applyOne(uniformPrimitive, [], {
    shape: checkShape(op, shape),
    dtype: floatDType(op, options?.dtype),
  });
}

interface Random {
  method: undefined;
  free<const S extends Shape>(shape: S, options?: RandomOptions): Value<Mutable<S>>;
}

const NOT_REPEATABLE = 'draws differ from call to call';

/**
 * Numbers uniform in [0, 1), independent of each other; `manualSeed` makes them repeatable.
 * @example rand([2, 3])
 */
export const rand: Op<Random> = functionOp<Random>(
  'rand',
  uniformPrimitive,
  (shape: Shape, options?: RandomOptions) => runtime.asLeaf(uniform('rand', shape, options), options),
  { samples: [{ inputs: [], call: () => rand([2, 3]).mul(0), differentiable: false, notBatched: NOT_REPEATABLE }] },
);

const TWO_PI = 6.283185307179586;

/**
 * Standard normal numbers, by Box and Muller's transform of two uniform draws.
 * @example randn([100]).mul(0.1)
 */
export const randn: Op<Random> = functionComposite<Random>(
  'randn',
  (shape: Shape, options?: RandomOptions) => {
    // 1 − u lies in (0, 1], so that the logarithm is finite.
    const radius = runtime
      .fill([], 1, floatDType('randn', options?.dtype))
      .sub(uniform('randn', shape, options))
      .log()
      .mul(-2)
      .sqrt();
    const angle = uniform('randn', shape, options).mul(TWO_PI);
    return runtime.asLeaf(radius.mul(angle.cos()), options);
  },
  { samples: [{ inputs: [], call: () => randn([2, 3]).mul(0), differentiable: false, notBatched: NOT_REPEATABLE }] },
);

interface RandomInt {
  method: undefined;
  free<const S extends Shape>(low: number, high: number, shape: S): Value<Mutable<S>>;
}

/**
 * Whole numbers from low to high − 1, int32.
 * @throws OptionError unless low < high.
 * @example randint(0, 10, [5])
 */
export const randint: Op<RandomInt> = functionComposite<RandomInt>(
  'randint',
  (low: number, high: number, shape: Shape) => {
    if (!Number.isInteger(low) || !Number.isInteger(high) || low >= high) {
      throw new OptionError(`needs whole numbers low < high, got ${String(low)} and ${String(high)}`, {
        op: 'randint',
        option: 'high',
      });
    }
    const unit = uniform('randint', shape, { dtype: 'float64' });
    return runtime.asLeaf(
      unit
        .mul(high - low)
        .floor()
        .add(low)
        .to('int32'),
      undefined,
    );
  },
  { samples: [{ inputs: [], call: () => randint(0, 1, [2, 3]), differentiable: false, notBatched: NOT_REPEATABLE }] },
);
