/** Laws of running: the same function whichever way it is run. */
import { isFloat } from '../../base/dtypes.ts';
import { showShape } from '../../base/errors.ts';
import { sameShape } from '../../base/shapes.ts';
import { interpret } from '../../program/interpret.ts';
import { traceFlat } from '../../program/trace.ts';
import { constant, full } from '../../value/create.ts';
import { immediate, type Value } from '../../value/value.ts';
import {
  batchable,
  both,
  drawing,
  everything,
  flatCall,
  LawError,
  requireAlike,
  requireClose,
  requireSame,
  resultsOf,
  type Case,
  type Law,
} from './law.ts';

/** Shapes and dtypes inferred without numbers are those of the numbers; the Program gives the same bits. */
export const traces: Law = {
  name: 'trace and interpret = eager',
  exempts: batchable,
  check({ sample, inputs }) {
    const { values: eager, names } = resultsOf(drawing(() => sample.call(...inputs)));
    const program = traceFlat('trace', sample.call, inputs);
    if (program.outputs.length !== eager.length) {
      throw new LawError(`traced, it has ${program.outputs.length} results, eagerly ${eager.length}`);
    }
    eager.forEach((y, i) => {
      const { shape, dtype } = program.outputs[i]!;
      if (!sameShape(shape, y.shape) || dtype !== y.dtype) {
        throw new LawError(`${names[i]}: traced ${showShape(shape)} ${dtype}, eager ${showShape(y.shape)} ${y.dtype}`);
      }
      if (y.data.length !== y.size) throw new LawError(`${names[i]}: ${y.data.length} elements for ${y.size}`);
    });
    drawing(() => interpret(program, inputs)).forEach((y, i) => requireSame(`${names[i]}, interpreted`, y, eager[i]!));
  },
};

/** Whether gradients are recorded, and whether an operand is a leaf, does not change a bit. */
export const records: Law = {
  name: 'recording changes nothing',
  exempts: everything,
  check({ sample, inputs }) {
    const { values: plain, names } = resultsOf(
      drawing(() => sample.call(...inputs.map((x) => immediate(x.shape, x.dtype, contentOf(x))))),
    );
    const leaves = inputs.map((x) =>
      constant(x.data, { shape: x.shape, dtype: x.dtype, requiresGrad: isFloat(x.dtype) }),
    );
    drawing(() => flatCall(sample)(...leaves)).forEach((y, i) => requireSame(`${names[i]}, recorded`, y, plain[i]!));
  },
};

const contentOf = (x: Value): number | Value['data'] => (x.shape.length === 0 ? x.data[0]! : x.data);

/** One number held for all elements is the same as all elements written out. */
export const fills: Law = {
  name: 'a filled operand = its elements written out',
  exempts: ({ inputs }) =>
    inputs.some(({ distinct, matrix }) => distinct === true || matrix !== undefined)
      ? 'needs different elements'
      : null,
  check({ sample, inputs }) {
    const first = inputs.map((x) => (x.size === 0 ? null : x.data[0]!));
    const filled = inputs.map((x, i) => (first[i] === null ? x : full(x.shape, first[i]!, { dtype: x.dtype })));
    const written = inputs.map((x, i) =>
      first[i] === null ? x : constant(x.data.slice().fill(first[i]!), { shape: x.shape, dtype: x.dtype }),
    );
    const { values, names } = resultsOf(drawing(() => sample.call(...written)));
    drawing(() => flatCall(sample)(...filled)).forEach((y, i) => requireSame(`${names[i]}, filled`, y, values[i]!));
  },
};

/** How far float32 may be from float64, relative to the largest element. */
const FLOAT32 = 2e-4;

/** float32 operands give float32 results near the float64 ones. */
export const singles: Law = {
  name: 'float32 stays float32, near float64',
  exempts: both(
    (sample) =>
      sample.inputs.some(({ dtype }) => dtype === undefined || dtype === 'float64') ? null : 'no float64 operand',
    // A sample that casts says which dtype it wants.
    ({ call }) => (/float64|float32/.test(String(call)) ? 'casts by itself' : null),
  ),
  check({ sample, inputs }: Case) {
    const single = inputs.map((x) => (x.dtype === 'float64' ? x.to('float32') : x));
    // Where operands cancel, the result is as inexact as they are.
    const atLeast = 0.01 * Math.max(...inputs.flatMap((x) => Array.from(x.data, Math.abs)));
    const { values: wide, names } = resultsOf(
      sample.call(...single.map((x) => (x.dtype === 'float32' ? x.to('float64') : x))),
    );
    resultsOf(sample.call(...single)).values.forEach((y, i) => {
      const want = wide[i]!;
      if (!isFloat(want.dtype)) return requireAlike(`${names[i]} from float32`, y, want);
      if (y.dtype !== 'float32') throw new LawError(`${names[i]} from float32 is ${y.dtype}`);
      requireClose(`${names[i]} in float32`, y.to('float64'), want, FLOAT32, atLeast);
    });
  },
};
