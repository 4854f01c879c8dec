/** defineOp: an op of the user's own, declared as the library declares its ops. */
import { defaultDtype, isFloat } from '../base/dtypes.ts';
import { checkOptions, OptionError, requireSameShapes } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Dense } from '../base/storage.ts';
import { stack } from '../ops/joining.ts';
import { op, type ErrorSample, type Op, type Sample } from '../ops/op.ts';
import {
  NO_ATTRIBUTES,
  primitive,
  type Application,
  type Attributes,
  type Aval,
  type Cotangent,
  type Derivatives,
  type Partial,
  type Primitive,
} from '../ops/primitive.ts';
import type { Operand } from '../ops/runtime.ts';
import { applyOne } from '../value/apply.ts';
import { lift } from '../value/lift.ts';
import { pointwise, promoteAll } from '../value/pointwise.ts';
import type { Value } from '../value/value.ts';
import { zerosOf } from './arguments.ts';
import { transposePullback } from './transpose.ts';

interface Described {
  readonly name: string;
  /** The sign in a drawn node; default: the name. */
  readonly glyph?: string;
  /**
   * Calls on which the laws are run: `checkOp` of chainrule/testing. Default for an elementwise op: operands between −2
   * and 2; state your own where it is not smooth there.
   */
  readonly samples?: readonly Sample[];
  readonly errors?: readonly ErrorSample[];
}

/** y = f(x, …) element by element; operands are promoted and broadcast. */
export interface ElementwiseOp extends Described {
  readonly elementwise: (...xs: number[]) => number;
  /** ∂y/∂xᵢ for each operand, from the result and the operands, written with ops. */
  readonly partials: readonly ((y: Value, ...xs: Value[]) => Value | number)[];
}

/** One output, any shapes. Rules are written with ops, so derivatives of any order follow. */
export interface TensorOp<A extends Attributes = Attributes> extends Described {
  /** How many Values come in front; attributes follow as one object. */
  readonly operands: number;
  infer(inputs: readonly Aval[], attrs: A): Aval;
  /** Fills the zero-filled output. */
  run(output: Dense, inputs: readonly Dense[], attrs: A): void;
  /** The cotangent of one operand, from that of the result. */
  vjp(g: Value, operand: number, at: Application<A>): Cotangent;
  /** The tangent of the result; absent: derived by transposing `vjp`. */
  jvp?(tangents: readonly Cotangent[], at: Application<A>): Cotangent;
  /** The op behind a leading batch axis; absent: one example after the other. */
  batch?(inputs: readonly Value[], batched: readonly boolean[], size: number, attrs: A): Value;
}

interface AnyCall {
  method: (this: Value, ...rest: readonly (Operand | Attributes)[]) => Value<Shape>;
  free: (...operands: readonly (Operand | Attributes)[]) => Value<Shape>;
}

const ELEMENTWISE = ['name', 'glyph', 'samples', 'errors', 'elementwise', 'partials'];
const TENSOR = ['name', 'glyph', 'samples', 'errors', 'operands', 'infer', 'run', 'vjp', 'jvp', 'batch'];

/** One example after the other, stacked: right for every op, fast for none. */
function oneByOne<A extends Attributes>(self: () => Primitive<A>): Primitive<A>['batch'] {
  return (inputs, batched, size, attrs) => {
    const example = (i: number): Value =>
      applyOne(
        self(),
        inputs.map((x, k) => (batched[k] ? x.slice(i) : x)),
        attrs,
      );
    if (size === 0) {
      const avals = inputs.map((x, k) => ({ shape: batched[k] ? x.shape.slice(1) : x.shape, dtype: x.dtype }));
      return self()
        .infer(avals, attrs)
        .map((out) => zerosOf({ ...out, shape: [0, ...out.shape] }));
    }
    return [stack(Array.from({ length: size }, (_, i) => example(i)))];
  };
}

/** The tangent of the result where only `vjp` is declared. */
const transposed = <A extends Attributes>(
  spec: TensorOp<A>,
  tangents: readonly Cotangent[],
  at: Application<A>,
): Cotangent =>
  transposePullback(spec.name, at.outputs, tangents, ([g]) =>
    tangents.map((t, i) => (t === undefined ? undefined : spec.vjp(g!, i, at))),
  )[0];

function tensorPrimitive<A extends Attributes>(spec: TensorOp<A>): Primitive<A> {
  const derivatives: Derivatives<A> = {
    kind: 'each',
    jvp: (tangents, at) => (spec.jvp === undefined ? transposed(spec, tangents, at) : spec.jvp(tangents, at)),
    vjp: (g, operand, at) => (isFloat(at.inputs[operand]!.dtype) ? spec.vjp(g, operand, at) : undefined),
  };
  const self: Primitive<A> = primitive<A>({
    name: spec.name,
    glyph: spec.glyph ?? spec.name,
    infer: (inputs, attrs) => [spec.infer(inputs, attrs)],
    compute: { kind: 'kernel', run: ([out], inputs, attrs) => spec.run(out!, inputs, attrs) },
    derivatives,
    batch: spec.batch === undefined ? oneByOne(() => self) : (...args) => [spec.batch!(...args)],
  });
  return self;
}

function elementwisePrimitive(spec: ElementwiseOp): Primitive {
  const partials = spec.partials.map(
    (factor): Partial =>
      (g, y, a, b, c) =>
        g.mul(factor(y, ...[a, b, c].slice(0, spec.partials.length))),
  );
  const run = (output: Dense, inputs: readonly Dense[]): void => {
    const args = new Array<number>(inputs.length);
    for (let i = 0; i < output.data.length; i++) {
      for (let k = 0; k < inputs.length; k++) args[k] = inputs[k]!.data[i]!;
      output.data[i] = spec.elementwise(...args);
    }
  };
  const self: Primitive = primitive({
    name: spec.name,
    glyph: spec.glyph ?? spec.name,
    infer: (inputs) => {
      requireSameShapes(
        spec.name,
        inputs.map((x) => x.shape),
      );
      const dtype = inputs[0]!.dtype;
      return [{ shape: inputs[0]!.shape, dtype: isFloat(dtype) ? dtype : defaultDtype() }];
    },
    compute: { kind: 'kernel', run: ([out], inputs) => run(out!, inputs) },
    derivatives: { kind: 'partials', partials },
    batch: (inputs, batched, size) => {
      const full = inputs.map((x, i) => (batched[i] ? x : (x.broadcastTo([size, ...x.shape]) as Value)));
      return [applyOne(self, full, NO_ATTRIBUTES)];
    },
  });
  return self;
}

/** An elementwise op's calls, unless it states others: a scalar, a matrix. */
const plainSamples = (count: number, call: Sample['call']): Sample[] =>
  [[], [2, 3]].map((shape) => ({ inputs: Array.from({ length: count }, () => ({ shape })), call }));

/** What types promise and JavaScript does not keep. */
function checkDeclaration(spec: unknown): void {
  if (typeof spec !== 'object' || spec === null) {
    throw new TypeError(
      `defineOp: a declaration is an object such as { name, elementwise, partials }, got ${typeof spec}`,
    );
  }
  const { name, elementwise, partials } = spec as Record<string, unknown>;
  if (typeof name !== 'string' || name === '') {
    throw new OptionError('an op needs a name', { op: 'defineOp', option: 'name' });
  }
  if (!('elementwise' in spec)) return;
  const areRules = Array.isArray(partials) && partials.every((partial) => typeof partial === 'function');
  if (typeof elementwise === 'function' && areRules) return;
  const rule = areRules ? 'elementwise' : 'partials';
  throw new OptionError(`an op needs the rule ${rule}`, {
    op: 'defineOp',
    option: rule,
    hint: 'elementwise is a function of numbers, partials a list with a function for each operand.',
  });
}

/**
 * Declares an op of your own: it records, differentiates to any order in both modes, batches, traces and draws like
 * any other, and `checkOp` of chainrule/testing runs the library's laws on its samples.
 * @throws OptionError for a declaration that lacks a rule.
 * @example const cube = defineOp({ name: 'cube', elementwise: (x) => x * x * x, partials: [(_, x) => x.mul(x).mul(3)] })
 */
export function defineOp<A extends Attributes = Attributes>(spec: ElementwiseOp | TensorOp<A>): Op<AnyCall> {
  checkDeclaration(spec);
  const errors = spec.errors ?? [];
  if ('elementwise' in spec) {
    checkOptions('defineOp', spec, ELEMENTWISE);
    const n = spec.partials.length;
    if (n < 1 || n > 3)
      throw new OptionError(`an elementwise op has 1 to 3 operands, one partial for each; got ${n}`, {
        op: 'defineOp',
        option: 'partials',
      });
    const p = elementwisePrimitive(spec);
    const call = (...xs: Operand[]): Value => {
      if (xs.length === n) return pointwise(p, xs, 'float');
      throw new TypeError(`${spec.name}: takes ${n} operand${n === 1 ? '' : 's'}, got ${xs.length}`);
    };
    return op<AnyCall>(spec.name, p, call, { samples: spec.samples ?? plainSamples(n, call), errors });
  }
  checkOptions('defineOp', spec, TENSOR);
  for (const rule of ['infer', 'run', 'vjp'] as const) {
    if (typeof spec[rule] === 'function') continue;
    throw new OptionError(`an op needs the rule ${rule}`, {
      op: 'defineOp',
      option: rule,
      hint: 'Elementwise ops need only elementwise and partials.',
    });
  }
  const p = tensorPrimitive(spec);
  const call = (...args: (Operand | A)[]): Value => {
    const operands = args.slice(0, spec.operands) as Operand[];
    const attrs = (args[spec.operands] ?? NO_ATTRIBUTES) as A;
    const values = operands.map((x) => lift(x, spec.name));
    const floats = values.every((x) => isFloat(x.dtype));
    return applyOne(p, floats ? promoteAll(spec.name, values) : values, attrs);
  };
  return op<AnyCall>(spec.name, p, call, { samples: spec.samples ?? [], errors });
}
