/** Made data: small problems with known answers. */
import { checkOptions } from '../base/errors.ts';
import { rand, randn } from '../ops/random.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';

export interface Labelled {
  /** [n, features] float64. */
  readonly x: Value;
  /** [n] int32. */
  readonly y: Value;
}

export interface MakerOptions {
  /** Standard deviation of what is added to every coordinate. */
  readonly noise?: number;
}

/**
 * Two interleaved half circles, classes 0 and 1 in turn. Seeded by `manualSeed`.
 * @example const { x, y } = moons(500, { noise: 0.1 })
 */
export function moons(n: number, options: MakerOptions = {}): Labelled {
  checkOptions('moons', options, ['noise']);
  const angle = rand([n], { dtype: 'float64' }).mul(3.141592653589793);
  const label = Int32Array.from({ length: n }, (_, i) => i % 2);
  const y = constant(label);
  const upper = y.eq(0);
  const [cos, sin] = [angle.cos(), angle.sin()];
  const across = cos.where(upper, cos.neg().add(1));
  const along = sin.where(upper, sin.neg().add(0.5));
  const noise = randn([n, 2], { dtype: 'float64' }).mul(options.noise ?? 0);
  const column = (x: Value): Value => x.reshape([n, 1]);
  const x = column(across)
    .mul(constant([[1, 0]]))
    .add(column(along).mul(constant([[0, 1]])))
    .add(noise);
  return { x: x.detach(), y };
}
