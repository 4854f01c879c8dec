/**
 * log |Γ|. Stirling's series from 8 on; below, eight steps of Γ(x + 1) = x·Γ(x) lead there; near its zeros 1 and 2 a
 * polynomial of its own; negative arguments by reflection.
 */
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { log } from './log.ts';
import { horner, polynomial, throughDouble } from './parts.ts';
import { sinOfPi } from './sin-pi.ts';

/** Steps of the recurrence that bring any x ≥ 0 to where the series holds. */
const STEPS = 8;

/** x·(log Γ(x) − (x − ½)·log x + x − ½·log 2π) in 1/x², x ≥ 8: 2^−60. */
const STIRLING = [
  0.08333333333333333, -0.0027777777777741003, 0.0007936507898355585, -0.0005952366071162396, 0.0008414728669380262,
  -0.0018905408298981376, 0.005069265392352649,
];
/** log Γ(1 + t) / t, |t| ≤ ¼: 2^−60. */
const NEAR_ONE = [
  -0.5772156649015329, 0.8224670334241133, -0.4006856343865321, 0.27058080842771715, -0.20738555102835757,
  0.16955717701629947, -0.14404989682827826, 0.1255096671203044, -0.11133426016888782, 0.10009962297078137,
  -0.09095433242828668, 0.08334717224405694, -0.07692188173747305, 0.0715945362781643, -0.06689043880957604,
  0.06019786700902275, -0.056050998745359695, 0.0730434695887171, -0.0713520078325369,
];
/** log Γ(2 + t) / t, |t| ≤ ¼: 2^−56. */
const NEAR_TWO = [
  0.42278433509846713, 0.32246703342411237, -0.06735230105319544, 0.020580808428172854, -0.00738555102927657,
  0.002890510281130014, -0.0011927538597934658, 0.0005096722387750515, -0.0002231569119359468, 9.938547081480931e-5,
  -4.48800166602075e-5, 2.1420904979733433e-5, -9.932839489715677e-6,
];
/** (log 2π − 1) / 2. */
const SHIFT = 0.4189385332046727;
const LOG_PI = 1.1447298858494002;

/** log Γ(x), x ≥ 0. */
function positive(k: Lanes, x: Expr): Expr {
  const small = k.lt(x, STEPS);
  const far = k.select(small, k.add(x, STEPS), x);
  const inverse = k.div(1, far);
  const series = k.mul(inverse, horner(k, k.mul(inverse, inverse), STIRLING));
  const value = k.add(k.mul(k.sub(far, 0.5), k.sub(log(k, far), 1)), k.add(series, SHIFT));
  let steps = x;
  for (let i = 1; i < STEPS; i++) steps = k.mul(steps, k.add(x, i));
  const general = k.select(small, k.sub(value, log(k, k.select(small, steps, 1))), value);
  return nearZeros(k, x, general);
}

function nearZeros(k: Lanes, x: Expr, general: Expr): Expr {
  const fromOne = k.sub(x, 1);
  const fromTwo = k.sub(x, 2);
  const one = k.mul(fromOne, polynomial(k, fromOne, NEAR_ONE));
  const two = k.mul(fromTwo, polynomial(k, fromTwo, NEAR_TWO));
  const close = k.select(k.lt(k.abs(fromTwo), 0.25), two, general);
  return k.select(k.lt(k.abs(fromOne), 0.25), one, close);
}

/** log |Γ(x)|; +∞ at zero and the negative integers. */
export const lgamma: LaneFunction = throughDouble((k, x) => {
  const negative = k.lt(x, 0);
  const direct = positive(k, k.select(negative, k.sub(1, x), x));
  const reflected = k.sub(k.sub(LOG_PI, log(k, k.abs(sinOfPi(k, x)))), direct);
  const value = k.select(negative, reflected, direct);
  // Adding 0 turns the −0 of log Γ(1) into 0.
  return k.select(k.eq(k.abs(x), Infinity), Infinity, k.add(value, 0));
});
