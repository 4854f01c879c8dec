/** Maximum pooling: an integer op says where each window's largest element is, a gather fetches it. */
import { checkOptions, DtypeError, OptionError, showShape } from '../base/errors.ts';
import { sizeOf } from '../base/shapes.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { PerAxis } from './convolution-arguments.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import { largestPlaces, type AxisWindows } from './kernels/pooling.ts';
import { composite, type Call, type Op } from './op.ts';
import { adaptiveWindows, poolWindows, type AdaptiveSize } from './pooling-windows.ts';
import { primitive, type Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

export type { AdaptiveSize };

export interface MaxPoolOptions {
  /** Steps between windows; default (or null): the kernel's size. */
  readonly stride?: PerAxis | null;
  /** −∞ around x, at most half of the kernel; default 0. */
  readonly padding?: PerAxis;
  /** Steps between the elements of a window; default 1. */
  readonly dilation?: PerAxis;
  /** A last window may hang over the end. */
  readonly ceilMode?: boolean;
  /** Gives { values, indices } instead of the values. */
  readonly returnIndices?: boolean;
}

export interface AdaptiveMaxPoolOptions {
  /** Gives { values, indices } instead of the values. */
  readonly returnIndices?: boolean;
}

/** What a pool fetched, and from where: places in the flattened spatial axes, int32. */
export interface Pooled<S extends Shape = Shape> {
  readonly values: Value<S>;
  readonly indices: Value<S>;
}

// Places -----------------------------------------------------------------------------------------------------------

interface PlacesAttributes extends Record<string, unknown> {
  readonly rows: AxisWindows;
  readonly columns: AxisWindows;
}

/** For every window over the last two axes, the place of its largest element in them. */
const placesPrimitive: Primitive<PlacesAttributes> = primitive<PlacesAttributes>({
  name: 'maxPlaces',
  glyph: '⊤',
  infer: ([x], { rows, columns }) => [
    { shape: [...x!.shape.slice(0, -2), rows.starts.length, columns.starts.length], dtype: 'int32' },
  ],
  compute: { kind: 'kernel', run: ([out], [x], { rows, columns }) => largestPlaces(out!, x!, rows, columns) },
  lower: (_, { rows, columns }) => ({ kind: 'largest', rows, columns }),
  derivatives: { kind: 'none' },
  batch: ([x], _, __, attrs) => [runtime.applyOne(placesPrimitive, [x!], attrs)],
});

/** The one window over an axis of length 1: what a pool over one axis has for rows. */
const ONE_ROW: AxisWindows = { starts: [0], stops: [1], step: 1 };

function checkWindows(name: string, windows: readonly AxisWindows[], x: Value): void {
  for (const { starts, stops } of windows) {
    if (starts.every((start, i) => start < stops[i]!)) continue;
    throw new OptionError(`a window over ${showShape(x.shape)} meets the padding alone`, {
      op: name,
      option: 'padding',
      shapes: [x.shape],
      hint: 'Use less padding or dilation.',
    });
  }
}

/** Windows of one place each. */
const eachOf = (n: number): AxisWindows => {
  const starts = Array.from({ length: n }, (_, i) => i);
  return { starts, stops: starts.map((i) => i + 1), step: 1 };
};

/** Three axes: the largest of each plane's windows, then the largest of those. The first in reading order stays first. */
function fetchLargestOfVolume(name: string, x: Value, [depth, ...plane]: readonly AxisWindows[]): Pooled {
  checkWindows(name, [depth!], x);
  const [d, h, w] = x.shape.slice(-3) as [number, number, number];
  const leading = x.shape.slice(0, -3);
  const inPlane = fetchLargest(name, x, plane);
  const sizes = inPlane.values.shape.slice(-2);
  const flat = [...leading, d, sizeOf(sizes)];
  const result = [...leading, depth!.starts.length, ...sizes];
  const across = fetchLargest(name, inPlane.values.reshape(flat), [depth!, eachOf(sizeOf(sizes))]);
  const firsts = runtime.fromArray(
    Int32Array.from({ length: d }, (_, i) => i * h * w),
    [d, 1],
    'int32',
  );
  const places: Value = inPlane.indices.reshape(flat).add(firsts as never);
  const row = (v: Value): Value => v.reshape([...leading, sizeOf(v.shape.slice(-2))]);
  const indices = row(places).gather(-1, row(across.indices));
  return { values: across.values.reshape(result), indices: indices.reshape(result) };
}

function fetchLargest(name: string, x: Value, windows: readonly AxisWindows[]): Pooled {
  if (windows.length === 3) return fetchLargestOfVolume(name, x, windows);
  if (x.dtype === 'bool')
    throw new DtypeError('is not defined for bool', { op: name, hint: `Cast first: x.to('int32').` });
  checkWindows(name, windows, x);
  const leading = x.shape.slice(0, x.rank - windows.length);
  const spatial = x.shape.slice(leading.length);
  const sizes = windows.map(({ starts }) => starts.length);
  const [rows, columns] = windows.length === 1 ? [ONE_ROW, windows[0]!] : [windows[0]!, windows[1]!];
  const planes = windows.length === 1 ? x.reshape([...leading, 1, ...spatial]) : x;
  const places = runtime.applyOne(placesPrimitive, [planes.stopGradient()], { rows, columns });
  const flat = x.reshape([...leading, sizeOf(spatial)]);
  const values = flat.gather(-1, places.reshape([...leading, sizeOf(sizes)]));
  return { values: values.reshape([...leading, ...sizes]), indices: places.reshape([...leading, ...sizes]) };
}

const given = (pooled: Pooled, options: AdaptiveMaxPoolOptions): Value | Pooled =>
  options.returnIndices === true ? pooled : pooled.values;

const maxPool =
  (name: string, rank: number): Call =>
  (operand: Operand, kernelSize: PerAxis, options: MaxPoolOptions = {}): Value | Pooled => {
    checkOptions(name, options, ['stride', 'padding', 'dilation', 'ceilMode', 'returnIndices']);
    const x = runtime.lift(operand, name);
    return given(fetchLargest(name, x, poolWindows(name, rank, x, kernelSize, options)), options);
  };

const adaptiveMaxPool =
  (name: string, rank: number): Call =>
  (operand: Operand, size: AdaptiveSize, options: AdaptiveMaxPoolOptions = {}): Value | Pooled => {
    checkOptions(name, options, ['returnIndices']);
    const x = runtime.lift(operand, name);
    return given(fetchLargest(name, x, adaptiveWindows(name, rank, x, size)), options);
  };

// Types ------------------------------------------------------------------------------------------------------------

/** Batch and channels stay, spatial axes are numbers. */
export type PooledShape<S extends Shape, Rank extends 1 | 2 | 3> = number extends S['length']
  ? Shape
  : Rank extends 1
    ? S extends readonly [...infer Lead extends Shape, number]
      ? [...Lead, number]
      : Shape
    : Rank extends 2
      ? S extends readonly [...infer Lead extends Shape, number, number]
        ? [...Lead, number, number]
        : Shape
      : S extends readonly [...infer Lead extends Shape, number, number, number]
        ? [...Lead, number, number, number]
        : Shape;

interface MaxPooling<Rank extends 1 | 2 | 3, Argument, Options extends AdaptiveMaxPoolOptions> {
  method: {
    <V extends Value>(
      this: V,
      argument: Argument,
      options?: Options & { readonly returnIndices?: false },
    ): Value<PooledShape<Of<V>, Rank>>;
    <V extends Value>(
      this: V,
      argument: Argument,
      options: Options & { readonly returnIndices: true },
    ): Pooled<PooledShape<Of<V>, Rank>>;
  };
  free: {
    <V extends AnyOperand>(
      x: V,
      argument: Argument,
      options?: Options & { readonly returnIndices?: false },
    ): Value<PooledShape<Of<V>, Rank>>;
    <V extends AnyOperand>(
      x: V,
      argument: Argument,
      options: Options & { readonly returnIndices: true },
    ): Pooled<PooledShape<Of<V>, Rank>>;
  };
}

type MaxPool<Rank extends 1 | 2 | 3> = MaxPooling<Rank, PerAxis, MaxPoolOptions>;
type AdaptiveMaxPool<Rank extends 1 | 2 | 3> = MaxPooling<Rank, AdaptiveSize, AdaptiveMaxPoolOptions>;

// The ops ----------------------------------------------------------------------------------------------------------

const zeros = (...shape: number[]): Value => runtime.fill(shape, 0, 'float64');

/**
 * The largest element of each window along the last axis: x [N, C, L] or [C, L].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool1d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example value([[1, 3, 2, 5]]).maxPool1d(2) // [[3, 5]]
 */
export const maxPool1d: Op<MaxPool<1>> = composite<MaxPool<1>>('maxPool1d', maxPool('maxPool1d', 1), {
  glyph: '⊤',
  samples: [
    { inputs: [{ shape: [2, 2, 6], distinct: true }], call: (x) => x.maxPool1d(2) },
    {
      inputs: [{ shape: [2, 7], distinct: true }],
      call: (x) => x.maxPool1d(3, { stride: 2, padding: 1, dilation: 2, ceilMode: true, returnIndices: true }),
    },
    { inputs: [{ shape: [0, 2, 4] }], call: (x) => x.maxPool1d([2], { stride: null }) },
  ],
  errors: [
    {
      call: () => zeros(1, 1, 6).maxPool1d(3, { padding: 2 }),
      error: 'OptionError',
      message: /maxPool1d: padding \[2\] is more than half of the kernel, which spans \[3\]/,
    },
    {
      call: () => zeros(1, 1, 4).maxPool1d(5),
      error: 'ShapeError',
      message: /maxPool1d: the kernel spans \[5\], more than the padded input \[4\]: x \[1, 1, 4\]/,
    },
  ],
  gold: 'nn.functional.max_pool1d',
});

/**
 * The largest element of each window over the last two axes: x [N, C, H, W] or [C, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool2d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example value([[[1, 2], [3, 4]]]).maxPool2d(2) // [[[4]]]
 */
export const maxPool2d: Op<MaxPool<2>> = composite<MaxPool<2>>('maxPool2d', maxPool('maxPool2d', 2), {
  glyph: '⊤',
  samples: [
    { inputs: [{ shape: [2, 1, 4, 4], distinct: true }], call: (x) => x.maxPool2d(2) },
    { inputs: [{ shape: [2, 4, 3], distinct: true }], call: (x) => x.maxPool2d(2, { stride: 1 }) },
    {
      inputs: [{ shape: [1, 2, 5, 4], distinct: true }],
      call: (x) =>
        x.maxPool2d([2, 3], {
          stride: [2, 1],
          padding: [1, 0],
          dilation: [2, 1],
          ceilMode: true,
          returnIndices: true,
        }),
    },
  ],
  errors: [
    {
      call: () => zeros(4, 4).maxPool2d(2),
      error: 'ShapeError',
      message: /maxPool2d: x must be \[N, C, H, W\] or \[C, H, W\], got \[4, 4\]/,
    },
    {
      call: () => zeros(1, 4, 4).maxPool2d(0),
      error: 'OptionError',
      message: /maxPool2d: kernelSize must be whole numbers ≥ 1, got \[0, 0\]/,
    },
    {
      call: () => zeros(1, 4, 4).maxPool2d(2, { ceil: true } as object),
      error: 'OptionError',
      message: /maxPool2d: unknown option "ceil"/,
    },
  ],
  gold: 'nn.functional.max_pool2d',
});

/**
 * The largest element of each window over the last three axes: x [N, C, D, H, W] or [C, D, H, W].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.max_pool3d.html
 * @throws OptionError for padding of more than half the kernel; ShapeError where no window fits.
 * @example ones([1, 3, 8, 8, 8]).maxPool3d(2) // [1, 3, 4, 4, 4]
 */
export const maxPool3d: Op<MaxPool<3>> = composite<MaxPool<3>>('maxPool3d', maxPool('maxPool3d', 3), {
  glyph: '⊤',
  samples: [
    { inputs: [{ shape: [1, 2, 2, 3, 2], distinct: true }], call: (x) => x.maxPool3d(2, { stride: 1 }) },
    {
      inputs: [{ shape: [1, 4, 3, 3], distinct: true }],
      call: (x) =>
        x.maxPool3d([2, 2, 3], { stride: [2, 1, 2], padding: [1, 0, 1], ceilMode: true, returnIndices: true }),
    },
  ],
  errors: [
    {
      call: () => zeros(4, 4, 4).maxPool3d(2),
      error: 'ShapeError',
      message: /maxPool3d: x must be \[N, C, D, H, W\] or \[C, D, H, W\], got \[4, 4, 4\]/,
    },
  ],
  gold: 'nn.functional.max_pool3d',
});

/**
 * The largest elements of `size` windows that cover the last axis: x [N, C, L] or [C, L]; null keeps the size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool1d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for an empty axis.
 * @example value([[1, 3, 2, 5]]).adaptiveMaxPool1d(1) // [[5]]
 */
export const adaptiveMaxPool1d: Op<AdaptiveMaxPool<1>> = composite<AdaptiveMaxPool<1>>(
  'adaptiveMaxPool1d',
  adaptiveMaxPool('adaptiveMaxPool1d', 1),
  {
    glyph: '⊤',
    samples: [
      { inputs: [{ shape: [2, 2, 5], distinct: true }], call: (x) => x.adaptiveMaxPool1d(3) },
      { inputs: [{ shape: [2, 4], distinct: true }], call: (x) => x.adaptiveMaxPool1d([2], { returnIndices: true }) },
    ],
    errors: [
      {
        call: () => zeros(1, 2, 0).adaptiveMaxPool1d(2),
        error: 'ShapeError',
        message: /adaptiveMaxPool1d: the spatial axes of \[1, 2, 0\] are empty/,
      },
    ],
    gold: 'nn.functional.adaptive_max_pool1d',
  },
);

/**
 * The largest elements of `size` windows that cover the last two axes: x [N, C, H, W] or [C, H, W]; null keeps a size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool2d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes.
 * @example ones([1, 3, 9, 8]).adaptiveMaxPool2d([4, null]) // [1, 3, 4, 8]
 */
export const adaptiveMaxPool2d: Op<AdaptiveMaxPool<2>> = composite<AdaptiveMaxPool<2>>(
  'adaptiveMaxPool2d',
  adaptiveMaxPool('adaptiveMaxPool2d', 2),
  {
    glyph: '⊤',
    samples: [
      { inputs: [{ shape: [2, 2, 3, 4], distinct: true }], call: (x) => x.adaptiveMaxPool2d(2) },
      {
        inputs: [{ shape: [2, 4, 3], distinct: true }],
        call: (x) => x.adaptiveMaxPool2d([3, null], { returnIndices: true }),
      },
    ],
    errors: [
      {
        call: () => zeros(1, 4, 4).adaptiveMaxPool2d([1, 2, 3]),
        error: 'OptionError',
        message: /adaptiveMaxPool2d: the size is a whole number.*2 axes, got \[1,2,3\]/,
      },
    ],
    gold: 'nn.functional.adaptive_max_pool2d',
  },
);

/**
 * The largest elements of `size` windows that cover the last three axes: x [N, C, D, H, W] or [C, D, H, W]; null keeps a
 * size.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.adaptive_max_pool3d.html
 * @throws OptionError for sizes that are no whole numbers; ShapeError for empty axes.
 * @example ones([1, 3, 4, 9, 8]).adaptiveMaxPool3d([2, 4, null]) // [1, 3, 2, 4, 8]
 */
export const adaptiveMaxPool3d: Op<AdaptiveMaxPool<3>> = composite<AdaptiveMaxPool<3>>(
  'adaptiveMaxPool3d',
  adaptiveMaxPool('adaptiveMaxPool3d', 3),
  {
    glyph: '⊤',
    samples: [
      { inputs: [{ shape: [2, 1, 2, 3, 2], distinct: true }], call: (x) => x.adaptiveMaxPool3d(2) },
      {
        inputs: [{ shape: [2, 3, 2, 2], distinct: true }],
        call: (x) => x.adaptiveMaxPool3d([2, null, 3], { returnIndices: true }),
      },
    ],
    errors: [
      {
        call: () => zeros(1, 0, 4, 4, 0).adaptiveMaxPool3d(1),
        error: 'ShapeError',
        message: /adaptiveMaxPool3d: the spatial axes of \[1, 0, 4, 4, 0\] are empty/,
      },
    ],
    gold: 'nn.functional.adaptive_max_pool3d',
  },
);
