/** PyTorch's and NumPy's square brackets: numbers, ranges, new axes, integer tensors and masks together. */
import { AxisError, DtypeError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { broadcastShapes, SCALAR, sizeOf, type Shape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { wrapIndices } from './families/ravel.ts';
import { takeRows } from './indexing-rows.ts';
import { maskPlaces } from './indexing-masks.ts';
import { composite, type Op } from './op.ts';
import { resolve, take, whole, type Part, type Range } from './families/slicing.ts';
import { runtime, type Operand } from './runtime.ts';

/**
 * One entry between the brackets. A number picks and drops an axis; `'1:5:2'` or `{ slice: [1, 5, 2] }` take a range,
 * `':'` a whole axis, `'...'` all axes that are not named; null makes a new axis; an int32 Value or an array of numbers
 * picks one slice for each of its elements; a bool Value or an array of booleans picks where it holds.
 */
export type IndexEntry =
  | number
  | boolean
  | null
  | '...'
  | `${string}:${string}`
  | { readonly slice: readonly [start?: number | null, stop?: number | null, step?: number | null] }
  | Value
  | readonly number[]
  | readonly boolean[];

/** An index read: what it does to the next axes of x. */
type Selector =
  | { readonly kind: 'range'; readonly range: Range }
  | { readonly kind: 'rest' }
  | { readonly kind: 'new' }
  | { readonly kind: 'indices'; readonly values: readonly Value[]; readonly mask: Shape | null };

// Reading entries --------------------------------------------------------------------------------------------------

const RANGE = /^\s*(-?\d+)?\s*:\s*(-?\d+)?\s*(?::\s*(-?\d+)?\s*)?$/;

function parseRange(text: string): Range {
  const found = RANGE.exec(text);
  if (found === null) {
    throw new OptionError(`cannot read ${JSON.stringify(text)}`, {
      op: 'index',
      hint: `A range is written 'start:stop:step', each part optional; '...' stands for all axes not named.`,
    });
  }
  const [start, stop, step] = found
    .slice(1)
    .map((part: string | undefined) => (part === undefined ? null : Number(part)));
  return [start!, stop!, step ?? 1];
}

const vectorOf = (list: readonly number[]): Value => runtime.fromArray(Int32Array.from(list), [list.length], 'int32');

function fromList(list: readonly unknown[]): Selector {
  if (list.length > 0 && list.every((b) => typeof b === 'boolean')) {
    return fromMask(runtime.fromArray(Uint8Array.from(list, Number), [list.length], 'bool'));
  }
  const indices = list as readonly number[];
  if (list.every(Number.isInteger)) return { kind: 'indices', values: [vectorOf(indices)], mask: null };
  throw new DtypeError('a list of indices holds whole numbers, or booleans', {
    op: 'index',
    hint: `For indices of more axes use constant([[…]], { dtype: 'int32' }).`,
  });
}

/** Where a mask holds: one list of indices for each of its axes. */
function fromMask(mask: Value): Selector {
  return { kind: 'indices', values: maskPlaces(mask).map(vectorOf), mask: mask.shape };
}

type RangeEntry = Extract<IndexEntry, { readonly slice: readonly unknown[] }>;

const isRangeEntry = (entry: object): entry is RangeEntry => Array.isArray((entry as { slice?: unknown }).slice);

function read(entry: IndexEntry): Selector {
  if (entry === null) return { kind: 'new' };
  if (entry === '...') return { kind: 'rest' };
  if (typeof entry === 'number') return { kind: 'range', range: entry };
  if (typeof entry === 'string') return { kind: 'range', range: parseRange(entry) };
  if (typeof entry === 'boolean') return fromMask(runtime.fill(SCALAR, Number(entry), 'bool'));
  if (runtime.isValue(entry)) {
    return entry.dtype === 'bool' ? fromMask(entry) : { kind: 'indices', values: [entry], mask: null };
  }
  if (Array.isArray(entry)) return fromList(entry as readonly unknown[]);
  if (typeof entry === 'object' && isRangeEntry(entry)) {
    const [start, stop, step] = entry.slice;
    return { kind: 'range', range: [start ?? null, stop ?? null, step ?? 1] };
  }
  throw new TypeError(`index: cannot index with ${typeof entry}`);
}

/** How many axes of x a selector takes. */
const axesTaken = (s: Selector): number =>
  s.kind === 'range' ? 1 : s.kind === 'indices' ? (s.mask === null ? 1 : s.mask.length) : 0;

/** The selectors with `'...'` (or the end) spelt out as whole axes. */
function complete(selectors: readonly Selector[], x: Shape): Selector[] {
  const missing = x.length - selectors.reduce((n, s) => n + axesTaken(s), 0);
  if (missing < 0) {
    throw new AxisError(`${x.length - missing} axes are indexed, ${showShape(x)} has ${x.length}`, {
      op: 'index',
      shapes: [x],
    });
  }
  const rest = new Array<Selector>(missing).fill({ kind: 'range', range: null });
  const at = selectors.findIndex((s) => s.kind === 'rest');
  if (at < 0) return [...selectors, ...rest];
  if (selectors.findLastIndex((s) => s.kind === 'rest') !== at)
    throw new OptionError(`'...' is given twice`, { op: 'index' });
  return [...selectors.slice(0, at), ...rest, ...selectors.slice(at + 1)];
}

// The plan ---------------------------------------------------------------------------------------------------------

/** An axis after ranges have been taken and new axes made. */
interface Axis {
  readonly size: number;
  /** What picks from it; absent where it stays. */
  readonly index?: Value;
  /** Its place in x, for errors. */
  readonly origin: number;
}

interface Plan {
  /** One for each axis of x. */
  readonly parts: readonly Part[];
  readonly axes: readonly Axis[];
}

function checkMask(mask: Shape, x: Shape, origin: number): void {
  mask.forEach((n, i) => {
    if (n === x[origin + i]) return;
    throw new ShapeError(
      `a mask ${showShape(mask)} does not fit ${showShape(x)}: axis ${origin + i} has length ${x[origin + i]}, the mask ${n}`,
      { op: 'index', shapes: [x, mask], axis: origin + i },
    );
  });
}

function planOf(selectors: readonly Selector[], x: Shape): Plan {
  const parts: Part[] = [];
  const axes: Axis[] = [];
  for (const selector of selectors) {
    const origin = parts.length;
    if (selector.kind === 'range') {
      const part = resolve('index', selector.range, x[origin]!, origin, x);
      parts.push(part);
      if (!part.drop) axes.push({ size: part.size, origin });
    } else if (selector.kind === 'indices') {
      if (selector.mask !== null) checkMask(selector.mask, x, origin);
      // A mask without axes is true or false: it picks 1 or 0 times from an axis of its own.
      const own = selector.mask?.length === 0;
      for (const index of selector.values) {
        const size = own ? 1 : x[parts.length]!;
        axes.push({ size, index, origin: parts.length });
        if (!own) parts.push(whole(size));
      }
    } else {
      axes.push({ size: 1, origin });
    }
  }
  return { parts, axes };
}

// Picking ----------------------------------------------------------------------------------------------------------

/** Axes picked by a single number each, held in a Value: they vanish one by one, as numbers do. */
function pickScalars(x: Value, axes: readonly Axis[]): readonly [Value, readonly Axis[]] {
  let y = x;
  const left: Axis[] = [];
  for (const axis of axes) {
    if (axis.index?.rank === 0) {
      const place = wrapIndices('index', [axis.index], [axis.size], [axis.origin]);
      y = takeRows(y, place, { as: 'index', axis: left.length, shared: 0 });
    } else {
      left.push(axis);
    }
  }
  return [y, left];
}

/**
 * The indexed axes, brought together and seen as one, are replaced by the axes of the broadcast indices: in place if
 * they were neighbours, else in front.
 */
function pickTogether(x: Value, axes: readonly Axis[]): Value {
  const picked = axes.flatMap((axis, i) => (axis.index === undefined ? [] : [i]));
  if (picked.length === 0) return x;
  const indices = picked.map((i) => axes[i]!.index!);
  const common = indices.reduce<Shape>((shape, index) => broadcastShapes('index', shape, index.shape), SCALAR);
  const lengths = picked.map((i) => axes[i]!.size);
  const place = wrapIndices(
    'index',
    indices.map((index) => index.broadcastTo(common)),
    lengths,
    picked.map((i) => axes[i]!.origin),
  );
  const neighbours = picked.every((i, k) => i === picked[0]! + k);
  const others = axes.map((_, i) => i).filter((i) => !picked.includes(i));
  const at = neighbours ? picked[0]! : 0;
  const order = [...others.slice(0, at), ...picked, ...others.slice(at)];
  const shape = [
    ...others.slice(0, at).map((i) => axes[i]!.size),
    sizeOf(lengths),
    ...others.slice(at).map((i) => axes[i]!.size),
  ];
  return takeRows(x.permute(order).reshape(shape), place, { as: 'index', axis: at, shared: 0 });
}

interface Index {
  method(this: Value, ...entries: readonly IndexEntry[]): Value;
  free(x: AnyOperand, ...entries: readonly IndexEntry[]): Value;
}

/**
 * What `x[…]` gives in PyTorch and NumPy. Entries, axis by axis: a number picks and drops the axis; `'1:5:2'`, `':'` or
 * `{ slice: [1, 5, 2] }` take a range; `'...'` stands for all axes not named; null makes a new axis; int32 Values and
 * arrays of numbers, broadcast together, pick one slice for each element (negative ones count from the end); bool Values
 * and arrays of booleans pick where they hold. The axes of the picked indices stand where the indexed axes were if those
 * are neighbours, else in front.
 * https://docs.pytorch.org/docs/stable/tensor_view.html
 * @throws AxisError for an index out of range or too many entries; ShapeError for a mask or indices that do not fit;
 * TraceError for a traced mask, whose result has no known shape.
 * @example arange(12).reshape([3, 4]).index([0, 2], '1:3') // [[1, 2], [9, 10]]
 */
export const index: Op<Index> = composite<Index>(
  'index',
  (operand: Operand, ...entries: IndexEntry[]): Value => {
    const x = runtime.lift(operand, 'index');
    const { parts, axes } = planOf(complete(entries.map(read), x.shape), x.shape);
    const ranged = take(
      x,
      parts.map((part) => ({ ...part, drop: false })),
    ).reshape(axes.map((axis) => axis.size));
    return pickTogether(...pickScalars(ranged, axes));
  },
  {
    glyph: '[…]',
    samples: [
      { inputs: [{ shape: [3, 4] }], call: (x) => x.index(1, '::-2') },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.index('...', null, { slice: [1, 3] }) },
      { inputs: [{ shape: [3, 4] }], call: (x) => x.index([0, -1, 0]) },
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.index([0, 1], ':', [-1, 2]) },
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.index(':', [true, false, true], 1) },
      {
        inputs: [
          { shape: [2, 3, 4] },
          { shape: [2, 1], dtype: 'int32', min: -3, max: 2 },
          { shape: [3], dtype: 'int32', min: 0, max: 3 },
        ],
        call: (x, i, j) => x.index(':', i, j),
      },
      {
        inputs: [{ shape: [3, 4] }, { shape: [], dtype: 'int32', min: -3, max: 2 }],
        call: (x, i) => x.index(i, [1, 1]),
      },
      { inputs: [{ shape: [3, 0] }], call: (x) => x.index([1, 1]) },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 3], 0, 'float64').index(':', [0, 3]),
        error: 'AxisError',
        message: /index: index 3 .*axis 1 of length 3/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').index(0, 0),
        error: 'AxisError',
        message: /index: 2 axes are indexed, \[2\] has 1/,
      },
      {
        call: () => runtime.fill([2, 3], 0, 'float64').index([true, false, true]),
        error: 'ShapeError',
        message: /index: a mask \[3\] does not fit \[2, 3\]: axis 0 has length 2, the mask 3/,
      },
      {
        call: () => runtime.fill([2, 3], 0, 'float64').index([0, 1], [0, 1, 2]),
        error: 'ShapeError',
        message: /index: cannot broadcast \[2\] with \[3\]/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').index('a:b'),
        error: 'OptionError',
        message: /index: cannot read "a:b"/,
      },
      {
        call: () => runtime.fill([2], 0, 'float64').index(runtime.fill([1], 0, 'float64')),
        error: 'DtypeError',
        message: /index: indices are int32, got float64/,
      },
    ],
    gold: '__getitem__',
  },
);
