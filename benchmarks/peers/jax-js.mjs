/** jax-js on its WebAssembly backend, everything under jit. Its arrays are counted by hand: `.ref` keeps one for later. */
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, tree, valueAndGrad, vjp } from '@jax-js/jax';
import { contend } from './contender.mjs';

await init('wasm');
defaultDevice('wasm');

const array = ({ data, shape, dtype }) => np.array(data, { shape, dtype });
const arrays = (inputs) => Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, array(input)]));

/** Waits, then lets go. */
const finish = (result) => blockUntilReady(result).then(() => tree.dispose(result));
const read = (named) => Object.fromEntries(Object.entries(named).map(([name, a]) => [name, a.dataSync()]));

const causal = (time) =>
  np.array(
    Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? -1e9 : 0)),
    { shape: [1, 1, time, time] },
  );

function product(inputs, { transposed }) {
  const { a, b } = arrays(inputs);
  const turn = (x, letter) => (letter === 't' ? x.transpose() : x);
  const f = jit((a, b) => np.matmul(turn(a, transposed[0]), turn(b, transposed[1])));
  return { run: () => ({ c: f(a.ref, b.ref) }), read, finish };
}

function mlp(inputs, { optimizer, layers, lr }) {
  const { x, y: labels, ...start } = inputs;
  const loss = (p, x, y) => {
    let h = x;
    for (let i = 0; i < layers; i++) {
      h = np.matmul(h, p[`w${i}`]).add(p[`b${i}`]);
      if (i < layers - 1) h = nn.relu(h);
    }
    return nn
      .logSoftmax(h)
      .mul(y)
      .sum()
      .mul(-1 / 64);
  };
  const gradient = valueAndGrad(loss);
  const images = array(x);
  const hot = nn.oneHot(array(labels), 10);
  let p = arrays(start);
  const task = { read: (l) => ({ loss: l.dataSync() }), finish: (l) => void l.dataSync() };
  if (optimizer === 'sgd') {
    const step = jit((p, x, y) => {
      const [l, g] = gradient(tree.ref(p), x, y);
      return [tree.map((a, b) => a.sub(b.mul(lr)), p, g), l];
    });
    const run = () => {
      const [next, l] = step(p, images.ref, hot.ref);
      p = next;
      return l;
    };
    return { ...task, run };
  }
  let m = tree.map((a) => np.zerosLike(a.ref), p);
  let v = tree.map((a) => np.zerosLike(a.ref), p);
  let t = 0;
  const step = jit((p, m, v, x, y, c1, c2) => {
    const [l, g] = gradient(tree.ref(p), x, y);
    const m2 = tree.map((m, g) => m.mul(0.9).add(g.mul(0.1)), m, tree.ref(g));
    const v2 = tree.map((v, g) => v.mul(0.999).add(g.ref.mul(g).mul(0.001)), v, g);
    const move = (p, m, v) =>
      p.sub(
        m
          .mul(c1.ref)
          .div(np.sqrt(v.mul(c2.ref)).add(1e-8))
          .mul(lr),
      );
    return [tree.map(move, p, tree.ref(m2), tree.ref(v2)), m2, v2, l];
  });
  const run = () => {
    t++;
    const corrections = [0.9, 0.999].map((beta) => np.array(1 / (1 - beta ** t)));
    const [p2, m2, v2, l] = step(p, m, v, images.ref, hot.ref, ...corrections);
    [p, m, v] = [p2, m2, v2];
    return l;
  };
  return { ...task, run };
}

function conv(inputs) {
  const { x, w, dy } = arrays(inputs);
  const f = jit((x, w, dy) => {
    const [y, pullback] = vjp((x, w) => lax.conv(x, w, [1, 1], 'SAME'), [x, w]);
    const [dx, dw] = pullback(dy);
    return { y, dx, dw };
  });
  return { run: () => f(x.ref, w.ref, dy.ref), read, finish };
}

function block(inputs, { batch, time, width, heads }) {
  const { x, dy, ...p } = arrays(inputs);
  const mask = causal(time);
  const size = width / heads;
  const norm = (x, gain, shift) => {
    const c = x.ref.sub(np.mean(x, -1, { keepdims: true }));
    const variance = np.mean(c.ref.mul(c.ref), -1, { keepdims: true });
    return c
      .div(np.sqrt(variance.add(1e-5)))
      .mul(gain)
      .add(shift);
  };
  const forward = (p, x, mask) => {
    const joint = np.matmul(norm(x.ref, p.gain1, p.shift1), p.qkv).add(p.qkvBias);
    const apart = joint.reshape([batch, time, 3, heads, size]).transpose([2, 0, 3, 1, 4]);
    const [q, k, v] = np.split(apart, 3, 0).map((t) => t.reshape([batch, heads, time, size]));
    const scores = np
      .matmul(q, k.transpose([0, 1, 3, 2]))
      .mul(1 / Math.sqrt(size))
      .add(mask);
    const seen = np.matmul(nn.softmax(scores, -1), v).transpose([0, 2, 1, 3]).reshape([batch, time, width]);
    const z = x.add(np.matmul(seen, p.out).add(p.outBias));
    const wide = nn.gelu(np.matmul(norm(z.ref, p.gain2, p.shift2), p.up).add(p.upBias), { approximate: false });
    return z.add(np.matmul(wide, p.down).add(p.downBias));
  };
  const f = jit((p, x, mask, dy) => {
    const [y, pullback] = vjp((p, x) => forward(p, x, mask), [p, x]);
    const [gradients, dx] = pullback(dy);
    return { ...gradients, y, dx };
  });
  const readSome = ({ y, dx, qkv, down, gain1, ...rest }) => {
    tree.dispose(rest);
    return read({ y, dx, qkv, down, gain1 });
  };
  return { run: () => f(tree.ref(p), x.ref, mask.ref, dy.ref), read: readSome, finish };
}

function tanh(inputs) {
  const { x, w, b } = arrays(inputs);
  const f = jit((x, w, b) => np.tanh(x.mul(w).add(b)));
  return { run: () => ({ y: f(x.ref, w.ref, b.ref) }), read, finish };
}

function small(inputs) {
  const { x, y } = arrays(inputs);
  const f = jit((x, y) => x.add(y));
  return { run: () => ({ z: f(x.ref, y.ref) }), read, finish: ({ z }) => void z.dataSync() };
}

await contend({ product, mlp, conv, block, tanh, small });
