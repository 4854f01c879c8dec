/** Transforms commute with each other. */
import { constant, grad, hessian, hvp, jacobian, jvp, trace, interpret, value, vjp, vmap, type Value } from 'chainrule';
import { arbitraryValue, valueMatchers, type ValueMatchers } from 'chainrule/testing';
import * as fc from 'fast-check';

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type
    interface Matchers<R> extends ValueMatchers<R> {}
  }
}

expect.extend(valueMatchers);

type F = (x: Value) => Value;

/** Scalar functions of a vector, of as many kinds as there are ways to go wrong. */
const scalars: [string, F][] = [
  ['a cubic', (x) => x.mul(x).mul(x).sum()],
  ['a product of all', (x) => x.prod()],
  ['a quadratic form', (x) => x.outer(x).tanh().sum()],
  ['a log of sums', (x) => x.exp().sum().log().mul(x.sum())],
  ['a softmax', (x) => x.softmax(0).mul(x).sum()],
  ['a running sum', (x) => x.cumsum(0).square().sum().sin()],
  [
    'a part of it',
    (x) =>
      x
        .slice([1])
        .exp()
        .mul(x.slice([0, -1]))
        .sum(),
  ],
  [
    'an inner grad',
    (x) =>
      grad((y: Value) => y.mul(y).mul(x).sum())(x)
        .sum()
        .tanh(),
  ],
  ['an inner jvp', (x) => jvp((y: Value) => y.sin().mul(x), [x], [x.square()])[1].sum()],
];

const vector = arbitraryValue({ shape: [3], min: -1.5, max: 1.5, requiresGrad: false });
const matrix = arbitraryValue({ shape: [4, 3], min: -1.5, max: 1.5, requiresGrad: false });

const forAll = (check: (x: Value, v: Value) => void): void =>
  fc.assert(fc.property(vector, vector, check), { numRuns: 5, seed: 11 });
const forBatches = (check: (xs: Value) => void): void =>
  fc.assert(fc.property(matrix, check), { numRuns: 4, seed: 12 });

const rows = (xs: Value): Value[] => xs.unbind(0);
const stacked = (ys: readonly Value[]): unknown => ys.map((y) => y.toArray());

describe.each(scalars)('%s', (_, f) => {
  const gradient = (x: Value): Value => grad(f)(x);

  test('vmap(f) = f of each row; vmap(grad f) = grad of each row = rows of grad(Σ vmap f)', () => {
    forBatches((xs) => {
      expect(vmap(f)(xs)).toBeCloseToValue(stacked(rows(xs).map(f)), { relative: 1e-12 });
      const each = stacked(rows(xs).map(gradient));
      expect(vmap(gradient)(xs)).toBeCloseToValue(each);
      expect(grad((ys: Value) => vmap(f)(ys).sum())(xs)).toBeCloseToValue(each);
    });
  });

  test('⟨grad f, v⟩ = jvp along v; vjp(1) = grad', () => {
    forAll((x, v) => {
      const [, t] = jvp(f, [x], [v]);
      expect(t).toBeCloseToValue(gradient(x).mul(v).sum());
      const [y, pullback] = vjp(f, x) as [Value, (g: number) => Value[]];
      expect(pullback(1)[0]!.data).toEqual(gradient(x).data);
      expect(y.data).toEqual(f(x).data);
    });
  });

  test('jvp of grad = grad of jvp = grad of ⟨grad, v⟩ = hvp = H·v', () => {
    forAll((x, v) => {
      const wanted = hvp(f, x, v);
      expect(jvp(gradient, [x], [v])[1]).toBeCloseToValue(wanted);
      expect(grad((y: Value) => jvp(f, [y], [v])[1])(x)).toBeCloseToValue(wanted);
      expect(grad((y: Value) => gradient(y).mul(v).sum())(x)).toBeCloseToValue(wanted);
      expect(hessian(f)(x).matmul(v)).toBeCloseToValue(wanted);
    });
  });

  test('seven ways to a Hessian agree, and it is symmetric', () => {
    const unit = (i: number): Value => constant([0, 1, 2].map((k) => (k === i ? 1 : 0)));
    const byColumns = (column: (i: number) => Value): number[][] =>
      [0, 1, 2].map((i) => column(i).toArray() as number[]);
    const ways: [string, (x: Value) => unknown][] = [
      ['hessian', (x) => hessian(f)(x).toArray()],
      ['forward over reverse', (x) => jacobian(gradient, { mode: 'forward' })(x).toArray()],
      ['reverse over reverse', (x) => jacobian(gradient, { mode: 'reverse' })(x).toArray()],
      ['reverse over forward', (x) => jacobian(jacobian(f, { mode: 'forward' }), { mode: 'reverse' })(x).toArray()],
      ['forward over forward', (x) => jacobian(jacobian(f, { mode: 'forward' }), { mode: 'forward' })(x).toArray()],
      ['hvp of each unit vector', (x) => byColumns((i) => hvp(f, x, unit(i)))],
      ['vmap of hvp', (x) => (vmap((v: Value) => hvp(f, x, v))(constant([[1, 0, 0], [0, 1, 0], [0, 0, 1]]))).toArray()], // prettier-ignore
    ];
    forAll((x) => {
      const [[, first], ...others] = ways as [(typeof ways)[number], ...typeof ways];
      const wanted = constant(first(x) as number[][]);
      expect(wanted.permute([1, 0])).toBeCloseToValue(wanted, { absolute: 1e-10 });
      for (const [, way] of others)
        expect(constant(way(x) as number[][])).toBeCloseToValue(wanted, { absolute: 1e-10 });
    });
  });

  test('trace of grad, interpreted, is grad, bit for bit; so is grad of the interpreted trace', () => {
    forAll((x) => {
      const program = trace(gradient, x);
      expect(interpret(program, [x])[0]!.data).toEqual(gradient(x).data);
      const again = trace(f, x);
      const through = grad((y: Value) => interpret(again, [y])[0]!)(x);
      expect(through.data).toEqual(gradient(x).data);
    });
  });

  test('vmap of vmap, over two axes', () => {
    const xs = constant(
      Array.from({ length: 24 }, (_, i) => (((i * 7) % 11) - 5) / 4),
      { shape: [2, 4, 3] },
    );
    const wanted = stacked((xs.unbind(0) as unknown as Value[]).flatMap(rows).map(gradient));
    const got = vmap(vmap(gradient))(xs);
    expect(got.reshape([8, 3])).toBeCloseToValue(wanted);
    const turned = vmap(vmap(gradient), { inAxes: 1, outAxes: 1 })(xs);
    expect(turned.reshape([8, 3])).toBeCloseToValue(wanted);
  });

  test('the value is the same under every transform', () => {
    forAll((x, v) => {
      const y = f(x).data;
      expect(jvp(f, [x], [v])[0].data).toEqual(y);
      expect(vjp(f, x)[0].data).toEqual(y);
      expect(interpret(trace(f, x), [x])[0]!.data).toEqual(y);
    });
  });
});

describe('perturbations are not confused', () => {
  const at = (x: Value | number): number => (x as Value).item();

  test('d/dx (x · d/dy (x + y)) = 1', () => {
    const f = (x: Value): Value => x.mul(grad((y: Value) => x.add(y))(1));
    expect(at(grad(f)(1))).toBe(1);
    const g = (x: Value): Value => x.mul(jvp((y: Value) => x.add(y), [1], [1])[1]);
    expect(at(jvp(g, [1], [1])[1])).toBe(1);
    expect(at(grad(g)(1))).toBe(1);
    expect(at(jvp(f, [1], [1])[1])).toBe(1);
  });

  test('grad inside grad of another argument', () => {
    const f = (x: Value, y: Value): Value => x.square().mul(y.square());
    const mixed = grad((x: Value) => grad(f, { argnums: 1 })(x, 3))(2);
    expect(mixed.item()).toBe(24);
  });

  test('derivatives of any order of sin', () => {
    let f = (x: Value): Value => x.sin();
    for (let order = 1; order <= 8; order++) {
      const below = f;
      f = order % 2 === 0 ? (x) => grad(below)(x) : (x) => jvp(below, [x], [1])[1];
    }
    expect(f(value(0.7)).item()).toBeCloseTo(Math.sin(0.7), 12);
  });
});

describe('transforms leave leaves alone', () => {
  test('grad does not touch .grad, of arguments or captured leaves', () => {
    const [x, w] = [value([1, 2]), value([3, 4])];
    grad((y: Value) => y.mul(w).sum())(x);
    expect([x.grad, w.grad]).toEqual([null, null]);
  });

  test('what was captured can be differentiated by backward, through grad', () => {
    const w = value(3);
    const slope = grad((x: Value) => x.mul(x).mul(w))(2);
    slope.backward();
    expect(w.grad!.item()).toBe(4);
  });

  test('arguments that require gradients get them, through vmap', () => {
    const x = value([1, 2, 3]);
    vmap((e: Value) => e.mul(e))(x)
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([2, 4, 6]);
  });
});
