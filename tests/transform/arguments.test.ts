/** What transforms take and return: argnums, trees, axes; and what they refuse. */
import {
  ChainruleError,
  OptionError,
  ShapeError,
  constant,
  grad,
  hessian,
  jacobian,
  jvp,
  value,
  valueAndGrad,
  vjp,
  vmap,
  zeros,
  type Value,
} from 'chainrule';

const shown = (tree: unknown): unknown =>
  JSON.parse(
    JSON.stringify(tree, (_, x: unknown) =>
      x !== null && typeof x === 'object' && 'data' in x && 'dtype' in x
        ? nested(x as unknown as { shape: number[]; data: number[] })
        : x,
    ),
  );
const nested = ({ shape, data }: { shape: number[]; data: number[] }): unknown =>
  shape.length === 0 ? data[0] : constant(data, { shape }).toArray();

describe('grad', () => {
  const f = (x: Value, y: Value): Value => x.mul(y).add(y);

  test('numbers are lifted; one cotangent, or an array for an array of argnums', () => {
    expect(shown(grad(f)(2, 3))).toBe(3);
    expect(shown(grad(f, { argnums: 1 })(2, 3))).toBe(3);
    expect(shown(grad(f, { argnums: [1, 0] })(2, 5))).toEqual([3, 5]);
    expect(shown(grad(f, { argnums: [0] })(2, 5))).toEqual([5]);
  });

  test('trees give trees', () => {
    const loss = (p: { w: Value; b: Value[] }): Value => p.w.mul(p.b[0]!).add(p.b[1]!);
    expect(shown(grad(loss)({ w: 2, b: [3, 4] }))).toEqual({ w: 3, b: [2, 1] });
  });

  test('value and aux', () => {
    expect(shown(valueAndGrad(f)(2, 3))).toEqual([9, 3]);
    const g = (x: Value): unknown => [x.mul(x), { twice: x.mul(2) }];
    expect(shown(grad(g, { hasAux: true })(3))).toEqual([6, { twice: 6 }]);
    expect(shown(valueAndGrad(g, { hasAux: true })(3))).toEqual([[9, { twice: 6 }], 6]);
  });

  test('what f does not depend on has gradient zero, in full', () => {
    expect(shown(grad((_: Value) => value(1))(value([1, 2])))).toEqual([0, 0]);
  });

  test.each([
    ['a tensor', () => grad((x: Value) => x)(value([1, 2])) as unknown, /scalar.*shape \[2\].*\n.*jacobian/],
    ['several results', () => grad((x: Value) => [x, x])(1) as unknown, /one scalar, it returned 2 Values/],
    ['argnums beyond', () => grad(f, { argnums: 2 })(1, 2) as unknown, /argnums names argument 2, but 2 were given/],
    [
      'integers',
      () => grad((x: Value) => x.sum())(constant([1], { dtype: 'int32' })) as unknown,
      /float arguments, got int32/,
    ],
    ['an argument named twice', () => grad(f, { argnums: [0, 0] })(1, 2) as unknown, /names an argument twice: 0, 0/],
    ['an unknown option', () => grad(f, { argnum: 1 } as object)(1, 2) as unknown, /unknown option "argnum".*argnums/s],
    ['aux without a pair', () => grad((x: Value) => x, { hasAux: true })(1) as unknown, /must return \[y, aux\]/],
  ])('refuses %s', (_, call, message) => {
    expect(call).toThrow(ChainruleError);
    expect(call).toThrow(message);
  });
});

test('what is no function, and data that is no Value, is refused by name', () => {
  const transforms = { grad, valueAndGrad, jacobian, hessian, vmap, vjp };
  for (const [name, transform] of Object.entries(transforms)) {
    expect(() => (transform as (f: never) => unknown)(3 as never)).toThrow(
      `${name}: the first argument must be a function, got number`,
    );
  }
  expect(() => grad((x: Value) => x.sum())(new Float64Array(2) as never)).toThrow(
    /grad: argument 0 must be a Value.*got a Float64Array\. Wrap data with value/,
  );
  expect(() => grad((x: Value) => x, { argnum: 0 } as object)).toThrow(/unknown option/);
  expect(() => hessian((x: Value) => x, { argnums: 1 })(1)).toThrow(/^hessian: argnums/);
});

describe('vjp and jvp', () => {
  test('several arguments and results, each in its tree', () => {
    const f = (x: Value, p: { w: Value }): unknown => ({ y: x.mul(p.w), z: [p.w.add(1)] });
    const [y, pullback] = vjp(f, 2, { w: 3 }) as [unknown, (g: unknown) => unknown];
    expect(shown(y)).toEqual({ y: 6, z: [4] });
    expect(shown(pullback({ y: 1, z: [10] }))).toEqual([3, { w: 12 }]);
    expect(shown(jvp(f, [2, { w: 3 }], [1, { w: 10 }]))).toEqual([
      { y: 6, z: [4] },
      { y: 23, z: [10] },
    ]);
  });

  test('integer arguments are to be captured', () => {
    const i = constant([0], { dtype: 'int32' });
    expect(() => vjp((x: Value, j: Value) => x.indexSelect(0, j), value([1]), i)).toThrow(
      /float arguments, got int32\n.*capture it/,
    );
  });

  test('the pullback can be used again', () => {
    const [, pullback] = vjp((x: Value) => x.mul(x), value([1, 2])) as [unknown, (g: unknown) => unknown];
    expect([shown(pullback(constant([1, 0]))), shown(pullback(constant([0, 1])))]).toEqual([[[2, 0]], [[0, 4]]]); // prettier-ignore
  });

  test('integers among the results have no tangent', () => {
    const f = (x: Value): unknown => x.topk(1);
    expect(shown(jvp(f, [value([1, 3])], [value([5, 7])])[1])).toEqual({ values: [7], indices: [0] });
  });

  test.each([
    [
      'cotangents of another shape',
      () => (vjp((x: Value) => x, value([1, 2]))[1] as (g: unknown) => unknown)(zeros([3])),
      /expected shape \[2\], got \[3\]/,
    ],
    [
      'another number of cotangents',
      () => (vjp((x: Value) => x, 1)[1] as (g: unknown) => unknown)([1, 2]),
      /takes 1 cotangents, got 2/,
    ],
    [
      'tangents of another shape',
      () => jvp((x: Value) => x, [value([1, 2])], [zeros([3])]),
      /expected shape \[2\], got \[3\]/,
    ],
    ['another number of tangents', () => jvp((x: Value) => x, [1], [] as never), /1 primals but 0 tangents/],
    ['primals that are no list', () => jvp((x: Value) => x, 1 as never, 1 as never), /jvp\(f, \[x\], \[dx\]\)/],
  ])('refuse %s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});

describe('jacobian and hessian', () => {
  const f = (x: Value): Value => x.mul(x).slice([0, 2]);

  test('both modes agree; rows are outputs, columns inputs', () => {
    const x = value([1, 2, 3]);
    const wanted = [[2, 0, 0], [0, 4, 0]]; // prettier-ignore
    expect(shown(jacobian(f)(x))).toEqual(wanted);
    expect(shown(jacobian(f, { mode: 'forward' })(x))).toEqual(wanted);
  });

  test('shapes are [...output, ...input], in the structure of both', () => {
    const g = (p: { a: Value; b: Value }): unknown => [p.a.outer(p.b)];
    const [blocks] = jacobian(g)({ a: value([1, 2]), b: value([1, 2, 3]) }) as [{ a: Value; b: Value }];
    expect([blocks.a.shape, blocks.b.shape]).toEqual([[2, 3, 2], [2, 3, 3]]); // prettier-ignore
    const h = jacobian((a: Value, b: Value) => a.mul(b), { argnums: [0, 1] })(2, 3) as unknown;
    expect(shown(h)).toEqual([3, 2]);
    expect(hessian((x: Value) => x.sum().square())(zeros([2, 2])).shape).toEqual([2, 2, 2, 2]);
  });

  test('integer results have zeros, the same in both modes', () => {
    const g = (x: Value): Value => x.argmax(0);
    const blocks = (['forward', 'reverse'] as const).map((mode) => jacobian(g, { mode })(value([1, 2])));
    expect(blocks.map((block) => [block.dtype, block.toArray()])).toEqual([['float64', [0, 0]], ['float64', [0, 0]]]); // prettier-ignore
  });

  test('refuse modes that do not exist', () => {
    expect(() => jacobian(f, { mode: 'backward' as 'reverse' })).toThrow(OptionError);
  });
});

describe('vmap', () => {
  const add = (x: Value, y: Value): Value => x.add(y);
  const m = constant([[1, 2, 3], [4, 5, 6]]); // prettier-ignore

  test('axes: one for all, one each, null for not batched, negative ones', () => {
    expect(shown(vmap(add, { inAxes: [0, null] })(m, constant([1, 1, 1])))).toEqual([[2, 3, 4], [5, 6, 7]]); // prettier-ignore
    expect(shown(vmap((x: Value) => x.sum(), { inAxes: 1 })(m))).toEqual([5, 7, 9]);
    expect(shown(vmap((x: Value) => x.sum(), { inAxes: -1 })(m))).toEqual([5, 7, 9]);
    expect(shown(vmap((x: Value) => x.mul(2), { outAxes: 1 })(m))).toEqual([[2, 8], [4, 10], [6, 12]]); // prettier-ignore
  });

  test('trees of arguments, axes and results', () => {
    const f = (p: { x: Value; s: Value }): unknown => ({ y: p.x.mul(p.s), s: p.s });
    const got = vmap(f, { inAxes: [{ x: 0, s: null }], outAxes: { y: 0, s: null } })({
      x: m,
      s: constant(10),
    });
    expect(shown(got)).toEqual({ y: [[10, 20, 30], [40, 50, 60]], s: 10 }); // prettier-ignore
  });

  test('a result that does not depend on the batch is repeated', () => {
    expect(shown(vmap((_: Value) => constant([7]))(m))).toEqual([[7], [7]]); // prettier-ignore
  });

  test('… or is there once, where outAxes is null; in an empty batch too', () => {
    expect(shown(vmap((_: Value) => constant([7]), { outAxes: null })(m))).toEqual([7]);
    expect(shown(vmap((_: Value) => constant([7]), { outAxes: null })(zeros([0])))).toEqual([7]);
  });

  test('an empty batch', () => {
    expect(vmap((x: Value) => x.exp().sum())(zeros([0, 3])).shape).toEqual([0]);
  });

  test.each([
    [
      'batch axes of different lengths',
      () => vmap(add)(m, zeros([3, 3])) as unknown,
      ShapeError,
      /batch axes differ: 2 and 3/,
    ],
    [
      'nothing batched',
      () => vmap(add, { inAxes: [null, null] })(m, m) as unknown,
      OptionError,
      /no argument is batched/,
    ],
    [
      'another number of inAxes',
      () => vmap(add, { inAxes: [0] })(m, m) as unknown,
      OptionError,
      /inAxes has 1 entries for 2 arguments/,
    ],
    [
      'an axis out of range',
      () => vmap((x: Value) => x, { inAxes: 2 })(m) as unknown,
      ChainruleError,
      /vmap: axis 2 is out of range.*\[2, 3\]/,
    ],
    [
      'a scalar',
      () => vmap(add)(m, 1) as unknown,
      ChainruleError,
      /axis 0 is out of range: argument leaf 1 is a scalar.*\n.*\[0, null\]/,
    ],
    ['inAxes null', () => vmap((x: Value) => x, { inAxes: null as never })(m) as unknown, OptionError, /no argument/],
    [
      'inAxes that are no axes',
      () => vmap((x: Value) => x, { inAxes: '0' as never })(m) as unknown,
      OptionError,
      /inAxes takes axes, null, or trees of them, got "0"/,
    ],
    [
      'inAxes with an entry too few',
      () => vmap((p: { a: Value; b: Value }) => p.a, { inAxes: [{ a: 0 }] })({ a: m, b: m }) as unknown,
      OptionError,
      /inAxes has no entry for b/,
    ],
    [
      'inAxes with an entry too many',
      () => vmap((p: { a: Value }) => p.a, { inAxes: [{ a: 0, c: 0 }] })({ a: m }) as unknown,
      OptionError,
      /inAxes has an entry for c, which is not there/,
    ],
    [
      'outAxes null for what depends on the batch',
      () => vmap((x: Value) => [x, x], { outAxes: [0, null] })(m) as unknown,
      OptionError,
      /outAxes is null for a result that depends on the batch/,
    ],
  ])('refuses %s', (_, call, kind, message) => {
    expect(call).toThrow(kind);
    expect(call).toThrow(message);
  });
});
