/**
 * What the type system knows of shapes: checked by `npm run typecheck`, never run. Where a line must not compile, it
 * says so; messages.test.ts holds the words.
 */
import { add, constant, exp, matmul, ones, sum, value, where, zeros, type Shape, type Value } from 'chainrule';
import type { Data } from '../../src/value/read.ts';

/** Compiles only where both types are the same. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is =
  <A>(): (<B>(x: B, same: Same<A, B>) => void) =>
  () =>
    undefined;

export function factories(data: Data): void {
  const w = zeros([2, 3]);
  is<Value<[2, 3]>>()(w, true);
  const x = value([[1, 2, 3], [4, 5, 6]]); // prettier-ignore
  is<Value<[2, 3]>>()(x, true);
  const s = value(3);
  is<Value<[]>>()(s, true);
  const flat = constant(new Float32Array(6), { shape: [2, 3] });
  is<Value<[2, 3]>>()(flat, true);
  const rows: number[][] = [];
  const unknown = value(rows);
  is<Value<[number, number]>>()(unknown, true);
  const deep: Value = value(data);
  deep.sum();
  const shape: number[] = [2, 3];
  const any = zeros(shape);
  is<Value<number[]>>()(any, true);
}

export function pointwise(): void {
  const [a, b, row] = [zeros([2, 3]), ones([2, 3]), zeros([3])];
  const y = a.add(b).mul(row).sub(1);
  is<Value<[2, 3]>>()(y, true);
  const z = zeros([4, 1]).mul(row);
  is<Value<[4, 3]>>()(z, true);
  const e = exp(add(a, 2));
  is<Value<[2, 3]>>()(e, true);
  const chosen = where(a.gt(0), a, 0);
  is<Value<[2, 3]>>()(chosen, true);
  // @ts-expect-error -- 3 against 4
  a.add(zeros([4]));
  // @ts-expect-error -- a string is no operand
  a.add('1');
}

export function unknowns(batch: number, x: Value, rows: Value<[number, 3]>): void {
  const y = zeros([batch, 3]).add(zeros([3]));
  is<Value<[number, 3]>>()(y, true);
  const z = rows.mul(x);
  is<Value<Shape>>()(z, true);
  const known: Value<[2, 3]> = x as Value<[2, 3]>;
  const back: Value = known;
  rows.add(back);
  // @ts-expect-error -- the last axis is known, and it is 3
  rows.add(zeros([4]));
}

export function reductions(x: Value<[2, 3, 4]>): void {
  const all = x.sum();
  is<Value<[]>>()(all, true);
  const last = x.sum(-1);
  is<Value<[2, 3]>>()(last, true);
  const kept = x.mean([0, 2], { keepDims: true });
  is<Value<[1, 3, 1]>>()(kept, true);
  const free = sum(x, 1);
  is<Value<[2, 4]>>()(free, true);
  const loose = (axis: number, keepDims: boolean): void => {
    const some = x.sum(axis, { keepDims });
    is<Value<Shape>>()(some, true);
  };
  loose(0, true);
  // @ts-expect-error -- axis 3 of three
  x.sum(3);
  // @ts-expect-error -- PyTorch's name
  x.sum(0, { keepdim: true });
}

export function products(a: Value<[2, 3]>, b: Value<[3, 5]>, v: Value<[3]>): void {
  const c = a.matmul(b);
  is<Value<[2, 5]>>()(c, true);
  const d = a.matmul(v);
  is<Value<[2]>>()(d, true);
  const e = matmul(v, b);
  is<Value<[5]>>()(e, true);
  const batched = zeros([7, 1, 2, 3]).matmul(zeros([4, 3, 5]));
  is<Value<[7, 4, 2, 5]>>()(batched, true);
  // @ts-expect-error -- inner axes 3 and 2
  a.matmul(a);
  // @ts-expect-error -- a number is no matrix
  a.matmul(2);
}

export function shapes(x: Value<[2, 3]>): void {
  const y = x.reshape([3, 2]);
  is<Value<[3, 2]>>()(y, true);
  const z = x.broadcastTo([4, 2, 3]);
  is<Value<[4, 2, 3]>>()(z, true);
  const w: Value = x.reshape([-1]);
  w.add(1);
}

export function functions(): void {
  // Functions over any shape accept and return Values of some shape.
  const relu = (x: Value): Value => x.where(x.gt(0), 0);
  relu(zeros([2, 3])).sum();
  const layer = (x: Value<[number, 3]>): Value<[number, 5]> => x.matmul(zeros([3, 5]));
  const y = layer(zeros([8, 3]));
  is<Value<[number, 5]>>()(y, true);
  // @ts-expect-error -- four columns
  layer(zeros([8, 4]));
}

export function operators(x: Value<[]>): void {
  // @ts-expect-error -- Values have no operators
  void (x * 2);
  // @ts-expect-error -- nor an order
  void (x > 1);
  // @ts-expect-error -- Values are not iterable
  void [...x];
  // @ts-expect-error -- the shape is read-only
  x.shape = [];
}
