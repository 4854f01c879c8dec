/** The general product as a product of matrices: names of axes sorted into batch, rows, columns and the contracted ones. */
import type { Lowering } from '../../ops/lowering.ts';
import type { Aval } from '../../ops/primitive.ts';
import type { Access, ProductStep } from '../steps.ts';
import type { Walk } from './access.ts';

type Names = readonly number[];

export function contractStep(
  { a: aNames, b: bNames, out }: Extract<Lowering, { kind: 'contract' }>,
  { dtype }: Aval,
  a: Walk,
  b: Walk,
  to: Walk,
): ProductStep {
  const sizes = new Map<number, number>();
  aNames.forEach((name, i) => sizes.set(name, a.shape[i]!));
  bNames.forEach((name, i) => sizes.set(name, b.shape[i]!));
  const shapeOf = (names: Names): number[] => names.map((name) => sizes.get(name)!);
  const batch = out.filter((name) => aNames.includes(name) && bNames.includes(name));
  const m = out.filter((name) => !bNames.includes(name));
  const n = out.filter((name) => !aNames.includes(name));
  // The order of the left operand's axes is the order of summation.
  const k = aNames.filter((name) => !out.includes(name));
  const along = ({ buffer, start, strides }: Walk, own: Names, order: Names): Access => ({
    buffer,
    start,
    strides: order.map((name) => strides[own.indexOf(name)] ?? 0),
  });
  return {
    kind: 'product',
    dtype,
    batch: shapeOf(batch),
    m: shapeOf(m),
    n: shapeOf(n),
    k: shapeOf(k),
    a: along(a, aNames, [...batch, ...m, ...k]),
    b: along(b, bNames, [...batch, ...n, ...k]),
    to: along(to, out, [...batch, ...m, ...n]),
  };
}
