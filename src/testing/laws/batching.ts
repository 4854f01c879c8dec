/** Laws of vmap. */
import { showShape } from '../../base/errors.ts';
import { immediate, type Value } from '../../value/value.ts';
import { vmap } from '../../transform/batch.ts';
import { grad } from '../../transform/reverse.ts';
import { jvp } from '../../transform/forward.ts';
import { weights } from '../directions.ts';
import { valuesOf } from '../problem.ts';
import {
  batchable,
  both,
  differentiable,
  flatCall,
  floatCall,
  LawError,
  positionsOfFloats,
  requireClose,
  requireSame,
  resultsOf,
  type Case,
  type Law,
} from './law.ts';

/** The batch: the operands themselves, and with their elements in another order, so that domains are kept. */
const SIZE = 3;

/** Operand i with a batch axis in front: rotations of its elements, of whole matrices where they must stay whole. */
function batchOf(x: Value, whole: boolean): Value {
  const n = x.data.length;
  const data = x.data.slice(0, 0);
  const out = new (data.constructor as Float64ArrayConstructor)(n * SIZE) as unknown as Value['data'];
  for (let b = 0; b < SIZE; b++) {
    for (let i = 0; i < n; i++) out[b * n + i] = x.data[whole ? i : (i + b) % n]! * (whole && b > 0 ? 1 + b / 8 : 1);
  }
  return immediate([SIZE, ...x.shape], x.dtype, out);
}

const sliceOf = (x: Value, b: number): Value => {
  const n = x.data.length / SIZE;
  const part = x.data.slice(b * n, (b + 1) * n);
  return immediate(x.shape.slice(1), x.dtype, x.shape.length === 1 ? part[0]! : part);
};

/** Every way of batching some of the operands; of many, the first few, each alone, and all. */
function combinations(count: number): boolean[][] {
  const all = Array.from({ length: (1 << Math.min(count, 3)) - 1 }, (_, bits) =>
    Array.from({ length: count }, (_, i) => (((bits + 1) >> i) & 1) === 1),
  );
  if (count <= 3) return all;
  const alone = Array.from({ length: count - 3 }, (_, k) => Array.from({ length: count }, (_, i) => i === k + 3));
  return [...all, ...alone, new Array<boolean>(count).fill(true)];
}

interface Batched {
  readonly operands: readonly Value[];
  readonly inAxes: readonly (0 | null)[];
  /** What to call for one example. */
  example(b: number): Value[];
}

function batches({ sample, inputs }: Case): Batched[] {
  return combinations(inputs.length).map((flags) => {
    const whole = sample.inputs.map(({ matrix }) => matrix !== undefined);
    const operands = inputs.map((x, i) => (flags[i] ? batchOf(x, whole[i]!) : x));
    return {
      operands,
      inAxes: flags.map((flag) => (flag ? 0 : null)),
      example: (b) => operands.map((x, i) => (flags[i] ? sliceOf(x, b) : x)),
    };
  });
}

const named = ({ inAxes }: Batched): string => `inAxes [${inAxes.map(String).join(', ')}]`;

/** Holds each slice of vmap's results against f of the slice. */
function requireSlices(
  f: (...xs: Value[]) => Value[],
  batch: Batched,
  names: readonly string[],
  hold: (what: string, got: Value, want: Value) => void,
): void {
  const results = vmap(f, { inAxes: batch.inAxes })(...batch.operands) as Value[];
  for (let b = 0; b < SIZE; b++) {
    f(...batch.example(b)).forEach((want, i) => {
      const got = results[i]!;
      const what = `${named(batch)}: ${names[i] ?? `result ${i}`}, example ${b}`;
      if (got.shape[0] !== SIZE) throw new LawError(`${what}: shape ${showShape(got.shape)} lacks the batch axis`);
      hold(what, sliceOf(got, b), want);
    });
  }
}

export const slices: Law = {
  name: 'vmap = stack of slices',
  exempts: both(batchable, (sample) => (sample.inputs.length === 0 ? 'no operands' : null)),
  check(at) {
    const { names } = resultsOf(at.sample.call(...at.inputs));
    for (const batch of batches(at)) requireSlices(flatCall(at.sample), batch, names, requireSame);
  },
};

/** ⟨u, f(x)⟩ over the float results. */
export function weighted({ sample, inputs }: Case): (...xs: Value[]) => Value {
  const f = floatCall(sample);
  const parts = f(...inputs).map(({ shape, size }) => ({ shape, size }));
  let offset = 0;
  const outputs = parts.map((part) => ({ ...part, name: '', offset: (offset += part.size) - part.size }));
  const by = valuesOf(outputs, weights(offset, 8));
  return (...xs) =>
    f(...xs)
      .map((y, i) => y.mul(by[i]!).sum() as unknown as Value)
      .reduce((a, b) => a.add(b));
}

/** Gradients of a batch, one example at a time. */
export const gradients: Law = {
  name: 'vmap of the gradient = stack of gradients',
  exempts: both(batchable, differentiable),
  check(at) {
    const argnums = positionsOfFloats(at.inputs);
    if (argnums.length === 0) return;
    const gradient = grad(weighted(at), { argnums }) as (...xs: Value[]) => Value[];
    const hold = (what: string, got: Value, want: Value): void => requireClose(what, got, want, 1e-12);
    for (const batch of batches(at))
      requireSlices(
        gradient,
        batch,
        argnums.map((i) => `gradient ${i}`),
        hold,
      );
  },
};

/** The derivative of a batch is the batch of derivatives, in both modes. */
export const differentiates: Law = {
  name: 'derivatives of vmap = stack of derivatives',
  exempts: both(batchable, differentiable),
  check(at) {
    const argnums = positionsOfFloats(at.inputs);
    if (argnums.length === 0) return;
    const f = weighted(at);
    for (const batch of batches(at).slice(-1)) {
      const mapped = (...xs: Value[]): Value => vmap(f, { inAxes: batch.inAxes })(...xs);
      const whole = grad((...xs: Value[]) => mapped(...xs).sum(), { argnums })(...batch.operands);
      const floats = (...xs: Value[]): Value => mapped(...replaced(batch.operands, argnums, xs));
      const primals = argnums.map((i) => batch.operands[i]!);
      const [, tangents] = jvp(floats, primals, primals);
      for (let b = 0; b < SIZE; b++) {
        const example = batch.example(b);
        const own = grad(f, { argnums })(...example);
        own.forEach((want, i) => requireClose(`example ${b}: gradient ${i}`, sliceOf(whole[i]!, b), want, 1e-12));
        const single = (...xs: Value[]): Value => f(...replaced(example, argnums, xs));
        const points = argnums.map((i) => example[i]!);
        const [, t] = jvp(single, points, points);
        requireClose(`example ${b}: tangent`, sliceOf(tangents, b), t, 1e-11);
      }
    }
  },
};

const replaced = (all: readonly Value[], positions: readonly number[], xs: readonly Value[]): Value[] => {
  const out = all.slice();
  positions.forEach((position, i) => (out[position] = xs[i]!));
  return out;
};
