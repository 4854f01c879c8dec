/** tanh and the logistic sigmoid. */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { exp } from './exp.ts';
import { horner } from './parts.ts';

const SMALL = [1, -1 / 3, 2 / 15, -17 / 315, 62 / 2835, -1382 / 155925, 21844 / 6081075, -929569 / 638512875];

function tanhOf(k: Lanes, x: Expr): Expr {
  const size = k.abs(x);
  const e = exp(k, k.mul(size, -2));
  const large = k.div(k.sub(1, e), k.add(e, 1));
  const small = k.mul(size, horner(k, k.mul(x, x), SMALL));
  return k.copySign(k.select(k.lt(size, 0.25), small, large), x);
}

export const tanh: LaneFunction = tanhOf;
export const sigmoid: LaneFunction = (k, x) => k.div(1, k.add(exp(k, k.neg(x)), 1));
