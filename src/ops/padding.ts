/** Elements added around the axes. */
import { castNumber } from '../base/dtypes.ts';
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { composite, type Op } from './op.ts';
import { embedPrimitive } from './families/slicing.ts';
import { runtime, type Operand } from './runtime.ts';

export interface PadOptions {
  /** What the new elements are: a value (default), the mirrored axis, its end, or its other end. */
  readonly mode?: 'constant' | 'reflect' | 'replicate' | 'circular';
  /** For mode constant; default 0. */
  readonly value?: number;
}

/** What is added (or, if negative, cut off) before and behind an axis. */
interface Margin {
  readonly before: number;
  readonly behind: number;
}

/** PyTorch's list [last axis before, behind, the axis before it …] as one margin for each axis of x. */
function marginsOf(padding: readonly number[], x: Shape): Margin[] {
  if (!Array.isArray(padding) || padding.length % 2 !== 0 || !padding.every(Number.isInteger)) {
    throw new OptionError(`padding is a list of pairs of whole numbers, got ${JSON.stringify(padding)}`, {
      op: 'pad',
      option: 'padding',
      hint: 'As in PyTorch: [left, right] of the last axis, then [top, bottom] of the one before it, …',
    });
  }
  if (padding.length > 2 * x.length) {
    throw new ShapeError(`${padding.length / 2} pairs for the ${x.length} axes of ${showShape(x)}`, {
      op: 'pad',
      shapes: [x],
    });
  }
  return x.map((n, axis) => {
    const at = 2 * (x.length - 1 - axis);
    const margin = { before: (padding as number[])[at] ?? 0, behind: (padding as number[])[at + 1] ?? 0 };
    if (n + margin.before + margin.behind >= 0 && n + margin.before >= 0 && n + margin.behind >= 0) return margin;
    throw new ShapeError(
      `padding [${margin.before}, ${margin.behind}] cuts off more than axis ${axis} of ${showShape(x)}`,
      {
        op: 'pad',
        shapes: [x],
        axis,
      },
    );
  });
}

/** The part of x that negative margins leave. */
const cropped = (x: Value, margins: readonly Margin[]): Value =>
  x.slice(
    ...margins.map(({ before, behind }, i) => [Math.max(0, -before), x.shape[i]! - Math.max(0, -behind)] as const),
  );

/** The margins after cropping. */
const growing = ({ before, behind }: Margin): Margin => ({ before: Math.max(0, before), behind: Math.max(0, behind) });

const embedded = (x: Value, margins: readonly Margin[]): Value =>
  runtime.applyOne(embedPrimitive, [x], {
    starts: margins.map(({ before }) => before),
    sizes: x.shape,
    steps: margins.map(() => 1),
    shape: margins.map(({ before, behind }, i) => before + x.shape[i]! + behind),
  });

function padConstant(x: Value, margins: readonly Margin[], fill: number): Value {
  const inner = cropped(x, margins);
  const grown = margins.map(growing);
  if (grown.every(({ before, behind }) => before + behind === 0)) return inner;
  const zeroPadded = embedded(inner, grown);
  const held = castNumber(fill, x.dtype);
  if (Object.is(held, 0)) return zeroPadded;
  const inside = embedded(runtime.fill(inner.shape, 1, 'bool'), grown);
  return zeroPadded.where(inside, runtime.fill(zeroPadded.shape, held, x.dtype));
}

/** Which element of an axis of length n stands at place i, which may lie outside. */
type Source = (i: number, n: number) => number;

const SOURCES: Readonly<Record<'reflect' | 'replicate' | 'circular', Source>> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * (n - 1) - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => ((i % n) + n) % n,
};

/** How much may be added to an axis of length n at either end. */
const MOST: Readonly<Record<keyof typeof SOURCES, (n: number) => number>> = {
  reflect: (n) => n - 1,
  replicate: (n) => (n > 0 ? Infinity : 0),
  circular: (n) => n,
};

/** Every padded axis is a choice among the elements it has. */
function padFromInside(x: Value, margins: readonly Margin[], mode: keyof typeof SOURCES): Value {
  // What circular padding repeats is the cropped axis; reflection also sees what is cut off.
  const start = mode === 'circular' ? cropped(x, margins) : x;
  return margins.reduce((y, margin, axis) => {
    const { before, behind } = mode === 'circular' ? growing(margin) : margin;
    if (before === 0 && behind === 0) return y;
    const n = y.shape[axis]!;
    if (Math.max(before, behind) > MOST[mode](n)) {
      throw new ShapeError(
        `${mode} padding [${before}, ${behind}] is too long for axis ${axis} of ${showShape(x.shape)}`,
        {
          op: 'pad',
          shapes: [x.shape],
          axis,
          hint: `At most ${MOST[mode](n)} elements can be added at either end.`,
        },
      );
    }
    const index = Int32Array.from({ length: n + before + behind }, (_, i) => SOURCES[mode](i - before, n));
    return y.indexSelect(axis, runtime.fromArray(index, [index.length], 'int32'));
  }, start);
}

interface Pad {
  method(this: Value, padding: readonly number[], options?: PadOptions): Value;
  free(x: AnyOperand, padding: readonly number[], options?: PadOptions): Value;
}

/**
 * x with elements added around its axes. `padding` lists pairs from the last axis on: [left, right, top, bottom, …];
 * negative ones cut off. Modes: `constant` (`value`, default 0), `reflect` (mirrored, the end not repeated),
 * `replicate` (the end repeated), `circular` (from the other end).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 * @throws ShapeError for more pairs than axes, or more elements than the mode can supply.
 * @example value([1, 2, 3]).pad([1, 1], { mode: 'reflect' }) // [2, 1, 2, 3, 2]
 */
export const pad: Op<Pad> = composite<Pad>(
  'pad',
  (operand: Operand, padding: readonly number[], options?: PadOptions): Value => {
    checkOptions('pad', options, ['mode', 'value']);
    const x = runtime.lift(operand, 'pad');
    const mode = options?.mode ?? 'constant';
    const margins = marginsOf(padding, x.shape);
    if (mode === 'constant') return padConstant(x, margins, options?.value ?? 0);
    if (!Object.hasOwn(SOURCES, mode)) {
      throw new OptionError(`unknown mode ${JSON.stringify(mode)}`, {
        op: 'pad',
        option: 'mode',
        hint: 'Use constant, reflect, replicate or circular.',
      });
    }
    if (options?.value !== undefined && options.value !== 0) {
      throw new OptionError(`mode ${mode} takes no value`, { op: 'pad', option: 'value' });
    }
    return padFromInside(x, margins, mode);
  },
  {
    glyph: '⊡',
    samples: [
      { inputs: [{ shape: [2, 3] }], call: (x) => x.pad([1, 2]) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.pad([0, 1, 2, 0], { value: 1.5 }) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.pad([-1, 1, 1, -2], { value: 1.5 }) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.pad([2, 1, 1, 0], { mode: 'reflect' }) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.pad([4, -1], { mode: 'replicate' }) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.pad([2, -1, 1, 2], { mode: 'circular' }) },
      { inputs: [{ shape: [0, 2] }], call: (x) => x.pad([1, 0, 2, 0]) },
      { inputs: [{ shape: [] }], call: (x) => x.pad([]) },
    ],
    errors: [
      {
        call: () => runtime.fill([3], 0, 'float64').pad([1, 0, 1, 0]),
        error: 'ShapeError',
        message: /pad: 2 pairs for the 1 axes of \[3\]/,
      },
      {
        call: () => runtime.fill([3], 0, 'float64').pad([3, 0], { mode: 'reflect' }),
        error: 'ShapeError',
        message: /pad: reflect padding \[3, 0\] is too long for axis 0 of \[3\].*At most 2/s,
      },
      {
        call: () => runtime.fill([3], 0, 'float64').pad([-4, 2]),
        error: 'ShapeError',
        message: /pad: padding \[-4, 2\] cuts off more/,
      },
      {
        call: () => runtime.fill([3], 0, 'float64').pad([1]),
        error: 'OptionError',
        message: /pad: padding is a list of pairs/,
      },
      {
        call: () => runtime.fill([3], 0, 'float64').pad([1, 0], { mode: 'mirror' as 'reflect' }),
        error: 'OptionError',
        message: /pad: unknown mode "mirror".*reflect/s,
      },
    ],
    gold: [
      'nn.functional.pad.constant',
      'nn.functional.pad.reflect',
      'nn.functional.pad.replicate',
      'nn.functional.pad.circular',
    ],
  },
);
