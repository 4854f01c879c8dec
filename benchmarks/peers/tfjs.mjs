/** TensorFlow.js, eagerly, as it runs: `node tfjs.mjs wasm` or `node tfjs.mjs cpu`. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { contend } from './contender.mjs';

// Its ES modules are written for bundlers: Node takes the CommonJS ones.
const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const [, , name] = process.argv;
if (name === 'wasm') {
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  wasm.setWasmPaths(join(dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'dist/'));
}
if (!(await tf.setBackend(name))) throw new Error(`TensorFlow.js has no backend ${name} here`);
await tf.ready();

const tensor = ({ data, shape, dtype }) => tf.tensor(data, shape, dtype);
const tensors = (inputs) => Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, tensor(input)]));

const finish = (results) => tf.dispose(results);
function read(results) {
  const data = Object.fromEntries(Object.entries(results).map(([key, t]) => [key, t.dataSync().slice()]));
  tf.dispose(results);
  return data;
}

function product(inputs, { transposed }) {
  const { a, b } = tensors(inputs);
  return { run: () => ({ c: tf.matMul(a, b, transposed[0] === 't', transposed[1] === 't') }), read, finish };
}

function mlp(inputs, { optimizer, layers, lr }) {
  const { x, y, ...start } = tensors(inputs);
  const p = Object.fromEntries(Object.entries(start).map(([key, t]) => [key, tf.variable(t)]));
  const hot = tf.cast(tf.oneHot(y, 10), 'float32');
  const trainer = optimizer === 'sgd' ? tf.train.sgd(lr) : tf.train.adam(lr, 0.9, 0.999, 1e-8);
  const loss = () => {
    let h = x;
    for (let i = 0; i < layers; i++) {
      h = tf.add(tf.matMul(h, p[`w${i}`]), p[`b${i}`]);
      if (i < layers - 1) h = tf.relu(h);
    }
    return tf.losses.softmaxCrossEntropy(hot, h);
  };
  const run = () => trainer.minimize(loss, true);
  const last = (l) => {
    const data = l.dataSync().slice();
    l.dispose();
    return data;
  };
  return { run, read: (l) => ({ loss: last(l) }), finish: (l) => void last(l) };
}

/** The backend knows NHWC only; the permutations lie outside of what is timed. */
function conv(inputs) {
  const { x, w, dy } = tensors(inputs);
  const [images, kernel, cotangent] = [
    tf.transpose(x, [0, 2, 3, 1]),
    tf.transpose(w, [2, 3, 1, 0]),
    tf.transpose(dy, [0, 2, 3, 1]),
  ];
  const both = tf.valueAndGrads((x, w) => tf.conv2d(x, w, 1, 'same'));
  const run = () => both([images, kernel], cotangent);
  const back = ({ value, grads: [dx, dw] }) =>
    read({
      y: tf.transpose(value, [0, 3, 1, 2]),
      dx: tf.transpose(dx, [0, 3, 1, 2]),
      dw: tf.transpose(dw, [3, 2, 0, 1]),
    });
  return { run, read: back, finish };
}

function block(inputs, { batch, time, width, heads }) {
  const { x, dy, ...p } = tensors(inputs);
  const size = width / heads;
  const mask = tf.tensor(
    Float32Array.from({ length: time * time }, (_, i) => (i % time > Math.floor(i / time) ? -1e9 : 0)),
    [1, 1, time, time],
  );
  const linear = (x, w, b) => {
    const flat = tf.matMul(tf.reshape(x, [batch * time, -1]), w);
    return tf.add(tf.reshape(flat, [batch, time, -1]), b);
  };
  const norm = (x, gain, shift) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), gain), shift);
  };
  const gelu = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
  const split = (t) => tf.transpose(tf.reshape(t, [batch, time, heads, size]), [0, 2, 1, 3]);
  const forward = (p, x) => {
    const [q, k, v] = tf.split(linear(norm(x, p.gain1, p.shift1), p.qkv, p.qkvBias), 3, 2).map(split);
    const scores = tf.add(tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(size)), mask);
    const seen = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
    const z = tf.add(x, linear(tf.reshape(seen, [batch, time, width]), p.out, p.outBias));
    return tf.add(z, linear(gelu(linear(norm(z, p.gain2, p.shift2), p.up, p.upBias)), p.down, p.downBias));
  };
  const keys = Object.keys(p);
  const named = (list) => Object.fromEntries(keys.map((key, i) => [key, list[i]]));
  const both = tf.valueAndGrads((...all) => forward(named(all), all.at(-1)));
  const run = () => both([...keys.map((key) => p[key]), x], dy);
  const some = ({ value, grads }) => {
    const { qkv, down, gain1 } = named(grads);
    return read({ y: value, dx: grads.at(-1), qkv, down, gain1 });
  };
  return { run, read: some, finish };
}

function tanh(inputs) {
  const { x, w, b } = tensors(inputs);
  return { run: () => tf.tidy(() => ({ y: tf.tanh(tf.add(tf.mul(x, w), b)) })), read, finish };
}

function small(inputs) {
  const { x, y } = tensors(inputs);
  return { run: () => ({ z: tf.add(x, y) }), read, finish };
}

await contend({ product, mlp, conv, block, tanh, small });
