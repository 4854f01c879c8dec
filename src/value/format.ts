/** How Values print: shape, dtype and abbreviated numbers; never the graph, and never an error. */
import type { DType } from '../base/dtypes.ts';
import { showShape } from '../base/errors.ts';
import { contentOf, isTraced, type NestedArray, type Value } from './value.ts';

const EDGE = 3;
const SHOWN_WHOLE = 8;
const MOST_SHOWN = 1000;

export function formatNumber(x: number, dtype: DType): string {
  if (dtype === 'bool') return x === 0 ? 'false' : 'true';
  if (dtype === 'int32') return String(x);
  if (Object.is(x, -0)) return '-0';
  if (!Number.isFinite(x)) return String(x);
  const magnitude = Math.abs(x);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e7)) return x.toExponential(4).replace(/\.?0+e/, 'e');
  return String(Number(x.toPrecision(6)));
}

/** How many items of each axis are shown: rows of up to eight whole, and never more than a screenful of numbers. */
function shownOf(shape: readonly number[]): readonly number[] {
  let left = MOST_SHOWN;
  const counts = shape.map(() => 0);
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis]!;
    counts[axis] = Math.min(n <= SHOWN_WHOLE ? n : 2 * EDGE, left);
    left = Math.max(1, Math.floor(left / Math.max(1, counts[axis]!)));
  }
  return counts;
}

/** Longer axes show both ends. */
function formatNested(x: Value): string {
  const content = contentOf(x);
  const { shape, dtype } = x;
  const shown = shownOf(shape);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((p, k) => p * k, 1));
  const visit = (axis: number, offset: number): string => {
    // A filled Value has one number for all elements: printing it needs no array.
    if (axis === shape.length) return formatNumber(typeof content === 'number' ? content : content[offset]!, dtype);
    const [n, count] = [shape[axis]!, shown[axis]!];
    const item = (i: number): string => visit(axis + 1, offset + i * strides[axis]!);
    const range = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => item(from + i));
    const [head, tail] = [Math.ceil(count / 2), Math.floor(count / 2)];
    const items = count >= n ? range(0, n) : [...range(0, head), '…', ...range(n - tail, n)];
    const separator = axis === shape.length - 1 ? ', ' : `,\n${' '.repeat(axis + 1)}`;
    return `[${items.join(separator)}]`;
  };
  return visit(0, 0);
}

/** The numbers, abbreviated. */
export const formatData = (x: Value): string => (isTraced(x) ? '…' : formatNested(x));

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
