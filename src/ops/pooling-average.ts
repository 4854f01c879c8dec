/** Average pooling: windows are summed axis by axis, the last one first, and divided by their counts. */
import { checkOptions, OptionError } from '../base/errors.ts';
import { newStorage, type DType } from '../base/dtypes.ts';
import type { Value } from '../value/value.ts';
import type { PerAxis } from './convolution-arguments.ts';
import { requireFloat } from './families/pointwise.ts';
import { resample } from './families/resampling.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import type { AxisWindows } from './kernels/pooling.ts';
import { composite, type Call, type Op } from './op.ts';
import type { PooledShape } from './pooling.ts';
import { adaptiveWindows, poolWindows, type AdaptiveSize, type PoolWindows } from './pooling-windows.ts';
import { runtime, type Operand } from './runtime.ts';

export interface AvgPoolOptions {
  /** Steps between windows; default (or null): the kernel's size. */
  readonly stride?: PerAxis | null;
  /** Zeros around x, at most half of the kernel; default 0. */
  readonly padding?: PerAxis;
  /** A last window may hang over the end. */
  readonly ceilMode?: boolean;
  /** Whether padding counts as elements; default true. */
  readonly countIncludePad?: boolean;
  /** Divides by this number instead of the count. */
  readonly divisorOverride?: number | null;
}

function sumWindows(x: Value, windows: readonly AxisWindows[]): Value {
  return windows.reduceRight((sum, { starts, stops }, a) => {
    const from: number[] = [];
    const to: number[] = [];
    starts.forEach((start, i) => {
      for (let at = start; at < stops[i]!; at++) {
        from.push(at);
        to.push(i);
      }
    });
    const axis = x.rank - windows.length + a;
    return resample(sum, { axis, size: starts.length, from, to, weights: null, start: 'zero' });
  }, x);
}

/** The counts of all windows, as one number where they are equal. */
function divisor(counts: readonly (readonly number[])[], dtype: DType): Value {
  const products = counts.reduce<readonly number[]>((all, own) => all.flatMap((n) => own.map((m) => n * m)), [1]);
  const shape = counts.map((own) => own.length);
  const first = products[0] ?? 1;
  if (products.every((n) => n === first)) return runtime.fill([], first, dtype);
  const data = newStorage(dtype, products.length);
  data.set(products);
  return runtime.fromArray(data, shape, dtype);
}

// A window that meets padding alone sums to 0, whatever it is divided by.
const covered = ({ starts, stops }: AxisWindows): number[] => starts.map((start, i) => Math.max(1, stops[i]! - start));

function averagePool(
  name: string,
  rank: number,
  operand: Operand,
  kernelSize: PerAxis,
  options: AvgPoolOptions,
): Value {
  const x = runtime.lift(operand, name);
  requireFloat(name, x.dtype);
  const windows = poolWindows(name, rank, x, kernelSize, options);
  const own = options.divisorOverride ?? null;
  if (own === 0 || (own !== null && !Number.isInteger(own))) {
    throw new OptionError(`divisorOverride must be a whole number other than 0, got ${String(own)}`, {
      op: name,
      option: 'divisorOverride',
    });
  }
  const count = (w: PoolWindows): readonly number[] => (options.countIncludePad === false ? covered(w) : w.padded);
  const by = own === null ? divisor(windows.map(count), x.dtype) : runtime.fill([], own, x.dtype);
  return sumWindows(x, windows).div(by as never);
}

const avgPool = (name: string, rank: number, known: readonly string[]): Call => {
  const names = ['stride', 'padding', 'ceilMode', 'countIncludePad', ...known];
  return (operand: Operand, kernelSize: PerAxis, options: AvgPoolOptions = {}): Value => {
    checkOptions(name, options, names);
    return averagePool(name, rank, operand, kernelSize, options);
  };
};

const adaptiveAvgPool =
  (name: string, rank: number): Call =>
  (operand: Operand, size: AdaptiveSize): Value => {
    const x = runtime.lift(operand, name);
    requireFloat(name, x.dtype);
    const windows = adaptiveWindows(name, rank, x, size);
    return sumWindows(x, windows).div(divisor(windows.map(covered), x.dtype) as never);
  };

interface AvgPool<Rank extends 1 | 2 | 3, O> {
  method<V extends Value>(this: V, kernelSize: PerAxis, options?: O): Value<PooledShape<Of<V>, Rank>>;
  free<V extends AnyOperand>(x: V, kernelSize: PerAxis, options?: O): Value<PooledShape<Of<V>, Rank>>;
}

interface AdaptiveAvgPool<Rank extends 1 | 2 | 3> {
  method<V extends Value>(this: V, size: AdaptiveSize): Value<PooledShape<Of<V>, Rank>>;
  free<V extends AnyOperand>(x: V, size: AdaptiveSize): Value<PooledShape<Of<V>, Rank>>;
}

type AvgPool1d = AvgPool<1, Omit<AvgPoolOptions, 'divisorOverride'>>;
type AvgPool2d = AvgPool<2, AvgPoolOptions>;
type AvgPool3d = AvgPool<3, AvgPoolOptions>;

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/**
 * The mean of each window along the last axis: x [N, C, L] or [C, L].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool1d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits; DtypeError for integers.
 * @example value([[1, 3, 2, 4]]).avgPool1d(2) // [[2, 3]]
 */
export const avgPool1d: Op<AvgPool1d> = composite<AvgPool1d>('avgPool1d', avgPool('avgPool1d', 1, []), {
  glyph: 'μ',
  samples: [
    { inputs: [{ shape: [2, 2, 6] }], call: (x) => x.avgPool1d(2) },
    {
      inputs: [{ shape: [2, 7] }],
      call: (x) => x.avgPool1d(4, { stride: 3, padding: 2, ceilMode: true, countIncludePad: false }),
    },
    { inputs: [{ shape: [0, 2, 4] }], call: (x) => x.avgPool1d([2]) },
  ],
  errors: [
    {
      call: () => zeros(1, 1, 4).avgPool1d(5),
      error: 'ShapeError',
      message: /avgPool1d: the kernel spans \[5\], more than the padded input \[4\]/,
    },
    {
      call: () => runtime.fill([1, 4], 1, 'int32').avgPool1d(2),
      error: 'DtypeError',
      message: /avgPool1d: needs float64 or float32, got int32/,
    },
  ],
  gold: 'nn.functional.avg_pool1d',
});

/**
 * The mean of each window over the last two axes: x [N, C, H, W] or [C, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool2d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits; DtypeError for integers.
 * @example value([[[1, 2], [3, 4]]]).avgPool2d(2) // [[[2.5]]]
 */
export const avgPool2d: Op<AvgPool2d> = composite<AvgPool2d>(
  'avgPool2d',
  avgPool('avgPool2d', 2, ['divisorOverride']),
  {
    glyph: 'μ',
    samples: [
      { inputs: [{ shape: [2, 1, 4, 4] }], call: (x) => x.avgPool2d(2) },
      {
        inputs: [{ shape: [1, 2, 5, 4] }],
        call: (x) => x.avgPool2d([2, 3], { stride: [2, 1], padding: [1, 1], ceilMode: true }),
      },
      {
        inputs: [{ shape: [2, 4, 4] }],
        call: (x) => x.avgPool2d(3, { stride: 2, padding: 1, ceilMode: true, countIncludePad: false }),
      },
      { inputs: [{ shape: [2, 3, 3] }], call: (x) => x.avgPool2d(2, { stride: 1, divisorOverride: 3 }) },
    ],
    errors: [
      {
        call: () => zeros(1, 4, 4).avgPool2d(2, { padding: [0, 2] }),
        error: 'OptionError',
        message: /avgPool2d: padding \[0, 2\] is more than half of the kernel, which spans \[2, 2\]/,
      },
      {
        call: () => zeros(1, 4, 4).avgPool2d(2, { divisorOverride: 0 }),
        error: 'OptionError',
        message: /avgPool2d: divisorOverride/,
      },
    ],
    gold: 'nn.functional.avg_pool2d',
  },
);

/**
 * The mean of each window over the last three axes: x [N, C, D, H, W] or [C, D, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.avg_pool3d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits; DtypeError for integers.
 * @example ones([1, 3, 8, 8, 8]).avgPool3d(2) // [1, 3, 4, 4, 4]
 */
export const avgPool3d: Op<AvgPool3d> = composite<AvgPool3d>(
  'avgPool3d',
  avgPool('avgPool3d', 3, ['divisorOverride']),
  {
    glyph: 'μ',
    samples: [
      { inputs: [{ shape: [1, 2, 2, 3, 2] }], call: (x) => x.avgPool3d(2, { stride: 1 }) },
      {
        inputs: [{ shape: [1, 4, 3, 3] }],
        call: (x) => x.avgPool3d([2, 2, 3], { stride: 2, padding: [1, 0, 1], ceilMode: true, countIncludePad: false }),
      },
    ],
    errors: [
      {
        call: () => zeros(4, 4, 4).avgPool3d(2),
        error: 'ShapeError',
        message: /avgPool3d: x must be \[N, C, D, H, W\] or \[C, D, H, W\], got \[4, 4, 4\]/,
      },
    ],
    gold: 'nn.functional.avg_pool3d',
  },
);

/**
 * The means of `size` windows that cover the last axis: x [N, C, L] or [C, L]; null keeps the size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool1d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for an empty axis; DtypeError for integers.
 * @example value([[1, 3, 2, 4]]).adaptiveAvgPool1d(1) // [[2.5]]
 */
export const adaptiveAvgPool1d: Op<AdaptiveAvgPool<1>> = composite<AdaptiveAvgPool<1>>(
  'adaptiveAvgPool1d',
  adaptiveAvgPool('adaptiveAvgPool1d', 1),
  {
    glyph: 'μ',
    samples: [
      { inputs: [{ shape: [2, 2, 5] }], call: (x) => x.adaptiveAvgPool1d(3) },
      { inputs: [{ shape: [2, 4] }], call: (x) => x.adaptiveAvgPool1d([6]) },
    ],
    errors: [
      {
        call: () => zeros(1, 2, 4).adaptiveAvgPool1d(1.5),
        error: 'OptionError',
        message: /adaptiveAvgPool1d: the size is a whole number.*got 1\.5/,
      },
    ],
    gold: 'nn.functional.adaptive_avg_pool1d',
  },
);

/**
 * The means of `size` windows that cover the last two axes: x [N, C, H, W] or [C, H, W]; null keeps a size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool2d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes; DtypeError for integers.
 * @example ones([1, 3, 9, 8]).adaptiveAvgPool2d([4, null]) // [1, 3, 4, 8]
 */
export const adaptiveAvgPool2d: Op<AdaptiveAvgPool<2>> = composite<AdaptiveAvgPool<2>>(
  'adaptiveAvgPool2d',
  adaptiveAvgPool('adaptiveAvgPool2d', 2),
  {
    glyph: 'μ',
    samples: [
      { inputs: [{ shape: [2, 2, 3, 4] }], call: (x) => x.adaptiveAvgPool2d(2) },
      { inputs: [{ shape: [2, 4, 3] }], call: (x) => x.adaptiveAvgPool2d([5, null]) },
      { inputs: [{ shape: [1, 2, 3, 4] }], call: (x) => x.adaptiveAvgPool2d(1) },
    ],
    errors: [
      {
        call: () => zeros(2, 3).adaptiveAvgPool2d(1),
        error: 'ShapeError',
        message: /adaptiveAvgPool2d: x must be \[N, C, H, W\] or \[C, H, W\], got \[2, 3\]/,
      },
    ],
    gold: 'nn.functional.adaptive_avg_pool2d',
  },
);

/**
 * The means of `size` windows that cover the last three axes: x [N, C, D, H, W] or [C, D, H, W]; null keeps a size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_avg_pool3d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes; DtypeError for integers.
 * @example ones([1, 3, 4, 9, 8]).adaptiveAvgPool3d([2, 4, null]) // [1, 3, 2, 4, 8]
 */
export const adaptiveAvgPool3d: Op<AdaptiveAvgPool<3>> = composite<AdaptiveAvgPool<3>>(
  'adaptiveAvgPool3d',
  adaptiveAvgPool('adaptiveAvgPool3d', 3),
  {
    glyph: 'μ',
    samples: [
      { inputs: [{ shape: [2, 1, 2, 3, 2] }], call: (x) => x.adaptiveAvgPool3d(2) },
      { inputs: [{ shape: [2, 3, 2, 2] }], call: (x) => x.adaptiveAvgPool3d([2, null, 3]) },
    ],
    errors: [
      {
        call: () => zeros(2, 3, 4).adaptiveAvgPool3d(1),
        error: 'ShapeError',
        message: /adaptiveAvgPool3d: x must be \[N, C, D, H, W\] or \[C, D, H, W\], got \[2, 3, 4\]/,
      },
    ],
    gold: 'nn.functional.adaptive_avg_pool3d',
  },
);
