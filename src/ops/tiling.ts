/** Elements repeated along axes. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Mutable, Shape } from '../base/shape-types.ts';
import { broadcastShapes, checkShape, sameShape, stridesOf } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { linear } from './families/linear.ts';
import { gathering } from './families/maps.ts';
import type { AnyOperand } from './families/signatures.ts';
import { gatherStrided } from './kernels/strided.ts';
import { composite, functionComposite, op, type Op } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

interface ShapeAttributes extends Record<string, unknown> {
  readonly shape: Shape;
}

/** Steps of 0 along the axes that stretch. */
function stretchedStrides(x: Shape, shape: Shape): number[] {
  const lead = shape.length - x.length;
  const own = stridesOf(x);
  return shape.map((_, i) => (i < lead || x[i - lead] === 1 ? 0 : own[i - lead]!));
}

const broadcastPrimitive: Primitive<ShapeAttributes> = linear<ShapeAttributes>({
  name: 'broadcastTo',
  glyph: '⤢',
  implicit: true,
  infer: (x, { shape }) => ({ shape, dtype: x.dtype }),
  run: (out, x) => gatherStrided(out, x, stretchedStrides(x.shape, out.shape), 0),
  lower: (x, { shape }) => gathering(shape, stretchedStrides(x.shape, shape)),
  copies: true,
  simplify: ({ primitive, inputs: [x], attrs }) => {
    if (sameShape(x!.shape, attrs.shape)) return x!;
    return x!.from?.primitive === primitive ? { primitive, inputs: x!.from.inputs, attrs } : null;
  },
  adjoint: (g, x) => {
    const lead = g.shape.length - x.shape.length;
    const axes = g.shape.flatMap((n, i) => (i < lead || (x.shape[i - lead] === 1 && n !== 1) ? [i] : []));
    return g.sum(axes, { keepDims: true }).reshape(x.shape);
  },
  batch: (x, size, { shape }) => {
    const element = x.shape.slice(1);
    const missing = new Array<number>(shape.length - element.length).fill(1);
    return stretched(x.reshape([size, ...missing, ...element]), [size, ...shape]);
  },
});

/** x stretched to a shape that is known to fit. */
const stretched = (x: Value, shape: Shape): Value =>
  sameShape(x.shape, shape) ? x : runtime.applyOne(broadcastPrimitive, [x], { shape });

function checkStretch(op: string, x: Shape, shape: Shape): void {
  const fits = x.length <= shape.length && sameShape(broadcastShapes(op, x, shape), shape);
  if (fits) return;
  throw new ShapeError(`${showShape(x)} cannot be stretched to ${showShape(shape)}`, {
    op,
    shapes: [x, shape],
    hint: 'Only axes of length 1 stretch, and new axes are added in front.',
  });
}

// broadcastTo, expand ----------------------------------------------------------------------------------------------

interface BroadcastTo {
  method<V extends Value, const S extends Shape>(this: V, shape: S): Value<Mutable<S>>;
  free<V extends AnyOperand, const S extends Shape>(x: V, shape: S): Value<Mutable<S>>;
}

/** Stretches axes of length 1, and adds axes in front, by NumPy's rule. @example value([1, 2]).broadcastTo([3, 2]) */
export const broadcastTo: Op<BroadcastTo> = op<BroadcastTo>(
  'broadcastTo',
  broadcastPrimitive,
  (operand: Operand, wanted: readonly number[]): Value => {
    const x = runtime.lift(operand, 'broadcastTo');
    if (sameShape(x.shape, wanted)) return x;
    const shape = checkShape('broadcastTo', wanted);
    checkStretch('broadcastTo', x.shape, shape);
    return stretched(x, shape);
  },
  {
    samples: [
      { inputs: [{ shape: [3] }], call: (x) => x.broadcastTo([2, 3]) },
      { inputs: [{ shape: [2, 1] }], call: (x) => x.broadcastTo([4, 2, 3]) },
      { inputs: [{ shape: [] }], call: (x) => x.broadcastTo([2]) },
      { inputs: [{ shape: [2, 1] }], call: (x) => x.broadcastTo([2, 0]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').broadcastTo([3]),
        error: 'ShapeError',
        message: /broadcast.*\[2\].*\[3\]/s,
      },
      {
        call: () => runtime.fill([2, 1], 0, 'float64').broadcastTo([2]),
        error: 'ShapeError',
        message: /broadcastTo: \[2, 1\] cannot be stretched to \[2\]/,
      },
    ],
    gold: 'broadcast_to',
  },
);

interface Expand {
  method<V extends Value, const S extends Shape>(this: V, shape: S): Value<-1 extends S[number] ? Shape : Mutable<S>>;
  free<V extends AnyOperand, const S extends Shape>(x: V, shape: S): Value<-1 extends S[number] ? Shape : Mutable<S>>;
}

/** −1 keeps an axis of x. */
function keptShape(wanted: readonly number[], x: Shape): Shape {
  const lead = wanted.length - x.length;
  return checkShape(
    'expand',
    wanted.map((n, i) => (n === -1 && i >= lead ? x[i - lead]! : n)),
  );
}

/**
 * As broadcastTo; −1 keeps the length of an axis.
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.expand.html
 * @throws ShapeError where an axis that is not 1 would have to stretch, or −1 stands for a new axis.
 * @example zeros([3, 1]).expand([-1, 4]) // [3, 4]
 */
export const expand: Op<Expand> = op<Expand>(
  'expand',
  broadcastPrimitive,
  (operand: Operand, wanted: readonly number[]): Value => {
    const x = runtime.lift(operand, 'expand');
    const shape = keptShape(wanted, x.shape);
    checkStretch('expand', x.shape, shape);
    return stretched(x, shape);
  },
  {
    samples: [
      { inputs: [{ shape: [3, 1] }], call: (x) => x.expand([-1, 4]) },
      { inputs: [{ shape: [1, 2] }], call: (x) => x.expand([3, -1, -1]) },
      { inputs: [{ shape: [] }], call: (x) => x.expand([2, 2]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').expand([-1, 2]),
        error: 'ShapeError',
        message: /expand: \[-1, 2\] is not a shape/,
      },
    ],
    gold: 'expand',
  },
);

// repeat, tile -----------------------------------------------------------------------------------------------------

/** Every axis i repeated `counts[i]` times; there are at least as many counts as axes. */
function repeated(x: Value, counts: readonly number[]): Value {
  const missing = new Array<number>(counts.length - x.rank).fill(1);
  const shape = [...missing, ...x.shape];
  const apart = x.reshape(shape.flatMap((n) => [1, n]));
  return stretched(
    apart,
    shape.flatMap((n, i) => [counts[i]!, n]),
  ).reshape(shape.map((n, i) => n * counts[i]!));
}

interface Counts {
  method(this: Value, counts: readonly number[]): Value;
  free(x: AnyOperand, counts: readonly number[]): Value;
}

/**
 * Repeats x along each axis; further counts in front add axes.
 * https://docs.pytorch.org/docs/stable/generated/torch.Tensor.repeat.html
 * @throws ShapeError for fewer counts than axes.
 * @example value([1, 2]).repeat([2, 2]) // [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export const repeat: Op<Counts> = composite<Counts>(
  'repeat',
  (operand: Operand, counts: readonly number[]): Value => {
    const x = runtime.lift(operand, 'repeat');
    checkShape('repeat', counts);
    if (counts.length >= x.rank) return repeated(x, counts);
    throw new ShapeError(`${counts.length} counts for the ${x.rank} axes of ${showShape(x.shape)}`, {
      op: 'repeat',
      shapes: [x.shape],
      hint: 'Give one for each axis, or use tile, which fills up with ones in front.',
    });
  },
  {
    glyph: '⧉',
    samples: [
      { inputs: [{ shape: [2] }], call: (x) => x.repeat([3]) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.repeat([2, 1, 2]) },
      { inputs: [{ shape: [] }], call: (x) => x.repeat([2]) },
      { inputs: [{ shape: [2] }], call: (x) => x.repeat([0]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 2], 0, 'float64').repeat([2]),
        error: 'ShapeError',
        message: /repeat: 1 counts for the 2 axes of \[2, 2\]/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').repeat([-1]),
        error: 'ShapeError',
        message: /repeat.*-1/,
      },
    ],
    gold: 'repeat',
  },
);

/**
 * As repeat, with the last count for the last axis: missing ones in front are 1.
 * https://docs.pytorch.org/docs/stable/generated/torch.tile.html
 * @example value([[1], [2]]).tile([2]) // [[1, 1], [2, 2]]
 */
export const tile: Op<Counts> = composite<Counts>(
  'tile',
  (operand: Operand, counts: readonly number[]): Value => {
    const x = runtime.lift(operand, 'tile');
    checkShape('tile', counts);
    const missing = new Array<number>(Math.max(0, x.rank - counts.length)).fill(1);
    return repeated(x, [...missing, ...counts]);
  },
  {
    glyph: '⧉',
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.tile([2]) },
      { inputs: [{ shape: [2] }], call: (x) => x.tile([2, 2]) },
      { inputs: [{ shape: [] }], call: (x) => x.tile([]) },
    ],
    errors: [{ call: () => runtime.fill([2], 0, 'float64').tile([1.5]), error: 'ShapeError', message: /tile.*1\.5/ }],
    gold: 'tile',
  },
);

// meshgrid ---------------------------------------------------------------------------------------------------------

export interface MeshgridOptions {
  /** `ij` (default): the first vector runs along axis 0; `xy`: along axis 1, as in plots. */
  readonly indexing?: 'ij' | 'xy';
}

interface Meshgrid {
  method: never;
  free(vectors: readonly AnyOperand[], options?: MeshgridOptions): Value[];
}

/**
 * Coordinates of a grid from its axes: for each vector a Value of the grid's shape.
 * https://docs.pytorch.org/docs/stable/generated/torch.meshgrid.html
 * @throws ShapeError for operands of more than one axis.
 * @example const [y, x] = meshgrid([arange(2), arange(3)]) // both [2, 3]
 */
export const meshgrid: Op<Meshgrid> = functionComposite<Meshgrid>(
  'meshgrid',
  (vectors: readonly Operand[], options?: MeshgridOptions): Value[] => {
    checkOptions('meshgrid', options, ['indexing']);
    const indexing = options?.indexing ?? 'ij';
    if (indexing !== 'ij' && indexing !== 'xy') {
      throw new OptionError(`indexing is 'ij' or 'xy', got ${JSON.stringify(indexing)}`, {
        op: 'meshgrid',
        option: 'indexing',
      });
    }
    const xs = vectors.map((vector) => runtime.lift(vector, 'meshgrid'));
    for (const x of xs) {
      if (x.rank > 1)
        throw new ShapeError(`takes vectors, got ${showShape(x.shape)}`, { op: 'meshgrid', shapes: [x.shape] });
    }
    const axisOf = (i: number): number => (indexing === 'xy' && xs.length > 1 && i < 2 ? 1 - i : i);
    const shape = xs.map((_, axis) => xs[axisOf(axis)]!.size);
    return xs.map((x, i) => stretched(x.reshape(xs.map((_, axis) => (axis === axisOf(i) ? x.size : 1))), shape));
  },
  {
    glyph: '⊞',
    samples: [
      { inputs: [{ shape: [2] }, { shape: [3] }], call: (x, y) => meshgrid([x, y]) },
      {
        inputs: [{ shape: [2] }, { shape: [3] }, { shape: [] }],
        call: (x, y, z) => meshgrid([x, y, z], { indexing: 'xy' }),
      },
      { inputs: [{ shape: [3] }], call: (x) => meshgrid([x], { indexing: 'xy' }) },
    ],
    errors: [
      {
        call: () => meshgrid([runtime.fill([2, 2], 0, 'float64')]),
        error: 'ShapeError',
        message: /meshgrid: takes vectors, got \[2, 2\]/,
      },
      {
        call: () => meshgrid([1], { indexing: 'yx' as 'xy' }),
        error: 'OptionError',
        message: /meshgrid: indexing.*"yx"/,
      },
    ],
    gold: 'meshgrid.list_of_tensors',
  },
);
