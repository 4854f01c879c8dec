/** detectAnomaly: finds the first op that made a NaN or an infinity out of finite numbers. */
import { isFloat } from '../base/dtypes.ts';
import { ChainruleError, showShape } from '../base/errors.ts';
import type { Attributes, Primitive } from '../ops/primitive.ts';
import { formatData, formatNumber } from '../value/format.ts';
import { refusePromise, requireFunction, state, withObserver } from '../value/recording.ts';
import { arrayOf, cellOf, contentOf, isTraced, type Value } from '../value/value.ts';

/** Thrown under detectAnomaly. */
export class AnomalyError extends ChainruleError {
  override readonly code: string = 'ANOMALY';
}

/** How far back the path to an anomaly is shown. */
const PATH_LENGTH = 8;

/** The index of the first NaN or infinity; −1 if all is finite. */
function firstAnomaly(x: Value): number {
  if (isTraced(x) || !isFloat(x.dtype)) return -1;
  const content = contentOf(x);
  if (typeof content === 'number') return Number.isFinite(content) || x.size === 0 ? -1 : 0;
  return arrayOf(x).findIndex((element) => !Number.isFinite(element));
}

/** The line of the caller's own code: the first frame that lies outside the library. */
function sourceLine(stack: string): string | null {
  const frames = stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
  const own =
    /[\\/](?:src|dist[\\/](?:esm|cjs))[\\/](?:base|ops|value|program|transform|engine|graph|testing|nn|losses|optim|data|train)[\\/]/;
  const frame = frames.find((line) => line.startsWith('at ') && !own.test(line) && !line.includes('node:internal'));
  return frame?.slice(3) ?? null;
}

const nameOf = (x: Value): string =>
  cellOf(x).label ?? x.op ?? (x.size === 1 && !isTraced(x) ? formatNumber(contentOf(x) as number, x.dtype) : 'leaf');

/** From the anomaly back to a leaf, along the first operand that was computed. */
function pathTo(inputs: readonly Value[], primitive: Primitive): string {
  const names = [primitive.name];
  let node = inputs.find((x) => x._op !== null) ?? inputs[0];
  while (node !== undefined && names.length < PATH_LENGTH) {
    names.push(nameOf(node));
    node = node._inputs.find((x) => x._op !== null) ?? node._inputs[0];
  }
  return `${node === undefined ? '' : '… → '}${names.reverse().join(' → ')}`;
}

const describe = (x: Value, i: number): string => {
  const name = nameOf(x);
  return `  operand ${i} (${name}) ${showShape(x.shape)} ${x.dtype} = ${formatData(x).replaceAll('\n', '\n    ')}`;
};

/** A remembered creation: where in the caller's code a node was made. */
type Origins = WeakMap<Value, string>;

function report(
  primitive: Primitive,
  inputs: readonly Value[],
  attrs: Attributes,
  output: Value,
  at: number,
  origins: Origins,
): AnomalyError {
  const value = output.shape.length === 0 ? (contentOf(output) as number) : arrayOf(output)[at]!;
  const pulled = state.pulling;
  const origin = pulled === null ? null : (origins.get(pulled) ?? null);
  const line = pulled === null ? sourceLine(new Error().stack ?? '') : origin;
  const where = pulled === null ? '' : `, in the backward pass of ${pulled.op ?? 'a leaf'}`;
  const message = [
    `${String(value)} at element ${at} of ${primitive.title(attrs)} ${showShape(output.shape)}${where}`,
    ...inputs.map(describe),
    // On the way back there is no graph behind the operands; the way to the node whose turn it is tells more.
    pulled === null || pulled._op === null
      ? `  path: ${pathTo(inputs, primitive)}`
      : `  path: ${pathTo(pulled._inputs, pulled._op)}, and back: ${primitive.name}`,
    ...(line === null ? [] : [`  made at ${line}`]),
  ].join('\n');
  return new AnomalyError(message, { op: primitive.title(attrs), shapes: inputs.map((x) => x.shape) });
}

/**
 * Runs fn while every op (forward and backward) is watched; the first that turns finite numbers into a NaN or an
 * infinity throws an AnomalyError that names the op, its operands, the path to it and the line of your code.
 * Slow: for looking, not for training.
 * @example detectAnomaly(() => value(-1).sqrt()) // throws: NaN at element 0 of sqrt
 */
export function detectAnomaly<T>(fn: () => T): T {
  requireFunction(fn, 'detectAnomaly');
  const origins: Origins = new WeakMap();
  const before = state.observer;
  return withObserver(
    (primitive, inputs, attrs, outputs) => {
      before?.(primitive, inputs, attrs, outputs);
      const line = sourceLine(new Error().stack ?? '');
      for (const output of outputs) {
        if (line !== null && state.pulling === null) origins.set(output, line);
        const at = firstAnomaly(output);
        // An operand that was anomalous already is not this op's doing.
        if (at >= 0 && inputs.every((x) => firstAnomaly(x) < 0))
          throw report(primitive, inputs, attrs, output, at, origins);
      }
    },
    () => {
      const result = fn();
      refusePromise(result, 'detectAnomaly');
      return result;
    },
  );
}
