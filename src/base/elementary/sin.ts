/** sin, cos: x = n·π/2 + r with |r| ≤ π/4 by a π/2 in three parts (Cody and Waite), then polynomials in r. */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { MAGIC64 } from './exp.ts';
import { horner, throughDouble } from './parts.ts';

const TWO_OVER_PI = 0.6366197723675814;
const PI_HALF = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21] as const;

/** (sin r − r)/r³ and (cos r − 1 + r²/2)/r⁴ in r². */
const SIN64 = [
  -0.16666666666666632, 0.008333333333322314, -0.0001984126982972514, 2.7557313662035393e-6, -2.5050753261102642e-8,
  1.5896504752056025e-10,
];
const COS64 = [
  0.0416666666666666, -0.001388888888887399, 2.4801587289394916e-5, -2.755731432602669e-7, 2.087571955808391e-9,
  -1.1359448645483137e-11,
];

function reduce(k: Lanes, x: Expr): { quadrant: Expr; r: Expr; tail: Expr } {
  const t = k.add(k.mul(x, TWO_OVER_PI), MAGIC64);
  const n = k.sub(t, MAGIC64);
  const first = k.sub(x, k.mul(n, PI_HALF[0]));
  const w = k.mul(n, PI_HALF[1]);
  const second = k.sub(first, w);
  const lost = k.sub(k.sub(first, second), w);
  const v = k.sub(k.mul(n, PI_HALF[2]), lost);
  const r = k.sub(second, v);
  return { quadrant: k.bits(t), r, tail: k.sub(k.sub(second, r), v) };
}

function sinKernel(k: Lanes, r: Expr, tail: Expr): Expr {
  const z = k.mul(r, r);
  const cube = k.mul(z, r);
  const rest = k.sub(k.mul(z, k.sub(k.mul(tail, 0.5), k.mul(cube, horner(k, z, SIN64.slice(1))))), tail);
  return k.sub(r, k.sub(rest, k.mul(cube, SIN64[0]!)));
}

function cosKernel(k: Lanes, r: Expr, tail: Expr): Expr {
  const z = k.mul(r, r);
  const half = k.mul(z, 0.5);
  const w = k.sub(1, half);
  const rest = k.sub(k.mul(k.mul(z, z), horner(k, z, COS64)), k.mul(r, tail));
  return k.add(w, k.add(k.sub(k.sub(1, w), half), rest));
}

/** sin(x + turns·π/2). */
function circular(k: Lanes, x: Expr, turns: number): Expr {
  const { quadrant, r, tail } = reduce(k, x);
  const q = k.add(quadrant, turns);
  const odd = k.ne(k.bitAnd(q, 1), 0);
  const y = k.select(odd, cosKernel(k, r, tail), sinKernel(k, r, tail));
  return k.fromBits(k.bitXor(k.bits(y), k.shiftLeft(k.bitAnd(q, 2), 62)));
}

export const sin: LaneFunction = throughDouble((k, x) => k.select(k.eq(x, 0), x, circular(k, x, 0)));
export const cos: LaneFunction = throughDouble((k, x) => circular(k, x, 1));
