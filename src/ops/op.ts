/**
 * A public op: a function one can call, its method on Value, and the record from which tests and documents follow.
 * `export const exp: Op<Unary> = unary({…})` is all there is to write; see docs/adding-an-op.md.
 */
import type { DType } from '../base/dtypes.ts';
import type { Shape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { Primitive } from './primitive.ts';
import { runtime } from './runtime.ts';

/** A type-level signature: how the op is called as a method (`never` if it is none) and as a function. */
export interface Family {
  readonly method: unknown;
  readonly free: unknown;
}

/** An operand of a sample: its shape, and where its elements may lie. */
export interface Domain {
  readonly shape: Shape;
  readonly dtype?: DType;
  /** Elements lie in [min, max]; default [−2, 2]. For int32 both ends are included. */
  readonly min?: number;
  readonly max?: number;
  /** Points where the op is not smooth; samples keep a distance of 0.05 from them. */
  readonly except?: readonly number[];
  /** All elements differ by at least 0.05 (sorting, maxima). */
  readonly distinct?: boolean;
  /** For matrices over the last two axes: well-conditioned, symmetric, or symmetric positive definite. */
  readonly matrix?: 'regular' | 'symmetric' | 'positiveDefinite';
}

/** One way of calling the op that every law is run on. */
export interface Sample {
  readonly inputs: readonly Domain[];
  /** The call; results may be a Value, an array or a plain object of Values. */
  readonly call: (...xs: Value[]) => unknown;
  /** False where derivatives do not exist or are zero by definition (argmax, floor): derivative laws are skipped. */
  readonly differentiable?: boolean;
  /** False where the op cannot be batched or traced, with the reason. */
  readonly notBatched?: string;
  /** Absolute and relative tolerance against finite differences; default 1e-6. */
  readonly tolerance?: number;
}

/** A call that must be refused. */
export interface ErrorSample {
  readonly call: () => unknown;
  /** The error's class name. */
  readonly error:
    | 'ChainruleError'
    | 'ShapeError'
    | 'DtypeError'
    | 'AxisError'
    | 'OptionError'
    | 'TypeError'
    | 'RangeError'
    | 'DataError';
  readonly message: RegExp;
}

export interface OpRecord {
  readonly name: string;
  readonly glyph: string;
  /** The primitive behind the op; null for a composite, which is made of primitives under a named scope. */
  readonly primitive: Primitive | null;
  readonly samples: readonly Sample[];
  readonly errors: readonly ErrorSample[];
  /** Names of PyTorch's operators whose published samples this op must reproduce. */
  readonly gold: readonly string[];
}

/** A record one can call. */
export type Op<F extends Family> = F['free'] & { readonly method: F['method']; readonly record: OpRecord };

/** What an op states of itself beside its primitive. */
export interface OpFacts {
  readonly glyph?: string;
  readonly samples: readonly Sample[] | (() => readonly Sample[]);
  readonly errors?: readonly ErrorSample[];
  readonly gold?: string | readonly string[];
}

// The calls inside an op are loosely typed; its family states the precise types, and the type tests hold them together.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Call = (...args: any[]) => unknown;

// Records of any attributes; only the record itself looks into them.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyPrimitive = Primitive<any>;

const list = (gold: string | readonly string[] | undefined): readonly string[] =>
  gold === undefined ? [] : typeof gold === 'string' ? [gold] : gold;

/** The function and the method of an op. */
interface Surface {
  readonly free: (...args: unknown[]) => unknown;
  readonly method: (this: Value, ...rest: unknown[]) => unknown;
}

/** Each op has functions of its own, so that stack traces and engines tell them apart. */
const surfaceOf = (call: Call): Surface => ({
  free: (...args) => call(...args),
  method(...rest) {
    return call(this, ...rest);
  },
});

/** The same for elementwise ops, without an array for the arguments of each call. */
export const fixedSurface = (call: Call, arity: 1 | 2): Surface =>
  arity === 1
    ? {
        free: (x) => call(x),
        method() {
          return call(this);
        },
      }
    : {
        free: (x, y) => call(x, y),
        method(y) {
          return call(this, y);
        },
      };

/** A public op from its call. The call gets the first operand in front, as the function does. */
export function op<F extends Family>(
  name: string,
  primitive: AnyPrimitive | null,
  call: Call,
  facts: OpFacts,
  { free, method }: Surface = surfaceOf(call),
): Op<F> {
  const record: OpRecord = {
    name,
    glyph: facts.glyph ?? primitive?.glyph ?? name,
    primitive: primitive as Primitive | null,
    get samples() {
      return typeof facts.samples === 'function' ? facts.samples() : facts.samples;
    },
    errors: facts.errors ?? [],
    gold: list(facts.gold),
  };
  Object.defineProperty(free, 'name', { value: name });
  return Object.assign(free, { method, record });
}

/** A function-only op (`concat`, `einsum`): the same without a method. */
export function functionOp<F extends Family>(
  name: string,
  primitive: AnyPrimitive | null,
  call: Call,
  facts: OpFacts,
): Op<F> {
  return Object.assign(op<F>(name, primitive, call, facts) as object, { method: undefined }) as unknown as Op<F>;
}

/** An op made of other ops, recorded under a scope of its name, which the graph view folds and an engine may recognise. */
export function composite<F extends Family>(name: string, call: Call, facts: OpFacts): Op<F> {
  return op<F>(name, null, (...args: unknown[]) => runtime.withScope(name, () => call(...args)), facts);
}

/** A composite that is a function only. */
export function functionComposite<F extends Family>(name: string, call: Call, facts: OpFacts): Op<F> {
  return functionOp<F>(name, null, (...args: unknown[]) => runtime.withScope(name, () => call(...args)), facts);
}

export const isOp = (x: unknown): x is Op<Family> => typeof x === 'function' && 'record' in x && 'method' in x;
