/** What convolutions and pools take for their spatial arguments: a number for all axes, or one for each. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';

/** One number for every spatial axis, or one for each. */
export type PerAxis = number | readonly number[];

const isList = (x: unknown): x is readonly number[] => Array.isArray(x);

/**
 * One whole number for each of `rank` axes; a list of one stands for all.
 * @throws OptionError naming the option.
 */
export function perAxis(op: string, option: string, given: PerAxis, rank: number, least: number): readonly number[] {
  const list = typeof given === 'number' ? [given] : given;
  if (!isList(list) || (list.length !== 1 && list.length !== rank)) {
    throw new OptionError(
      `${option} is a number or ${rank} of them, got ${isList(list) ? showShape(list) : String(list)}`,
      {
        op,
        option,
      },
    );
  }
  const all = list.length === rank ? list : new Array<number>(rank).fill(list[0]!);
  for (const n of all) {
    if (Number.isInteger(n) && n >= least) continue;
    throw new OptionError(`${option} must be whole numbers ≥ ${least}, got ${showShape(all)}`, { op, option });
  }
  return all;
}

const AXES: readonly string[] = ['', '[C, L]', '[C, H, W]', '[C, D, H, W]'];

/** `[N, C, H, W]` or `[C, H, W]`, in words. */
const wantedShape = (rank: number): string => `[N, ${AXES[rank]!.slice(1)} or ${AXES[rank]!}`;

/** @throws ShapeError unless x has `rank` spatial axes behind its channels, with or without a batch axis. */
export function requireImage(op: string, x: Value, rank: number): void {
  if (x.rank === rank + 1 || x.rank === rank + 2) return;
  throw new ShapeError(`x must be ${wantedShape(rank)}, got ${showShape(x.shape)}`, {
    op,
    shapes: [x.shape],
    hint: 'Add missing axes with unsqueeze, or reshape.',
  });
}

/** The last `rank` axes. */
export const spatialOf = (x: { readonly shape: Shape }, rank: number): Shape => x.shape.slice(x.shape.length - rank);
