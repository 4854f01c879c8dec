#!/usr/bin/env python3
"""Reference values for tests/base/elementary: optional, only needed to change the table (python 3, mpmath).

usage: elementary-references.py OUT.json [points per function] [function …]

For each function two lists. "float64": [x…, y, rest] with y the double nearest to the true value and rest what is
missing, in units of y's last place. "float32": [x…, y] for float32 arguments, y the true value as a double.
Arguments that OUT.json already holds are kept (among them the worst that were found so far); the rest is drawn.
"""
import json
import math
import os
import random
import struct
import sys

from mpmath import mp, mpf

mp.prec = 400


def f32(x):
    try:
        return struct.unpack('f', struct.pack('f', x))[0]
    except OverflowError:
        return math.copysign(math.inf, x)


def loggamma(x):
    return mp.loggamma(x) if x > 0 else mp.log(abs(mp.gamma(x)))


# Kinds of sampling interval: u = uniform, l = logarithmic (positive), s = logarithmic with either sign.
ONE = {
    'exp': (mp.exp, [('u', -1, 1), ('u', -745, 709.78), ('s', 1e-18, 1), ('u', -745.1, -708)]),
    'exp2': (lambda x: mpf(2) ** x, [('u', -1, 1), ('u', -1074, 1023.99), ('s', 1e-18, 1), ('u', -1074, -1022)]),
    'expm1': (mp.expm1, [('u', -1, 1), ('u', -40, 709), ('s', 1e-300, 1), ('u', -1.2, -0.2), ('u', 0.2, 1.2)]),
    'log': (mp.log, [('u', 0.5, 2), ('l', 5e-324, 1e308), ('u', 0.99, 1.01), ('l', 5e-324, 1e-307)]),
    'log2': (lambda x: mp.log(x) / mp.log(2), [('u', 0.5, 2), ('l', 5e-324, 1e308), ('u', 0.99, 1.01)]),
    'log10': (mp.log10, [('u', 0.5, 2), ('l', 5e-324, 1e308), ('u', 0.99, 1.01)]),
    'log1p': (mp.log1p, [('u', -0.9999, 1), ('l', 1e-300, 1e308), ('s', 1e-20, 0.5), ('u', -0.5, 0.5)]),
    'sin': (mp.sin, [('u', -4, 4), ('s', 1e-300, 1e308), ('u', -1e6, 1e6), ('s', 1e5, 1e9), 'quarters']),
    'cos': (mp.cos, [('u', -4, 4), ('s', 1e-300, 1e308), ('u', -1e6, 1e6), ('s', 1e5, 1e9), 'quarters']),
    'tan': (mp.tan, [('u', -4, 4), ('s', 1e-300, 1e308), ('u', -1e6, 1e6), ('s', 1e5, 1e9), 'quarters']),
    'asin': (mp.asin, [('u', -1, 1), ('s', 1e-300, 1), ('u', 0.49, 0.51), ('u', 0.99, 1)]),
    'acos': (mp.acos, [('u', -1, 1), ('s', 1e-20, 1), ('u', 0.49, 0.51), ('u', 0.99, 1), ('u', -1, -0.99)]),
    'atan': (mp.atan, [('u', -3, 3), ('s', 1e-300, 1e300), ('u', -0.5, 0.5)]),
    'sinh': (mp.sinh, [('u', -3, 3), ('s', 1e-300, 710), ('u', -710.4, 710.4), ('u', -1.1, 1.1)]),
    'cosh': (mp.cosh, [('u', -3, 3), ('s', 1e-10, 710), ('u', -710.4, 710.4)]),
    'tanh': (mp.tanh, [('u', -3, 3), ('s', 1e-300, 25), ('u', -0.6, 0.6)]),
    'asinh': (mp.asinh, [('u', -3, 3), ('s', 1e-300, 1e308), ('u', -0.6, 0.6)]),
    'acosh': (mp.acosh, [('u', 1, 3), ('l', 1, 1e308), ('u', 1, 1.01)]),
    'atanh': (mp.atanh, [('u', -1, 1), ('s', 1e-300, 1), ('u', 0.99, 1), ('u', -0.3, 0.3)]),
    'sigmoid': (lambda x: 1 / (1 + mp.exp(-x)), [('u', -3, 3), ('u', -745, 40), ('s', 1e-20, 40), ('u', -745, -708)]),
    'logit': (lambda x: mp.log(x / (1 - mpf(x))), [('u', 0, 1), ('l', 1e-308, 1), ('u', 0.49, 0.51), ('u', 0.99, 1)]),
    'erf': (mp.erf, [('u', -6, 6), ('s', 1e-300, 6), ('u', -1, 1)]),
    'erfc': (mp.erfc, [('u', -6, 26.5), ('s', 1e-20, 26), ('u', -1, 3)]),
    'lgamma': (loggamma, [('u', 0, 4), ('l', 1e-300, 1e300), ('u', 0, 40), ('u', -40, 0), ('u', 0.9, 2.1), ('u', -1e5, 0)]),
    'digamma': (lambda x: mp.psi(0, x), [('u', 0, 4), ('s', 1e-100, 1), ('l', 1e-10, 1e300), ('u', 0, 40), ('u', -40, 0)]),
    'trigamma': (lambda x: mp.psi(1, x), [('u', 0, 4), ('s', 1e-100, 1), ('l', 1e-10, 1e100), ('u', 0, 40), ('u', -20, 0)]),
    'polygamma2': (lambda x: mp.psi(2, x), [('u', 0, 4), ('l', 1e-10, 1e50), ('u', 0, 40), ('u', -20, 0)]),
    'polygamma5': (lambda x: mp.psi(5, x), [('u', 0, 4), ('l', 1e-10, 1e30), ('u', 0, 40), ('u', -20, 0)]),
    'polygamma12': (lambda x: mp.psi(12, x), [('u', 0.1, 4), ('l', 1e-5, 1e15), ('u', 0, 60), ('u', -9, 0)]),
}
TWO = {
    'pow': (
        lambda x, y: mpf(x) ** mpf(y),
        [('l', 1e-300, 1e300, 's', 1e-3, 1), ('u', 0.5, 2, 'u', -700, 700), ('l', 1e-10, 1e10, 'u', -30, 30),
         ('u', 0.9999, 1.0001, 'u', -1e6, 1e6), ('l', 1e-310, 1e308, 'u', -3, 3), ('u', 0, 10, 'i', -20, 20)],
    ),
    'atan2': (
        mp.atan2,
        [('u', -3, 3, 'u', -3, 3), ('s', 1e-300, 1e300, 's', 1e-300, 1e300), ('s', 1e-3, 1e3, 's', 1e-3, 1e3)],
    ),
    'hypot': (
        lambda x, y: mp.sqrt(mpf(x) ** 2 + mpf(y) ** 2),
        [('u', -3, 3, 'u', -3, 3), ('s', 1e-320, 1e307, 's', 1e-320, 1e307), ('s', 1e-3, 1e3, 's', 1e-3, 1e3),
         ('s', 1e-323, 1e-305, 's', 1e-323, 1e-305)],
    ),
    'logAddExp': (
        lambda x, y: mp.log(mp.exp(x) + mp.exp(y)),
        [('u', 1, 30, 'u', 1, 30), ('u', -800, 800, 'u', -800, 800), ('u', -30, -3, 'u', -30, -3)],
    ),
    'xlogy': (
        lambda x, y: mpf(x) * mp.log(y),
        [('u', -3, 3, 'u', 0, 3), ('s', 1e-100, 1e100, 'l', 1e-300, 1e300), ('u', -3, 3, 'u', 0.9, 1.1)],
    ),
}


def draw(rng, kind, low, high):
    if kind == 'u':
        return rng.uniform(low, high)
    if kind == 'i':
        return float(rng.randint(low, high))
    x = math.exp(rng.uniform(math.log(low), math.log(high)))
    x = min(max(x, low), high)
    return -x if kind == 's' and rng.random() < 0.5 else x


def quarter(rng, single):
    """The floating point number nearest to a random multiple of π/2: where argument reduction cancels most."""
    n = int(math.exp(rng.uniform(0, 60 if rng.random() < 0.5 else 14)))
    x = float(n * mp.pi / 2)
    return f32(x) if single else x


def points(spans, count, seed, single):
    rng = random.Random(seed)
    out = []
    while len(out) < count:
        span = spans[len(out) % len(spans)]
        if span == 'quarters':
            xs = [quarter(rng, single)]
        else:
            xs = [draw(rng, *span[i:i + 3]) for i in range(0, len(span), 3)]
        if single:
            xs = [f32(x) for x in xs]
        out.append(xs)
    return out


def ulp(y):
    return math.ulp(y) if y else 5e-324


def references(name, f, spans, count, known):
    double, single = [], []
    arity = len(next(span for span in spans if span != 'quarters')) // 3
    kept = [row[:arity] for row in known.get('float64', [])][:count]
    for xs in kept + points(spans, count - len(kept), name, False):
        y = value(f, xs)
        if y is None:
            continue
        near = float(y)
        if math.isinf(near):
            continue
        double.append([*xs, near, round(float((y - mpf(near)) / mpf(ulp(near))), 4)])
    kept = [row[:arity] for row in known.get('float32', [])][:count]
    for xs in kept + points(spans, count - len(kept), name + '32', True):
        if any(math.isinf(x) or (abs(x) < 1.2e-38) for x in xs):
            continue
        y = value(f, xs)
        if y is not None and 1.2e-38 < abs(float(y)) < 3.3e38:
            single.append([*xs, float(y)])
    return {'float64': double, 'float32': single}


def value(f, xs):
    """The true value, or None where there is none (poles, outside the domain)."""
    try:
        y = f(*map(mpf, xs))
    except (ZeroDivisionError, ValueError):
        return None
    return None if isinstance(y, mp.mpc) or not mp.isfinite(y) else y


def main():
    out, count, names = sys.argv[1], int((sys.argv + ['120'])[2]), sys.argv[3:]
    old = json.load(open(out)) if os.path.exists(out) else {}
    table = {}
    for group in (ONE, TWO):
        for name, (f, spans) in group.items():
            if not names or name in names:
                table[name] = references(name, f, spans, count, old.get(name, {}))
                print(name, len(table[name]['float64']), len(table[name]['float32']), file=sys.stderr, flush=True)
    with open(out, 'w') as file:
        file.write('{\n' + ',\n'.join(f'"{k}": {json.dumps(v, separators=(",", ":"))}' for k, v in table.items()) + '\n}\n')


main()
