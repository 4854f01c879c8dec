import { constant, value, type Value } from 'chainrule';
import { withScope } from '../../src/value/recording.ts';

/** The classic: e = (a+b)·(b+1) at a = 2, b = 1. */
export function classic(): { a: Value; b: Value; c: Value; d: Value; e: Value } {
  const a = value(2, { label: 'a' });
  const b = value(1, { label: 'b' });
  const c = a.add(b).named('c');
  const d = b.add(1).named('d');
  const e = c.mul(d).named('e');
  return { a, b, c, d, e };
}

/** A chain of scalars: `rounds` times three ops on the same constant leaf. */
export function chain(rounds: number): Value {
  const k = constant(0.5, { label: 'k' });
  let x: Value = value(0.3, { label: 'x' });
  for (let i = 0; i < rounds; i++) x = x.mul(k).add(k).sin();
  return x;
}

/** Layers of their own parameters, each in a scope. */
export function layers(count: number, options: { width?: number } = {}): Value {
  const { width = 3 } = options;
  let h: Value = constant([Array.from({ length: width }, (_, i) => i / 10)], { label: 'x' });
  for (let i = 0; i < count; i++) {
    const W = value(
      Array.from({ length: width }, (_, r) => Array.from({ length: width }, (_, c) => (r - c + i) / 10)),
      { label: `W${i}` },
    );
    const b = value(new Float64Array(width).fill(0.1), { label: `b${i}` });
    h = withScope('Layer', () => h.matmul(W).add(b).tanh());
  }
  return h.sum().named('loss');
}

/** A fully connected network written out in scalars, as micrograd does. */
export function scalarNetwork(sizes: readonly number[]): Value {
  let layer: Value[] = Array.from({ length: sizes[0]! }, (_, i) => constant(i / 7 - 0.3, { label: `x${i}` }));
  sizes.slice(1).forEach((size, l) => {
    const inputs = layer;
    layer = Array.from({ length: size }, (_, j) => {
      let sum: Value = value(0.01 * j, { label: `b${l}${j}` });
      inputs.forEach((x, i) => {
        sum = sum.add(x.mul(value(((i * 7 + j * 3) % 11) / 11 - 0.5, { label: `w${l}${i}${j}` })));
      });
      return sum.tanh();
    });
  });
  return layer[0]!;
}
