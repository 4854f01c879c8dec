/** Scalar graphs: building and differentiating node by node. */
import { value, type Value } from 'chainrule';

const number = (i: number): number => ((i * 7919) % 1000) / 1000 - 0.5;

const WIDTH = 32;
const LAYERS = 48;

/** Ops in the network below; leaves come on top. */
export const NETWORK_OPS: number = LAYERS * WIDTH * (2 * WIDTH + 1) + WIDTH - 1;
export const NETWORK_LEAVES: number = LAYERS * WIDTH * (WIDTH + 1) + WIDTH;

/** A dense network of scalars, every weight a leaf of its own. */
export function network(): void {
  let x = Array.from({ length: WIDTH }, (_, i) => value(number(i)));
  for (let l = 0; l < LAYERS; l++) {
    x = x.map((_, j) => {
      let sum: Value<[]> = value(number(l + j));
      for (let i = 0; i < WIDTH; i++) sum = sum.add(value(number(l * j + i) * 0.3).mul(x[i]!));
      return sum.tanh();
    });
  }
  x.reduce((a, b) => a.add(b)).backward();
}

export const chain = (n: number) => (): void => {
  const x = value(1);
  const w = value(0.999999);
  let y: Value<[]> = x;
  for (let i = 0; i < n; i++) y = y.mul(w);
  y.backward();
};

/** One node of the barest tape there is: what the machine takes for as many objects, whoever makes them. */
class BareNode {
  grad = 0;
  readonly op: number;
  readonly data: number;
  readonly a: BareNode | null;
  readonly b: BareNode | null;
  constructor(op: number, data: number, a: BareNode | null, b: BareNode | null) {
    this.op = op;
    this.data = data;
    this.a = a;
    this.b = b;
  }
}

/** The same network on an array of bare nodes with an opcode each: no shapes, no dtypes, first order only. */
export function bareNetwork(): void {
  const tape: BareNode[] = [];
  const node = (op: number, data: number, a: BareNode, b: BareNode | null): BareNode => {
    const made = new BareNode(op, data, a, b);
    tape.push(made);
    return made;
  };
  const leaf = (data: number): BareNode => new BareNode(0, data, null, null);
  const add = (a: BareNode, b: BareNode): BareNode => node(1, a.data + b.data, a, b);
  const mul = (a: BareNode, b: BareNode): BareNode => node(2, a.data * b.data, a, b);
  let x = Array.from({ length: WIDTH }, (_, i) => leaf(number(i)));
  for (let l = 0; l < LAYERS; l++) {
    x = x.map((_, j) => {
      let sum = leaf(number(l + j));
      for (let i = 0; i < WIDTH; i++) sum = add(sum, mul(leaf(number(l * j + i) * 0.3), x[i]!));
      return node(3, Math.tanh(sum.data), sum, null);
    });
  }
  const y = x.reduce(add);
  y.grad = 1;
  for (let i = tape.length - 1; i >= 0; i--) {
    const { op, grad, data, a, b } = tape[i]!;
    if (op === 1) {
      a!.grad += grad;
      b!.grad += grad;
    } else if (op === 2) {
      a!.grad += b!.data * grad;
      b!.grad += a!.data * grad;
    } else a!.grad += (1 - data * data) * grad;
  }
}
