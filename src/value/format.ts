/** How Values print: shape, dtype and abbreviated numbers; never the graph, and never an error. */
import type { DType } from '../base/dtypes.ts';
import { showShape } from '../base/errors.ts';
import { isTraced, type NestedArray, type Value } from './value.ts';

const EDGE = 3;
const SHOWN_WHOLE = 8;

export function formatNumber(x: number, dtype: DType): string {
  if (dtype === 'bool') return x === 0 ? 'false' : 'true';
  if (dtype === 'int32') return String(x);
  if (Object.is(x, -0)) return '-0';
  if (!Number.isFinite(x)) return String(x);
  const magnitude = Math.abs(x);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e7)) return x.toExponential(4).replace(/\.?0+e/, 'e');
  return String(Number(x.toPrecision(6)));
}

/** Rows longer than eight show three at each end. */
function formatAxis(
  data: ArrayLike<number>,
  shape: readonly number[],
  axis: number,
  offset: number,
  dtype: DType,
): string {
  if (axis === shape.length) return formatNumber(data[offset]!, dtype);
  const n = shape[axis]!;
  const stride = shape.slice(axis + 1).reduce((p, k) => p * k, 1);
  const item = (i: number): string => formatAxis(data, shape, axis + 1, offset + i * stride, dtype);
  const range = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => item(from + i));
  const items = n <= SHOWN_WHOLE ? range(0, n) : [...range(0, EDGE), '…', ...range(n - EDGE, n)];
  const separator = axis === shape.length - 1 ? ', ' : `,\n${' '.repeat(axis + 1)}`;
  return `[${items.join(separator)}]`;
}

/** The numbers, abbreviated. */
export function formatData(x: Value): string {
  if (isTraced(x)) return '…';
  return formatAxis(x.data, x.shape, 0, 0, x.dtype);
}

/** What `toString` and `console.log` give. */
export function format(x: Value): string {
  const name = x.label === null ? '' : `${x.label} `;
  const grad = x._requiresGrad ? ', requiresGrad' : '';
  const kind = x._trace === null ? '' : `, traced by ${x._trace.by}`;
  if (isTraced(x)) return `Value(${name}${showShape(x.shape)} ${x.dtype}${kind})`;
  const numbers = formatData(x).replaceAll('\n', `\n${' '.repeat(6 + name.length)}`);
  const shape = x.shape.length === 0 ? '' : ` ${showShape(x.shape)}`;
  return `Value(${name}${numbers},${shape} ${x.dtype}${grad})`;
}

/** Nested arrays of all elements. */
export function toNested(data: ArrayLike<number>, shape: readonly number[], dtype: DType): NestedArray {
  let next = 0;
  const build = (axis: number): NestedArray => {
    if (axis === shape.length) {
      const x = data[next++]!;
      return dtype === 'bool' ? x !== 0 : x;
    }
    return Array.from({ length: shape[axis]! }, () => build(axis + 1));
  };
  return build(0);
}
