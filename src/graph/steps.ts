/** The steps of a computation, the same whether it was recorded in Values or traced into a Program. */
import { OptionError } from '../base/errors.ts';
import { isPlainObject } from '../base/trees.ts';
import type { Attributes, Aval, Primitive } from '../ops/primitive.ts';
import type { Program } from '../program/program.ts';
import { graphOf, headOf, outputsOf } from '../value/order.ts';
import type { Scope } from '../value/recording.ts';
import { cellOf, isTraced, isValue, read, type Value } from '../value/value.ts';
import { stepsOfProgram } from './program-steps.ts';

/** One output of a step. */
export interface Place {
  readonly step: number;
  readonly output: number;
}

export interface Output extends Aval {
  readonly label: string | null;
  /** The Value that holds its numbers; null where there are none. */
  readonly value: Value | null;
}

/** One application of a primitive, or a leaf. */
export interface Step {
  readonly index: number;
  /** Null for leaves. */
  readonly primitive: Primitive | null;
  readonly attrs: Attributes;
  readonly scope: Scope | null;
  readonly operands: readonly Place[];
  readonly outputs: readonly Output[];
  /** Leaves that derivatives flow to, and arguments of Programs; other leaves are constants. */
  readonly isInput: boolean;
}

export interface Steps {
  /** Operands before their users. */
  readonly steps: readonly Step[];
  readonly roots: readonly Place[];
}

/** What can be drawn. */
export type Drawable = Value | readonly Value[] | Program;

const isProgram = (x: unknown): x is Program =>
  isPlainObject(x) && Array.isArray(x['instructions']) && Array.isArray(x['captures']);

/** @throws TypeError for anything that is no Value, no list of them and no Program. */
export function stepsOf(op: string, source: Drawable): Steps {
  if (isProgram(source)) return stepsOfProgram(source);
  const values: readonly unknown[] = Array.isArray(source) ? source : [source];
  if (values.length === 0) throw new OptionError('there is nothing to draw: the list of Values is empty', { op });
  for (const x of values) {
    if (isValue(x)) continue;
    const got = x === null ? 'null' : typeof x === 'object' ? 'an object' : `a ${typeof x}`;
    throw new TypeError(`${op}: expected a Value, a list of Values or a Program, got ${got}. Draw f(x), not f.`);
  }
  return stepsOfValues(values as readonly Value[]);
}

const numbersOf = (x: Value): Value | null => (isTraced(x) ? null : x);

function stepsOfValues(values: readonly Value[]): Steps {
  const roots = values.map(read);
  const nodes = graphOf(roots, () => true);
  const indices = new Map<Value, number>(nodes.map((x, i) => [x, i]));
  const placeOf = (x: Value): Place => ({ step: indices.get(headOf(x))!, output: outputsOf(x).indexOf(x) });
  const steps = nodes.map((node, index): Step => ({
    index,
    primitive: node._op,
    attrs: node._attrs,
    scope: node._scope,
    operands: node._inputs.map(placeOf),
    outputs: outputsOf(node).map((x) => ({
      shape: x.shape,
      dtype: x.dtype,
      label: x.label ?? cellOf(x).label,
      value: numbersOf(x),
    })),
    isInput: node._op === null && (node._requiresGrad || isTraced(node)),
  }));
  return { steps, roots: roots.map(placeOf) };
}
