/** Images made larger or smaller. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { perAxis, type PerAxis } from './convolution-arguments.ts';
import { requireFloat } from './families/pointwise.ts';
import { resample, resamplePrimitive } from './families/resampling.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { composite, type Op } from './op.ts';
import { termsOf, type InterpolationMode } from './resampling-terms.ts';
import { runtime, type Operand } from './runtime.ts';

export type { InterpolationMode };

export interface InterpolateOptions {
  /** The sizes of the result's spatial axes; this or `scaleFactor`. */
  readonly size?: PerAxis | null;
  /** How many times as large, for all spatial axes or each; sizes are rounded down. */
  readonly scaleFactor?: number | readonly number[] | null;
  /** Default 'nearest'. 'linear' is for one spatial axis, 'bilinear' and 'bicubic' for two, 'trilinear' for three; 'area' takes means. */
  readonly mode?: InterpolationMode;
  /** The corners' centres stay where they are; default false. Not for 'nearest' and 'area'. */
  readonly alignCorners?: boolean | null;
  /** Positions follow from the rounded sizes rather than from `scaleFactor`; default false. */
  readonly recomputeScaleFactor?: boolean | null;
}

/** How many spatial axes a mode takes. */
const RANKS: Readonly<Record<InterpolationMode, readonly number[]>> = {
  nearest: [1, 2, 3],
  'nearest-exact': [1, 2, 3],
  linear: [1],
  bilinear: [2],
  trilinear: [3],
  bicubic: [2],
  area: [1, 2, 3],
};

const isMode = (mode: string): mode is InterpolationMode => Object.hasOwn(RANKS, mode);

function modeOf(x: Value, options: InterpolateOptions): InterpolationMode {
  const mode: string = options.mode ?? 'nearest';
  if (!isMode(mode)) {
    throw new OptionError(`unknown mode ${JSON.stringify(mode)}`, {
      op: 'interpolate',
      option: 'mode',
      hint: `Known modes: ${Object.keys(RANKS).join(', ')}.`,
    });
  }
  if (!RANKS[mode].includes(x.rank - 2)) {
    const ranks = RANKS[mode].map((n) => n + 2).join(' or ');
    throw new ShapeError(`mode '${mode}' takes [N, C, …] with ${ranks} axes, got ${showShape(x.shape)}`, {
      op: 'interpolate',
      option: 'mode',
      shapes: [x.shape],
    });
  }
  if ((mode.startsWith('nearest') || mode === 'area') && (options.alignCorners ?? null) !== null) {
    throw new OptionError(`mode '${mode}' has no corners to align`, {
      op: 'interpolate',
      option: 'alignCorners',
      hint: `Leave it out, or use mode 'linear', 'bilinear', 'trilinear' or 'bicubic'.`,
    });
  }
  return mode;
}

const isList = (x: unknown): x is readonly number[] => Array.isArray(x);

function factorsOf(given: number | readonly number[], rank: number): readonly number[] {
  const list = isList(given) ? given : new Array<number>(rank).fill(given);
  if (list.length === rank && list.every((n) => Number.isFinite(n) && n > 0)) return list;
  throw new OptionError(
    `scaleFactor is a number > 0 or ${rank} of them, got ${isList(given) ? showShape(given) : given}`,
    {
      op: 'interpolate',
      option: 'scaleFactor',
    },
  );
}

interface Target {
  readonly sizes: Shape;
  /** Null where the sizes alone determine positions. */
  readonly factors: readonly number[] | null;
}

function targetOf(x: Value, { size = null, scaleFactor = null, recomputeScaleFactor }: InterpolateOptions): Target {
  const rank = x.rank - 2;
  if ((size === null) === (scaleFactor === null) || (size !== null && recomputeScaleFactor === true)) {
    throw new OptionError('needs either size or scaleFactor (recomputeScaleFactor goes with scaleFactor)', {
      op: 'interpolate',
      option: size === null ? 'size' : 'scaleFactor',
    });
  }
  if (size !== null) return { sizes: perAxis('interpolate', 'size', size, rank, 1), factors: null };
  const factors = factorsOf(scaleFactor!, rank);
  const sizes = x.shape.slice(2).map((n, a) => Math.floor(n * factors[a]!));
  return { sizes, factors: recomputeScaleFactor === true ? null : factors };
}

type Numbers<S extends Shape> = { [I in keyof S]: number };

/** Batch and channels stay, spatial axes are numbers. */
type Interpolated<S extends Shape> = number extends S['length']
  ? Shape
  : S extends readonly [infer N extends number, infer C extends number, ...infer Spatial extends Shape]
    ? [N, C, ...Numbers<Spatial>]
    : Shape;

interface Interpolate {
  method<V extends Value>(this: V, options: InterpolateOptions): Value<Interpolated<Of<V>>>;
  free<V extends AnyOperand>(x: V, options: InterpolateOptions): Value<Interpolated<Of<V>>>;
}

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/**
 * Resizes the spatial axes of x [N, C, L], [N, C, H, W] or [N, C, D, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.interpolate.html
 * @throws OptionError for modes, sizes or factors that do not fit; ShapeError where a size would be 0.
 * @example value([[[[1, 2]]]]).interpolate({ scaleFactor: 2 }) // [[[[1, 1, 2, 2], [1, 1, 2, 2]]]]
 */
export const interpolate: Op<Interpolate> = composite<Interpolate>(
  'interpolate',
  (operand: Operand, options: InterpolateOptions): Value => {
    checkOptions('interpolate', options, ['size', 'scaleFactor', 'mode', 'alignCorners', 'recomputeScaleFactor']);
    const x = runtime.lift(operand, 'interpolate');
    requireFloat('interpolate', x.dtype);
    const mode = modeOf(x, options);
    const { sizes, factors } = targetOf(x, options);
    if (sizes.includes(0) || x.shape.slice(2).includes(0)) {
      throw new ShapeError(`spatial sizes must be at least 1: from ${showShape(x.shape)} to ${showShape(sizes)}`, {
        op: 'interpolate',
        shapes: [x.shape],
      });
    }
    const alignCorners = options.alignCorners ?? false;
    return sizes.reduceRight<Value>((y, size, a) => {
      const own = { length: x.shape[a + 2]!, size, factor: factors?.[a] ?? null, alignCorners };
      const terms = termsOf(mode, { ...own, dtype: x.dtype, rank: sizes.length });
      return resample(y, { axis: a + 2, size, ...terms, start: 'term' });
    }, x);
  },
  {
    glyph: resamplePrimitive.glyph,
    samples: [
      { inputs: [{ shape: [2, 1, 3] }], call: (x) => x.interpolate({ size: 5 }) },
      { inputs: [{ shape: [1, 2, 3, 2] }], call: (x) => x.interpolate({ scaleFactor: [2, 1.5], mode: 'nearest' }) },
      { inputs: [{ shape: [1, 2, 3, 5] }], call: (x) => x.interpolate({ scaleFactor: 0.7, mode: 'nearest-exact' }) },
      { inputs: [{ shape: [1, 1, 2, 2, 2] }], call: (x) => x.interpolate({ size: [3, 2, 1] }) },
      { inputs: [{ shape: [2, 1, 4] }], call: (x) => x.interpolate({ size: [6], mode: 'linear' }) },
      {
        inputs: [{ shape: [1, 2, 3, 4] }],
        call: (x) => x.interpolate({ size: [5, 2], mode: 'bilinear', alignCorners: true }),
      },
      {
        inputs: [{ shape: [1, 1, 3, 3] }],
        call: (x) => x.interpolate({ scaleFactor: 1.7, mode: 'bilinear', recomputeScaleFactor: true }),
      },
      { inputs: [{ shape: [1, 1, 3, 4] }], call: (x) => x.interpolate({ scaleFactor: 1.5, mode: 'bicubic' }) },
      { inputs: [{ shape: [1, 1, 5, 3] }], call: (x) => x.interpolate({ size: [2, 3], mode: 'area' }) },
      { inputs: [{ shape: [1, 1, 2, 2, 3] }], call: (x) => x.interpolate({ size: 4, mode: 'trilinear' }) },
    ],
    errors: [
      {
        call: () => zeros(1, 1, 4).interpolate({ size: 2, mode: 'bilinear' }),
        error: 'ShapeError',
        message: /interpolate: mode 'bilinear' takes \[N, C, …\] with 4 axes, got \[1, 1, 4\]/,
      },
      {
        call: () => zeros(1, 1, 4).interpolate({}),
        error: 'OptionError',
        message: /interpolate: needs either size or scaleFactor/,
      },
      {
        call: () => zeros(1, 1, 4).interpolate({ scaleFactor: 0.2 }),
        error: 'ShapeError',
        message: /interpolate: spatial sizes must be at least 1: from \[1, 1, 4\] to \[0\]/,
      },
      {
        call: () => zeros(1, 1, 4).interpolate({ size: 8, alignCorners: true }),
        error: 'OptionError',
        message: /interpolate: mode 'nearest' has no corners to align/,
      },
      {
        call: () => zeros(1, 1, 4).interpolate({ size: 8, mode: 'cubic' as InterpolationMode }),
        error: 'OptionError',
        message: /interpolate: unknown mode "cubic"\s+Known modes: nearest/,
      },
    ],
    gold: [
      'nn.functional.interpolate.nearest',
      'nn.functional.interpolate.nearest-exact',
      'nn.functional.interpolate.linear',
      'nn.functional.interpolate.bilinear',
      'nn.functional.interpolate.trilinear',
      'nn.functional.interpolate.bicubic',
      'nn.functional.interpolate.area',
    ],
  },
);
