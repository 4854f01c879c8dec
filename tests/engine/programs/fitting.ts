/** Operands of a wanted shape and dtype, made from what is there. */
import type { DType } from 'chainrule';
import type { Builder } from './builder.ts';
import { chance, sizeOf, type Domain } from './numbers.ts';

const list = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** x repeated or cut to `size` elements, as a list. */
function resized(x: string, size: number, b: Builder): string | null {
  const n = sizeOf(b.valueOf(x).shape);
  if ((n === 0 && size > 0) || size > b.settings.scale.most) return null;
  let flat = b.valueOf(x).rank === 1 ? x : b.line('$0.reshape([-1])', [x])?.[0];
  if (flat === undefined || n === size) return flat ?? null;
  if (n < size) flat = b.line(`$0.tile([${Math.ceil(size / n)}])`, [flat])?.[0];
  if (flat === undefined || b.valueOf(flat).size === size) return flat ?? null;
  return b.line(`$0.narrow(0, ${chance(b.rng, 0.5) ? 0 : b.valueOf(flat).size - size}, ${size})`, [flat])?.[0] ?? null;
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

/** The name of a Value of exactly this shape and dtype, in the domain: found, derived from another, or a new source. */
export function fitted(b: Builder, shape: readonly number[], dtype: DType, domain: Domain = {}): string {
  const isFree = domain.min === undefined && domain.max === undefined && domain.matrix === undefined;
  const fits = b.names((x) => same(x.shape, shape) && x.dtype === dtype);
  if (isFree && fits.length > 0 && chance(b.rng, 0.7)) return fits[b.rng.nextInt(0, fits.length - 1)]!;
  const fresh = (): string => b.source(shape, dtype, domain);
  // Integers with a domain are indices.
  if (domain.matrix !== undefined || chance(b.rng, isFree ? 0.4 : 0.7)) return fresh();
  return derived(b, b.any(), shape, dtype, domain) ?? fresh();
}

/** x made to fit; null where it cannot be. */
export function derived(
  b: Builder,
  x: string,
  shape: readonly number[],
  dtype: DType,
  { min, max }: Domain = {},
): string | null {
  let name: string | null = x;
  if (b.valueOf(name).dtype !== dtype) name = b.line(`$0.to('${dtype}')`, [name])?.[0] ?? null;
  if (name !== null && (min !== undefined || max !== undefined) && dtype !== 'bool') {
    name = b.line(`$0.clamp(${min ?? 'null'}, ${max ?? 'null'})`, [name])?.[0] ?? null;
  }
  if (name === null || same(b.valueOf(name).shape, shape)) return name;
  const flat = resized(name, sizeOf(shape), b);
  if (flat === null || same(b.valueOf(flat).shape, shape)) return flat;
  return b.line(`$0.reshape(${list(shape)})`, [flat])?.[0] ?? null;
}

/** A shape that broadcasts against the given one. */
export function broadcastable(b: Builder, shape: readonly number[]): number[] {
  const from = b.rng.nextInt(0, shape.length);
  return shape.slice(from).map((length) => (chance(b.rng, 0.3) ? 1 : length));
}
