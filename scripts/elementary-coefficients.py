#!/usr/bin/env python3
"""The polynomials of src/base/elementary: optional, only needed to change one (python 3, mpmath).

usage: elementary-coefficients.py [name …]

Each is the best approximation in the largest weighted error (Remez's exchange algorithm) of the stated function on the
stated interval; coefficients are then rounded to the nearest double or float.
"""
import struct
import sys

from mpmath import mp, mpf, matrix, lu_solve, asin, atan, cos, erf, erfc, exp, log, loggamma, pi, psi, sinh, sin, sqrt, tanh

mp.dps = 50
LN2 = log(2)
S = (sqrt(2) - 1) / (sqrt(2) + 1) * mpf('1.001')


def near(x):
    """x kept away from 0, where the quotients below are 0/0."""
    return x if abs(x) > mpf(10) ** -20 else mpf(10) ** -20


def odd(f, first=1):
    """(f(x) − first·x) / x³ as a function of z = x²."""
    return lambda z: (lambda x: (f(x) - first * x) / x**3)(sqrt(near(z)))


def artanh2(s):
    return log((1 + s) / (1 - s))


def erfcx(t, middle=4):
    """(1 + 2x)·e^(x²)·erfc x at x = middle·(1 + t)/(1 − t)."""
    x = middle * (1 + t) / (1 - t)
    with mp.workdps(450):
        return (1 + 2 * x) * exp(x * x) * erfc(x)


def far(x, middle=4):
    return (x - middle) / (x + middle)


def stirling(w):
    if w < mpf(10) ** -9:
        return mpf(1) / 12 - w / 360 + w * w / 1260
    x = 1 / sqrt(w)
    return (loggamma(x) - ((x - mpf('0.5')) * log(x) - x + log(2 * pi) / 2)) * x


def digamma(w):
    if w < mpf(10) ** -7:
        return mpf(1) / 12 - w / 120 + w * w / 252 - w**3 / 240
    x = 1 / sqrt(w)
    return (log(x) - 1 / (2 * x) - psi(0, x)) * x * x


def artanh_rest(z):
    """(2·artanh s − 2s − ⅔s³) / s⁵, z = s²."""
    if z < mpf(10) ** -12:
        return mpf(2) / 5 + z * 2 / 7
    s = sqrt(z)
    return (artanh2(s) - 2 * s - 2 * s**3 / 3) / s**5


HALF = LN2 / 2 * mpf('1.0005')
EXP = lambda r: (exp(near(r)) - 1 - near(r)) / near(r) ** 2
EXP2 = lambda r: (2 ** near(r) - 1 - near(r) * LN2) / near(r) ** 2
EXPM1 = lambda r: (exp(near(r)) - 1 - near(r) - near(r) ** 2 / 2) / near(r) ** 3
LOG = lambda z: (lambda s: (artanh2(s) - 2 * s) / s**3)(sqrt(near(z)))
COS = lambda z: (cos(sqrt(near(z))) - 1 + near(z) / 2) / near(z) ** 2
ERF = lambda z: erf(sqrt(near(z))) / sqrt(near(z)) - 1
ONE = lambda x: mpf(1)
SAME = lambda x: x
SQUARE = lambda x: x * x

# name: function, degree, interval, weight of the error, digits.
TABLE = {
    'EXP64': (EXP, 10, -HALF, HALF, SQUARE, 64),
    'EXP32': (EXP, 4, -HALF, HALF, SQUARE, 32),
    'EXP2_64': (EXP2, 10, -0.5001, 0.5001, SQUARE, 64),
    'EXP2_32': (EXP2, 4, -0.5001, 0.5001, SQUARE, 32),
    'EXPM1_64': (EXPM1, 11, -0.5005, 0.5005, SQUARE, 64),
    'EXPM1_32': (EXPM1, 4, -0.5005, 0.5005, SQUARE, 32),
    'LOG64': (LOG, 7, 0, S * S, SAME, 64),
    'LOG32': (LOG, 3, 0, S * S, SAME, 32),
    'ARTANH': (artanh_rest, 7, 0, S * S, SQUARE, 64),
    'SIN64': (odd(sin), 5, 0, (pi / 4 * mpf('1.001')) ** 2, SAME, 64),
    'SIN32': (odd(sin), 3, 0, (pi / 4 * mpf('1.001')) ** 2, SAME, 32),
    'COS64': (COS, 5, 0, (pi / 4 * mpf('1.001')) ** 2, SQUARE, 64),
    'COS32': (COS, 3, 0, (pi / 4 * mpf('1.001')) ** 2, SQUARE, 32),
    'SINH': (odd(sinh), 6, 0, mpf('1.01'), SAME, 64),
    'TANH32': (odd(tanh), 4, 0, mpf('0.5625') ** 2, SAME, 32),
    'ASIN': (odd(asin), 13, 0, mpf('0.2501'), SAME, 64),
    'ATAN': (odd(atan), 8, 0, mpf('0.2502') ** 2, SAME, 64),
    'ERF_NEAR': (ERF, 13, 0, mpf('1.5640625'), ONE, 64),
    'ERFC_FAR': (erfcx, 20, far(mpf('0.95')), far(mpf(28)), ONE, 64),
    'ERF32_NEAR': (ERF, 6, 0, mpf('0.81'), ONE, 32),
    # The first coefficient: ERFC32_FIRST and, less its float32 value, ERFC32_REST.
    'ERFC32_FAR': (lambda t: erfcx(t, mpf('2.75')), 8, far(mpf('0.75'), mpf('2.75')), far(mpf('10.2'), mpf('2.75')), ONE, 32),
    'LOG_ERFC32': (lambda x: log(erfc(x)), 7, mpf('0.8'), mpf(4), erfc, 32),
    'STIRLING': (stirling, 6, 0, mpf(1) / 64, ONE, 64),
    'DIGAMMA': (digamma, 7, 0, mpf(1) / 64, ONE, 64),
    'NEAR_ONE': (lambda t: loggamma(1 + near(t)) / near(t), 18, -0.25, 0.25, ONE, 64),
    'NEAR_TWO': (lambda t: loggamma(2 + near(t)) / near(t), 12, -0.25, 0.25, ONE, 64),
}


def extrema(error, low, high, points=1501):
    """The largest error between each pair of sign changes, as (place, error); an odd number of points leaves out 0."""
    found = []
    for i in range(points + 1):
        x = (low + high) / 2 - (high - low) / 2 * cos(pi * i / points)
        e = error(x)
        if not found or (e >= 0) != (found[-1][1] >= 0):
            found.append((x, e))
        elif abs(e) > abs(found[-1][1]):
            found[-1] = (x, e)
    return found


def remez(f, degree, low, high, weight):
    low, high, n = mpf(low), mpf(high), degree + 1
    places = [(low + high) / 2 - (high - low) / 2 * cos(pi * i / n) for i in range(n + 1)]
    for _ in range(12):
        rows = matrix(n + 1, n + 1)
        right = matrix(n + 1, 1)
        for i, x in enumerate(places):
            for j in range(n):
                rows[i, j] = weight(x) * x**j
            rows[i, n] = (-1) ** i
            right[i] = weight(x) * f(x)
        c = lu_solve(rows, right)
        found = extrema(lambda x: weight(x) * (f(x) - sum(c[j] * x**j for j in range(n))), low, high)
        while len(found) > n + 1:
            found.pop(0 if abs(found[0][1]) < abs(found[-1][1]) else -1)
        worst = max(abs(e) for _, e in found)
        if len(found) < n + 1 or worst < abs(c[n]) * mpf('1.001'):
            break
        places = [x for x, _ in found]
    return [c[j] for j in range(n)], worst


def single(x):
    return struct.unpack('f', struct.pack('f', float(x)))[0]


def main():
    for name in sys.argv[1:] or TABLE:
        f, degree, low, high, weight, digits = TABLE[name]
        coefficients, worst = remez(f, degree, low, high, weight)
        shown = [repr(float(x)) if digits == 64 else f'{single(x):.9g}' for x in coefficients]
        print(f'{name}: error 2^{mp.nstr(mp.log(worst, 2), 4)}\n  [{", ".join(shown)}]', flush=True)


main()
