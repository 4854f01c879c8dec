import { constant, grad, trace, value, vmap, type DType, type Value } from 'chainrule';

const line = (...xs: number[]): Value => constant(xs, { shape: [1, 1, xs.length] });
const flat = (x: Value): number[] => Array.from(x.data);

/** Numbers without a pattern, the same each time. */
const noise = (shape: readonly number[], dtype: DType = 'float64'): Value => {
  const size = shape.reduce((n, m) => n * m, 1);
  const data = Float64Array.from({ length: size }, (_, i) => ((i * 2654435761) % 1000) / 500 - 1);
  return constant(data, { shape }).to(dtype);
};

describe('what a convolution computes', () => {
  test('is a sliding product, the kernel not flipped', () => {
    expect(flat(line(1, 2, 3, 4).conv1d(line(1, -1)))).toEqual([-1, -1, -1]);
  });

  test('stride, padding, dilation', () => {
    const x = line(1, 2, 3, 4, 5);
    expect(flat(x.conv1d(line(1, 10), { stride: 2, padding: 1 }))).toEqual([10, 32, 54]);
    expect(flat(x.conv1d(line(1, 10), { dilation: 3 }))).toEqual([41, 52]);
  });

  test("padding 'same' keeps the size, the odd zero behind", () => {
    expect(flat(line(1, 2, 3).conv1d(line(1, 10), { padding: 'same' }))).toEqual([21, 32, 3]);
  });

  test('groups see only their own channels', () => {
    const x = constant([
      [
        [1, 2],
        [3, 4],
      ],
    ]);
    expect(x.conv1d(constant([[[1]], [[10]]]), { groups: 2 }).toArray()).toEqual([
      [
        [1, 2],
        [30, 40],
      ],
    ]);
  });

  test('the transpose puts windows back, adding where they overlap', () => {
    expect(flat(line(1, 2).convTranspose1d(line(1, 10)))).toEqual([1, 12, 20]);
    expect(flat(line(1, 2).convTranspose1d(line(1, 10), { stride: 3, outputPadding: 1 }))).toEqual([
      1, 10, 0, 2, 20, 0,
    ]);
  });

  test('an image without a batch axis gives one without', () => {
    const [x, w] = [noise([2, 5, 4]), noise([3, 2, 2, 2])];
    expect(x.conv2d(w).shape).toEqual([3, 4, 3]);
    expect(flat(x.conv2d(w))).toEqual(flat(x.reshape([1, 2, 5, 4]).conv2d(w)));
  });

  test('an empty batch gives an empty batch, and zero gradients for the weight', () => {
    const x = constant(new Float64Array(0), { shape: [0, 2, 5, 5] });
    const w = noise([3, 2, 2, 2]);
    expect(x.conv2d(w).shape).toEqual([0, 3, 4, 4]);
    expect(flat(grad((v: Value) => x.conv2d(v as never).sum())(w))).toEqual(new Array(24).fill(0));
  });
});

describe('edge values', () => {
  test('padding is +0 and takes part in the sum', () => {
    expect(flat(line(1, 2, 3).conv1d(line(Infinity, 1), { padding: 1 }))).toEqual([NaN, Infinity, Infinity, Infinity]);
  });

  test('a transposed convolution adds only what overlaps: no zeros between the strides', () => {
    const w = line(Infinity, 1);
    expect(flat(line(1, 2).convTranspose1d(w, { stride: 2 }))).toEqual([Infinity, 1, Infinity, 2]);
    expect(flat(line(1, 2).convTranspose1d(w))).toEqual([Infinity, Infinity, 2]);
  });
});

describe('dtypes', () => {
  test('int32 wraps', () => {
    const x = constant([[1 << 30, 1 << 30]], { dtype: 'int32' });
    const w = constant([[[2, 2]]], { dtype: 'int32' });
    expect(x.conv1d(w).dtype).toBe('int32');
    expect(flat(x.conv1d(w))).toEqual([0]);
  });

  test('float32 rounds every product and sum', () => {
    const x = noise([1, 3, 4, 4], 'float32');
    const w = noise([1, 3, 4, 4], 'float32');
    let sum = 0;
    for (let i = 0; i < 48; i++) sum = Math.fround(sum + Math.fround(x.data[i]! * w.data[i]!));
    expect(x.conv2d(w).item()).toBe(sum);
  });

  test('bool is refused', () => {
    const x = constant([[true, false]]);
    expect(() => x.conv1d(constant([[[true]]]))).toThrow(/conv1d: is not defined for bool/);
  });
});

test('the sum over (channel, kernel) has the bits of a product over the same elements, whatever the tiling', () => {
  const [x, w] = [noise([1, 40, 30, 30]), noise([5, 40, 3, 3])];
  const y = x.conv2d(w);
  const patch = x.slice(null, null, [7, 10], [11, 14]).reshape([360, 1]);
  const product = w.reshape([5, 360]).matmul(patch as never);
  expect(flat(y.slice(0, null, 7, 11))).toEqual(flat(product));
});

describe('derivatives are convolutions', () => {
  const x = noise([2, 4, 5]);
  const w = noise([6, 2, 3]);
  const conv = (a: Value, b: Value): Value => a.conv1d(b as never, { groups: 2, stride: 2, padding: 1 });

  test('of the same kind: what each computes is the one thing that changes', () => {
    const f = (a: Value, b: Value): Value => conv(a, b).square().sum();
    const results = (argnums: number): string[] =>
      [
        ...trace(grad(f, { argnums }), x, w)
          .toString()
          .matchAll(/convolution .*result: (\w+)/g),
      ].map(([, role]) => role!);
    expect(results(0)).toEqual(['output', 'input']);
    expect(results(1)).toEqual(['output', 'weight']);
  });

  test.each([
    ['input', [0, null]],
    ['weight', [null, 0]],
    ['both', [0, 0]],
  ] as const)('vmap over %s is a stack of single ones, and so are its gradients', (_, inAxes) => {
    const size = 3;
    const many = (v: Value, axis: number | null): Value => (axis === null ? v : noise([size, ...v.shape]));
    const [xs, ws] = [many(x, inAxes[0]), many(w, inAxes[1])];
    const at = (v: Value, axis: number | null, i: number): Value => (axis === null ? v : v.slice(i));
    const functions = [
      conv,
      ...[0, 1].map((argnums) => grad((a: Value, b: Value) => conv(a, b).square().sum(), { argnums })),
    ];
    for (const f of functions) {
      const batched = vmap(f, { inAxes })(xs, ws);
      for (let i = 0; i < size; i++) {
        const single = f(at(xs, inAxes[0], i), at(ws, inAxes[1], i));
        const own = batched.slice(i);
        expect(own.shape).toEqual(single.shape);
        flat(own).forEach((n, k) => expect(n).toBeCloseTo(single.data[k]!, 9));
      }
    }
  });

  test('no gradient leaks from the part that a stride never reads', () => {
    const v = value([[1, 2, 3, 4]]);
    v.conv1d(line(1, 1), { stride: 3 }).sum().backward();
    expect(v.grad!.toArray()).toEqual([[1, 1, 0, 0]]);
  });
});
