/**
 * Derivatives of log Γ. Asymptotic series far out; recurrence up to there; negative arguments by reflection, with the
 * derivatives of the cotangent as polynomials in it.
 */
import { OptionError } from '../errors.ts';
import type { Expr, LaneFunction, Lanes } from '../lanes/lanes.ts';
import { log } from './log.ts';
import { constantLike, horner, throughDouble } from './parts.ts';
import { cotOfPi, fromInteger } from './sin-pi.ts';

const STEPS = 8;
const PI = 3.141592653589793;

/** x²·(log x − 1/(2x) − ψ(x)) in 1/x², x ≥ 8: 2^−62. */
const DIGAMMA = [
  0.08333333333333333, -0.008333333333331734, 0.003968253966070117, -0.004166665528473384, 0.007575464837564671,
  -0.021051521554262504, 0.08004478042716066, -0.2998162487342725,
];

/** ψ(x), x ≥ 0. The sum of 1/(x + i) is p′/p of the product p of the x + i: one division. */
function positiveDigamma(k: Lanes, x: Expr): Expr {
  const small = k.lt(x, STEPS);
  const far = k.select(small, k.add(x, STEPS), x);
  const inverse = k.div(1, far);
  const w = k.mul(inverse, inverse);
  const value = k.sub(k.sub(log(k, far), k.mul(inverse, 0.5)), k.mul(w, horner(k, w, DIGAMMA)));
  let p = x;
  let slope: Expr = constantLike(k, x, 1);
  for (let i = 1; i < STEPS; i++) {
    const factor = k.add(x, i);
    slope = k.add(k.mul(slope, factor), p);
    p = k.mul(p, factor);
  }
  return k.select(small, k.sub(value, k.div(slope, p)), value);
}

/** ψ = (log Γ)′. −∞ at +0, +∞ at −0, NaN at the negative integers. */
export const digamma: LaneFunction = throughDouble((k, x) => {
  const negative = k.lt(x, 0);
  const direct = positiveDigamma(k, k.select(negative, k.sub(1, x), x));
  const reflected = k.sub(direct, k.mul(cotOfPi(k, x), PI));
  const pole = k.eq(fromInteger(k, x), 0);
  const value = k.select(negative, k.select(pole, NaN, reflected), direct);
  return k.select(k.eq(x, 0), k.copySign(Infinity, k.neg(x)), value);
});

/** Bernoulli numbers B₂, B₄, … as numerator and denominator. */
const BERNOULLI: readonly (readonly [number, number])[] = [
  [1, 6],
  [-1, 30],
  [1, 42],
  [-1, 30],
  [5, 66],
  [-691, 2730],
  [7, 6],
  [-3617, 510],
  [43867, 798],
  [-174611, 330],
];

/** 1 + n/(2x) + Σ B₂ⱼ/(2j)!·n(n+1)…(n+2j−1)/x^2j: the coefficients of the sum in 1/x², without the first two. */
function eulerMaclaurin(n: number): number[] {
  let rising = 1;
  return BERNOULLI.map(([top, bottom], i) => {
    const j = 2 * (i + 1);
    rising *= ((n + j - 2) / (j - 1)) * ((n + j - 1) / j);
    return (top / bottom) * rising;
  });
}

function power(k: Lanes, x: Expr, n: number): Expr {
  if (n === 1) return x;
  const half = power(k, x, Math.floor(n / 2));
  const square = k.mul(half, half);
  return n % 2 === 0 ? square : k.mul(square, x);
}

/** n!·ζ(n + 1, x) = |ψ⁽ⁿ⁾(x)| for x ≥ 0. */
function hurwitz(k: Lanes, x: Expr, n: number): Expr {
  const steps = STEPS + n;
  const small = k.lt(x, steps);
  const far = k.select(small, k.add(x, steps), x);
  const inverse = k.div(1, far);
  const w = k.mul(inverse, inverse);
  const series = k.add(k.mul(w, horner(k, w, eulerMaclaurin(n))), k.add(k.mul(inverse, n / 2), 1));
  const tail = k.mul(k.mul(power(k, inverse, n), factorial(n - 1)), series);
  let sum: Expr = constantLike(k, x, 0);
  // The smallest terms first.
  for (let i = steps - 1; i >= 0; i--) sum = k.add(sum, power(k, k.div(1, k.add(x, i)), n + 1));
  return k.select(small, k.add(tail, k.mul(sum, factorial(n))), tail);
}

function factorial(n: number): number {
  let product = 1;
  for (let i = 2; i <= n; i++) product *= i;
  return product;
}

/** |dⁿ/dθⁿ cot θ| as a polynomial in c = cot θ: each derivative is (1 + c²) times that of the last. */
function cotangentDerivative(n: number): number[] {
  let coefficients = [0, 1];
  for (let step = 0; step < n; step++) {
    const next = new Array<number>(coefficients.length + 1).fill(0);
    coefficients.forEach((value, i) => {
      if (i === 0) return;
      next[i - 1]! += i * value;
      next[i + 1]! += i * value;
    });
    coefficients = next;
  }
  return coefficients;
}

/** πⁿ⁺¹ times that polynomial at cot πx; its coefficients are of one sign and every second one is zero. */
function cotangentTerm(k: Lanes, x: Expr, n: number): Expr {
  const c = cotOfPi(k, x);
  const parity = (n + 1) % 2;
  const scale = Array.from({ length: n + 1 }).reduce<number>((product) => product * PI, 1);
  const coefficients = cotangentDerivative(n).filter((_, i) => i % 2 === parity);
  const value = horner(
    k,
    k.mul(c, c),
    coefficients.map((a) => a * scale),
  );
  return parity === 0 ? value : k.mul(value, c);
}

const cache = new Map<number, LaneFunction>();

/**
 * ψ⁽ⁿ⁾, the n-th derivative of ψ, n ≥ 1; the same function for the same n. At the poles +∞ for odd n, −∞ for even n.
 * @throws OptionError unless n is a whole number in 1 … 100 (beyond, n! leaves the range of the intermediate results).
 */
export function polygamma(n: number): LaneFunction {
  if (!Number.isInteger(n) || n < 1 || n > 100) {
    throw new OptionError(`n must be a whole number in 1 … 100, got ${String(n)}`, { op: 'polygamma', option: 'n' });
  }
  let found = cache.get(n);
  if (found === undefined) {
    found = throughDouble((k, x) => polygammaOf(k, x, n));
    cache.set(n, found);
  }
  return found;
}

function polygammaOf(k: Lanes, x: Expr, n: number): Expr {
  const sign = n % 2 === 1 ? 1 : -1;
  const negative = k.lt(x, 0);
  const z = hurwitz(k, k.select(negative, k.sub(1, x), x), n);
  const direct = sign === 1 ? z : k.neg(z);
  const term = cotangentTerm(k, x, n);
  const reflected = sign === 1 ? k.sub(term, z) : k.neg(k.add(term, z));
  const pole = k.eq(fromInteger(k, x), 0);
  return k.select(negative, k.select(pole, constantLike(k, x, sign * Infinity), reflected), direct);
}

/** ψ′. */
export const trigamma: LaneFunction = (k, x) => polygamma(1)(k, x);
