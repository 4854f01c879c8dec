/** What lowerings mean, in plain loops: the oracle that the declared ones are held against, not an engine. */
import { newStorage, type DType, type Storage } from '../../base/dtypes.ts';
import { sizeOf, stridesOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';
import type { Lowering, Part, Reducer } from '../../ops/lowering.ts';
import type { Aval } from '../../ops/primitive.ts';
import { LawError } from './law.ts';

export type LoweringOf<K extends Lowering['kind']> = Extract<Lowering, { readonly kind: K }>;

/** Calls `visit` with every index of a box. */
export function eachIndex(shape: Shape, visit: (index: readonly number[]) => void): void {
  const count = sizeOf(shape);
  const index = shape.map(() => 0);
  for (let i = 0; i < count; i++) {
    visit(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
}

export const along = (index: readonly number[], strides: readonly number[]): number =>
  index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0);

const storages = (outs: readonly Aval[]): Storage[] => outs.map(({ shape, dtype }) => newStorage(dtype, sizeOf(shape)));

// Maps ---------------------------------------------------------------------------------------------------------------

function requireSound({ at, size, strides }: Part, steps: readonly number[], shape: Shape, which: string): void {
  const ranks = [at, size, steps, strides].map((list) => list.length);
  if (ranks.some((rank) => rank !== shape.length))
    throw new LawError(`${which} has ${ranks.join(', ')} axes, not ${shape.length}`);
  const whole = [...at, ...size, ...steps, ...strides].every(Number.isInteger);
  const inside = shape.every((n, i) => at[i]! >= 0 && size[i]! >= 1 && at[i]! + (size[i]! - 1) * steps[i]! < n);
  if (whole && inside && steps.every((step) => step >= 1)) return;
  throw new LawError(`${which} does not lie inside its output: at ${at.join()}, size ${size.join()}`);
}

/** The outputs, zero where no part lies. @throws LawError for parts that overlap or reach out of an array. */
export function runMap({ parts }: LoweringOf<'map'>, inputs: readonly Dense[], outs: readonly Aval[]): Storage[] {
  const results = storages(outs);
  const covered = outs.map(({ shape }) => new Uint8Array(sizeOf(shape)));
  parts.forEach((part, p) => {
    const which = `part ${p}`;
    const { output = 0, steps = part.size.map(() => 1) } = part;
    const { shape } = outs[output]!;
    const { data } = inputs[part.operand]!;
    requireSound(part, steps, shape, which);
    const own = stridesOf(shape);
    eachIndex(part.size, (index) => {
      const to = along(
        index.map((i, axis) => part.at[axis]! + i * steps[axis]!),
        own,
      );
      const from = part.start + along(index, part.strides);
      if (from < 0 || from >= data.length)
        throw new LawError(`${which} reads element ${from} of an operand of ${data.length}`);
      if (covered[output]![to]! !== 0) throw new LawError(`${which} overlaps another at element ${to}`);
      covered[output]![to] = 1;
      results[output]![to] = data[from]!;
    });
  });
  return results;
}

// Reductions ---------------------------------------------------------------------------------------------------------

const largest = (xs: readonly number[]): number => xs.reduce((a, b) => Math.max(a, b), -Infinity);
const smallest = (xs: readonly number[]): number => xs.reduce((a, b) => Math.min(a, b), Infinity);

/** The first place of an extreme; a NaN is one. */
const placeOf = (xs: readonly number[], extreme: number): number =>
  xs.findIndex((x) => Object.is(x, extreme) || x === extreme);

type Fold = (xs: readonly number[]) => number;

const REDUCERS: Readonly<Record<Reducer, Fold>> = {
  sum: (xs) => xs.reduce((a, b) => a + b, 0),
  product: (xs) => xs.reduce((a, b) => a * b, 1),
  maximum: largest,
  minimum: smallest,
  all: (xs) => Number(xs.every((x) => x !== 0)),
  any: (xs) => Number(xs.some((x) => x !== 0)),
  argmax: (xs) => placeOf(xs, largest(xs)),
  argmin: (xs) => placeOf(xs, smallest(xs)),
};

const INTEGERS: Partial<Record<Reducer, Fold>> = {
  sum: (xs) => xs.reduce((a, b) => (a + b) | 0, 0),
  product: (xs) => xs.reduce((a, b) => Math.imul(a, b), 1),
};

const isWhole = (dtype: DType): boolean => dtype === 'int32' || dtype === 'bool';

/** One output, exact but for the rounding of sums and products. */
export function runReduce(
  { reducer, axes }: LoweringOf<'reduce'>,
  [x]: readonly Dense[],
  [out]: readonly Aval[],
): Storage[] {
  const kept = x!.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
  const groups = Array.from({ length: sizeOf(out!.shape) }, (): number[] => []);
  // The order of the groups is the same whether or not the result keeps its axes.
  const own = stridesOf(kept.map((axis) => x!.shape[axis]!));
  let from = 0;
  eachIndex(x!.shape, (index) =>
    groups[
      along(
        kept.map((axis) => index[axis]!),
        own,
      )
    ]!.push(x!.data[from++]!),
  );
  const fold = (isWhole(x!.dtype) ? INTEGERS[reducer] : undefined) ?? REDUCERS[reducer];
  const result = newStorage(out!.dtype, groups.length);
  groups.forEach((xs, i) => (result[i] = fold(xs)));
  return [result];
}

// Contractions -------------------------------------------------------------------------------------------------------

/** One output, exact but for rounding. */
export function runContract(
  { a, b, out }: LoweringOf<'contract'>,
  [x, y]: readonly Dense[],
  [result]: readonly Aval[],
): Storage[] {
  const names = [...new Set([...a, ...b])];
  const sizes = names.map((name) => (a.includes(name) ? x!.shape[a.indexOf(name)]! : y!.shape[b.indexOf(name)]!));
  const strides = (own: readonly number[], shape: Shape): number[] => {
    const steps = stridesOf(shape);
    return names.map((name) => (own.includes(name) ? steps[own.indexOf(name)]! : 0));
  };
  const [left, right, to] = [strides(a, x!.shape), strides(b, y!.shape), strides(out, result!.shape)];
  const sums = new Float64Array(sizeOf(result!.shape));
  const whole = isWhole(result!.dtype);
  eachIndex(sizes, (index) => {
    const [p, q, at] = [x!.data[along(index, left)]!, y!.data[along(index, right)]!, along(index, to)];
    sums[at] = whole ? (sums[at]! + Math.imul(p, q)) | 0 : sums[at]! + p * q;
  });
  const data = newStorage(result!.dtype, sums.length);
  data.set(sums);
  return [data];
}

// Bands --------------------------------------------------------------------------------------------------------------

/** One output, its sums rounded as they are made. @throws LawError for places that no band or more than one has. */
export function runBands(
  { axis, bands, start }: LoweringOf<'bands'>,
  [x]: readonly Dense[],
  [out]: readonly Aval[],
): Storage[] {
  const [result] = storages([out!]) as [Storage];
  const round = out!.dtype === 'float32' ? Math.fround : (n: number): number => n;
  const own = stridesOf(x!.shape);
  const covered = new Uint8Array(out!.shape[axis]!);
  for (const { at, step, count } of bands) for (let n = 0; n < count; n++) covered[at + n * step]!++;
  if (covered.some((times) => times !== 1)) throw new LawError(`bands cover places ${covered.join()} times`);
  let to = 0;
  eachIndex(out!.shape, (index) => {
    const place = index[axis]!;
    const band = bands.find(
      ({ at, step, count }) => (place - at) % step === 0 && place >= at && place < at + count * step,
    )!;
    const n = (place - band.at) / band.step;
    const terms = band.terms.map(({ from, stride, weight }) => {
      const element =
        x!.data[
          along(
            index.map((i, a) => (a === axis ? from + n * stride : i)),
            own,
          )
        ]!;
      return weight === null ? element : round(element * weight);
    });
    const [first = 0, ...rest] = start === 'zero' ? [0, ...terms] : terms;
    result[to++] = rest.reduce((sum, term) => round(sum + term), first);
  });
  return [result];
}

// Indices ------------------------------------------------------------------------------------------------------------

/** One output: an exact copy. @throws LawError for an index out of range, which the reference kernel would have refused. */
export function runPick(
  { strides, indexStrides, step, length }: LoweringOf<'pick'>,
  [x, index]: readonly Dense[],
  [out]: readonly Aval[],
): Storage[] {
  const [result] = storages([out!]) as [Storage];
  let to = 0;
  eachIndex(out!.shape, (at) => {
    const place = requirePlace(index!.data[along(at, indexStrides)], length);
    result[to++] = x!.data[along(at, strides) + place * step]!;
  });
  return [result];
}

/** One output: operand 0 with what is put into it, in order. */
export function runPut(lowering: LoweringOf<'put'>, [x, index, source]: readonly Dense[]): Storage[] {
  const { join, domain, strides, sourceStrides, indexStrides, step, length } = lowering;
  const result = x!.data.slice();
  eachIndex(domain, (at) => {
    const place = requirePlace(index!.data[along(at, indexStrides)], length);
    const to = along(at, strides) + place * step;
    const put = source!.data[along(at, sourceStrides)]!;
    if (join === 'replace') result[to] = put;
    else if (x!.dtype === 'bool') result[to]! |= put;
    else result[to]! += put;
  });
  return [result];
}

function requirePlace(at: number | undefined, length: number): number {
  if (at !== undefined && at >= 0 && at < length) return at;
  throw new LawError(`follows index ${String(at)} of an axis of length ${length}`);
}
