/** Running results along an axis. */
import type { Dense } from '../base/storage.ts';
import type { Value } from '../value/value.ts';
import {
  alongAxis,
  selectAlongAxis,
  type AlongAxis,
  type Selected,
  type SelectedAlongAxis,
} from './families/along-axis.ts';
import { linear } from './families/linear.ts';
import { aroundAxis } from './kernels/axis.ts';
import { composite, op, type ErrorSample, type Op, type Sample } from './op.ts';
import { primitive, type Primitive } from './primitive.ts';
import { productsBefore, recurrence } from './families/recurrence.ts';
import { runtime, type Operand } from './runtime.ts';

/** As in PyTorch, bool is counted. */
const counted = (x: Value): Value => (x.dtype === 'bool' ? x.to('int32') : x);

const samplesOf = (call: (x: Value, axis: number) => unknown, distinct: boolean = false): Sample[] => [
  { inputs: [{ shape: [4], distinct }], call: (x) => call(x, 0) },
  { inputs: [{ shape: [2, 3, 2], distinct }], call: (x) => call(x, 1) },
  { inputs: [{ shape: [2, 3], distinct }], call: (x) => call(x, -1) },
  { inputs: [{ shape: [2, 0] }], call: (x) => call(x, 1) },
  { inputs: [{ shape: [2, 1] }], call: (x) => call(x, 1) },
  { inputs: [{ shape: [] }], call: (x) => call(x, 0) },
];

const errorsOf = (name: string, call: (x: Value, axis: number) => unknown): ErrorSample[] => [
  {
    call: () => call(runtime.fill([2, 3], 0, 'float64'), 2),
    error: 'AxisError',
    message: new RegExp(`${name}: axis 2 is out of range for shape \\[2, 3\\]`),
  },
];

// cumsum -----------------------------------------------------------------------------------------------------------

interface CumsumAttributes extends Record<string, unknown> {
  readonly axis: number;
  /** Sums what lies behind instead of what lies before. */
  readonly reverse: boolean;
}

// Storing into the output rounds to float32 and wraps to int32.
function runCumsum(out: Dense, x: Dense, { axis, reverse }: CumsumAttributes): void {
  const { before, length, behind } = aroundAxis(x.shape, axis);
  const step = reverse ? -behind : behind;
  for (let m = 0; m < before; m++) {
    let at = (m * length + (reverse ? length - 1 : 0)) * behind;
    // From +0, as a sum starts.
    for (let j = 0; j < behind; j++) out.data[at + j] = 0 + x.data[at + j]!;
    for (let i = 1; i < length; i++) {
      const previous = at;
      at += step;
      for (let j = 0; j < behind; j++) out.data[at + j] = out.data[previous + j]! + x.data[at + j]!;
    }
  }
}

const cumsumPrimitive: Primitive<CumsumAttributes> = linear<CumsumAttributes>({
  name: 'cumsum',
  glyph: 'Σ→',
  infer: (x) => ({ shape: x.shape, dtype: x.dtype }),
  run: runCumsum,
  adjoint: (g, _, { axis, reverse }) => runtime.applyOne(cumsumPrimitive, [g], { axis, reverse: !reverse }),
  batch: (x, _, { axis, reverse }) => runtime.applyOne(cumsumPrimitive, [x], { axis: axis + 1, reverse }),
});

/**
 * Running sums along an axis, added one after the other; of bool, running counts.
 * https://docs.pytorch.org/docs/stable/generated/torch.cumsum.html
 * @example value([1, 2, 3]).cumsum(0) // [1, 3, 6]
 */
export const cumsum: Op<AlongAxis> = op<AlongAxis>(
  'cumsum',
  cumsumPrimitive,
  (x: Operand, axis: number): Value =>
    alongAxis('cumsum', counted(runtime.lift(x, 'cumsum')), axis, (v, at) =>
      runtime.applyOne(cumsumPrimitive, [v], { axis: at, reverse: false }),
    ),
  {
    samples: samplesOf((x, axis) => x.cumsum(axis)),
    errors: errorsOf('cumsum', (x, axis) => x.cumsum(axis)),
    gold: 'cumsum',
  },
);

// cumprod ----------------------------------------------------------------------------------------------------------

/**
 * Running products along an axis. Zeros are ordinary: derivatives of any order divide by nothing.
 * https://docs.pytorch.org/docs/stable/generated/torch.cumprod.html
 * @example value([1, 2, 3]).cumprod(0) // [1, 2, 6]
 */
export const cumprod: Op<AlongAxis> = composite<AlongAxis>(
  'cumprod',
  (x: Operand, axis: number): Value =>
    alongAxis('cumprod', counted(runtime.lift(x, 'cumprod')), axis, (v, at) => productsBefore(v, at, false).mul(v)),
  {
    glyph: 'Π→',
    samples: [
      ...samplesOf((x, axis) => x.cumprod(axis)),
      {
        inputs: [{ shape: [5] }, { shape: [5], min: 0, max: 0 }],
        call: (x, zero) => x.where(runtime.fromArray(Uint8Array.of(1, 0, 1, 0, 1), [5], 'bool'), zero).cumprod(0),
      },
    ],
    errors: errorsOf('cumprod', (x, axis) => x.cumprod(axis)),
    gold: 'cumprod',
  },
);

// cummax, cummin ---------------------------------------------------------------------------------------------------

interface RunningAttributes extends Record<string, unknown> {
  readonly axis: number;
  readonly largest: boolean;
}

/** Whether x takes over from the best so far: the last of equals; NaN from everything, a NaN only from a NaN. */
const takesOver = (x: number, best: number, largest: boolean): boolean =>
  x !== x || (best === best && (largest ? x >= best : x <= best));

function runRunningExtreme(out: Dense, x: Dense, { axis, largest }: RunningAttributes): void {
  const { before, length, behind } = aroundAxis(x.shape, axis);
  for (let m = 0; m < before; m++) {
    const start = m * length * behind;
    for (let i = 1, at = start + behind; i < length; i++) {
      for (let j = 0; j < behind; j++, at++) {
        const best = out.data[at - behind]!;
        out.data[at] = takesOver(x.data[at]!, x.data[start + best * behind + j]!, largest) ? i : best;
      }
    }
  }
}

/** Where the extreme of everything up to each element is. */
const runningExtremePrimitive: Primitive<RunningAttributes> = primitive<RunningAttributes>({
  name: 'runningExtreme',
  glyph: '⌖→',
  title: ({ largest }) => (largest ? 'cummax' : 'cummin'),
  infer: ([x]) => [{ shape: x!.shape, dtype: 'int32' }],
  compute: { kind: 'kernel', run: ([out], [x], attrs) => runRunningExtreme(out!, x!, attrs) },
  derivatives: { kind: 'none' },
  batch: ([x], _, __, attrs) => [runtime.applyOne(runningExtremePrimitive, [x!], { ...attrs, axis: attrs.axis + 1 })],
});

const runningExtreme = (name: string, x: Value, axis: number, largest: boolean): Selected =>
  selectAlongAxis(name, x, axis, (v, at) => {
    const indices = runtime.applyOne(runningExtremePrimitive, [v], { axis: at, largest });
    return { values: v.gather(at, indices), indices };
  });

/**
 * The largest element so far along an axis, with its index: the last of equals. NaN stays.
 * https://docs.pytorch.org/docs/stable/generated/torch.cummax.html
 * @example value([1, 3, 2]).cummax(0).values // [1, 3, 3]
 */
export const cummax: Op<SelectedAlongAxis> = op<SelectedAlongAxis>(
  'cummax',
  runningExtremePrimitive,
  (x: Operand, axis: number) => runningExtreme('cummax', runtime.lift(x, 'cummax'), axis, true),
  {
    samples: samplesOf((x, axis) => x.cummax(axis), true),
    errors: errorsOf('cummax', (x, axis) => x.cummax(axis)),
    gold: 'cummax',
  },
);

/**
 * The smallest element so far along an axis, with its index: the last of equals. NaN stays.
 * https://docs.pytorch.org/docs/stable/generated/torch.cummin.html
 * @example value([3, 1, 2]).cummin(0).values // [3, 1, 1]
 */
export const cummin: Op<SelectedAlongAxis> = op<SelectedAlongAxis>(
  'cummin',
  runningExtremePrimitive,
  (x: Operand, axis: number) => runningExtreme('cummin', runtime.lift(x, 'cummin'), axis, false),
  {
    samples: samplesOf((x, axis) => x.cummin(axis), true),
    errors: errorsOf('cummin', (x, axis) => x.cummin(axis)),
    gold: 'cummin',
  },
);

// logCumSumExp -----------------------------------------------------------------------------------------------------

/**
 * With mᵢ the maximum so far, sᵢ = Σ_{k ≤ i} exp(xₖ − mᵢ) is a recurrence whose factors exp(mᵢ − mᵢ₊₁) are at most 1
 * and whose sums are at least 1: nothing overflows. The result does not depend on m, so m is a constant to derivatives.
 */
function logOfRunningSums(operand: Value, axis: number): Value {
  const x = runtime.fit('logCumSumExp', [operand], 'float')[0]!;
  const n = x.shape[axis]!;
  if (n === 0) return x;
  const m = x.cummax(axis).values.stopGradient();
  // ±∞ less itself is NaN: equal neighbours differ by 0, and an infinite maximum is not subtracted at all.
  const [here, next] = [m.narrow(axis, 0, n - 1), m.narrow(axis, 1, n - 1)];
  const factors = runtime.fill(here.shape, 0, m.dtype).where(here.eq(next), here.sub(next)).exp();
  const finite = runtime.fill(m.shape, 0, m.dtype).where(m.abs().eq(Infinity), m);
  return recurrence(factors, x.sub(finite).exp(), axis, false).log().add(finite);
}

/**
 * log Σ eˣ of everything so far along an axis, without overflow.
 * https://docs.pytorch.org/docs/stable/generated/torch.logcumsumexp.html
 * @example value([0, 0]).logCumSumExp(0) // [0, 0.6931]
 */
export const logCumSumExp: Op<AlongAxis> = composite<AlongAxis>(
  'logCumSumExp',
  (x: Operand, axis: number): Value =>
    alongAxis('logCumSumExp', runtime.lift(x, 'logCumSumExp'), axis, logOfRunningSums),
  {
    glyph: 'logΣeˣ→',
    samples: samplesOf((x, axis) => x.logCumSumExp(axis)),
    errors: errorsOf('logCumSumExp', (x, axis) => x.logCumSumExp(axis)),
    gold: 'logcumsumexp',
  },
);
