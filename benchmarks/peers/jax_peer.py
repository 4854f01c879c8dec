"""JAX on the CPU, everything under jit: `python jax_peer.py 1` on that many threads."""
import math, os, sys

# XLA sizes its pools by the processors it may use; no flag of its own limits them.
if hasattr(os, 'sched_setaffinity'):
    os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: int(sys.argv[1])]))
os.environ['JAX_PLATFORMS'] = 'cpu'
import jax
import jax.numpy as np
import numpy
from contender import contend


def arrays(inputs):
    return {name: np.asarray(a) for name, a in inputs.items()}


def read(results):
    return {name: numpy.asarray(a) for name, a in results.items()}


def product(inputs, options):
    t = arrays(inputs)
    turn = lambda x, letter: x.T if letter == 't' else x
    f = jax.jit(lambda a, b: {'c': turn(a, options['transposed'][0]) @ turn(b, options['transposed'][1])})
    return lambda: f(t['a'], t['b']), read, jax.block_until_ready


def mlp(inputs, options):
    p = arrays(inputs)
    x, y, layers, lr = p.pop('x'), p.pop('y'), options['layers'], options['lr']

    def loss(p, x, y):
        h = x
        for i in range(layers):
            h = h @ p[f'w{i}'] + p[f'b{i}']
            h = jax.nn.relu(h) if i < layers - 1 else h
        return -np.mean(np.take_along_axis(jax.nn.log_softmax(h), y[:, None], 1))

    gradient = jax.value_and_grad(loss)
    zeros = jax.tree.map(np.zeros_like, p)

    def sgd(state, x, y):
        l, g = gradient(state['p'], x, y)
        return {'p': jax.tree.map(lambda a, b: a - lr * b, state['p'], g)}, l

    def adam(state, x, y):
        l, g = gradient(state['p'], x, y)
        t = state['t'] + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, state['m'], g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, state['v'], g)
        move = lambda p, m, v: p - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
        return {'p': jax.tree.map(move, state['p'], m, v), 'm': m, 'v': v, 't': t}, l

    # Donated: the update may take the place of what it updates.
    step = jax.jit({'sgd': sgd, 'adam': adam}[options['optimizer']], donate_argnums=0)
    first = {'p': p} if options['optimizer'] == 'sgd' else {'p': p, 'm': zeros, 'v': jax.tree.map(np.zeros_like, p), 't': np.zeros(())}
    held = [first]

    def run():
        held[0], l = step(held[0], x, y)
        return float(l)

    return run, lambda l: {'loss': [l]}, lambda _: None


def conv(inputs, _):
    t = arrays(inputs)

    @jax.jit
    def f(x, w, dy):
        y, pullback = jax.vjp(lambda x, w: jax.lax.conv(x, w, (1, 1), 'SAME'), x, w)
        dx, dw = pullback(dy)
        return {'y': y, 'dx': dx, 'dw': dw}

    return lambda: f(t['x'], t['w'], t['dy']), read, jax.block_until_ready


def block(inputs, options):
    batch, time, width, heads = (options[k] for k in ('batch', 'time', 'width', 'heads'))
    p = arrays(inputs)
    x, dy = p.pop('x'), p.pop('dy')
    mask = np.triu(np.full((time, time), -math.inf, np.float32), 1)

    def norm(x, gain, shift):
        mean = x.mean(-1, keepdims=True)
        return (x - mean) / np.sqrt(x.var(-1, keepdims=True) + 1e-5) * gain + shift

    def forward(p, x):
        joint = norm(x, p['gain1'], p['shift1']) @ p['qkv'] + p['qkvBias']
        q, k, v = (a.reshape(batch, time, heads, -1).transpose(0, 2, 1, 3) for a in np.split(joint, 3, 2))
        scores = q @ k.transpose(0, 1, 3, 2) / math.sqrt(width // heads) + mask
        seen = (jax.nn.softmax(scores) @ v).transpose(0, 2, 1, 3).reshape(batch, time, width)
        z = x + seen @ p['out'] + p['outBias']
        wide = jax.nn.gelu(norm(z, p['gain2'], p['shift2']) @ p['up'] + p['upBias'], approximate=False)
        return z + wide @ p['down'] + p['downBias']

    @jax.jit
    def f(p, x, dy):
        y, pullback = jax.vjp(forward, p, x)
        gradients, dx = pullback(dy)
        return {**gradients, 'y': y, 'dx': dx}

    some = lambda r: read({name: r[name] for name in ('y', 'dx', 'qkv', 'down', 'gain1')})
    return lambda: f(p, x, dy), some, jax.block_until_ready


def tanh(inputs, _):
    t = arrays(inputs)
    f = jax.jit(lambda x, w, b: {'y': np.tanh(x * w + b)})
    return lambda: f(t['x'], t['w'], t['b']), read, jax.block_until_ready


def small(inputs, _):
    t = arrays(inputs)
    f = jax.jit(lambda x, y: {'z': x + y})
    return lambda: f(t['x'], t['y']), read, jax.block_until_ready


contend({f.__name__: f for f in (product, mlp, conv, block, tanh, small)})
