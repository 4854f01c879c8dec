import {
  arange,
  concat,
  constant,
  grad,
  meshgrid,
  ones,
  stack,
  trace,
  value,
  vmap,
  zeros,
  type DType,
  type Value,
} from 'chainrule';

const ints = (data: number[] | number[][]): Value => constant(data, { dtype: 'int32' });

describe('structure ops keep what they move', () => {
  test.each<DType>(['float64', 'float32', 'int32', 'bool'])('the dtype: %s', (dtype) => {
    const x = constant([[1, 0, 1]], { dtype }) as Value;
    const results = [
      x.reshape([3]),
      x.permute([1, 0]),
      x.broadcastTo([2, 3]),
      x.slice(0, [null, null, -2]),
      x.flip(),
      x.roll(1),
      x.tile([2, 2]),
      concat([x, x], 1),
      stack([x, x]),
      x.split([1, 2], 1)[1]!,
      x.pad([1, 1], { value: 1 }),
      x.pad([1, 1], { mode: 'circular' }),
      x.tril(),
      x.diagonal(),
      x.diagEmbed(1),
      x.index('...', [0, -1]),
      x.indexSelect(1, ints([2])),
      x.gather(1, ints([[0]])),
      x.scatter(1, ints([[0]]), 1),
      x.maskedFill(x.eq(0), 1),
    ];
    expect(results.map((y) => y.dtype)).toEqual(results.map(() => dtype));
  });

  test('the sign of zero, also of gradients', () => {
    expect(constant([-0, 1]).slice([0, 1]).data[0]).toBe(-0);
    expect(constant([-0, 1]).pad([0, 1]).data[0]).toBe(-0);
    const [g] = [grad((x: Value) => x.slice([0, 1]).mul(-0).sum())(value([1, 2]))];
    expect(Array.from(g.data)).toEqual([-0, 0]);
  });

  test('NaN and ∞ stay in their place: what is left out leaves no trace', () => {
    const x = value([
      [1, NaN],
      [Infinity, 2],
    ]);
    expect(x.tril().toArray()).toEqual([
      [1, 0],
      [Infinity, 2],
    ]);
    expect(x.triu().maskedFill(x.isNaN(), 0).toArray()).toEqual([
      [1, 0],
      [0, 2],
    ]);
    const filled = (v: Value): Value => v.maskedFill(v.gt(0), -Infinity).exp().sum();
    expect(grad(filled)(value([1, 0])).toArray()).toEqual([0, 1]);
  });

  test('an op that changes nothing gives the Value itself', () => {
    const x = value([[1, 2]]) as Value;
    expect(x.reshape([1, -1])).toBe(x);
    expect(x.permute([0, 1])).toBe(x);
    expect(x.broadcastTo([1, 2])).toBe(x);
    expect(x.slice(null, [0, 2])).toBe(x);
    expect(concat([x])).toBe(x);
    expect(x.split(2)[0]).toBe(x);
  });
});

describe('shapes', () => {
  test('scalars count as having one axis where PyTorch says so', () => {
    const x = value(3) as Value;
    expect([x.squeeze(0), x.transpose(0, -1), x.movedim(0, 0), x.flip(), x.roll(2)].map((y) => y.shape)).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
    expect(x.flatten().shape).toEqual([1]);
  });

  test('squeeze leaves a named axis that is longer than 1', () => {
    expect((zeros([2, 1]) as Value).squeeze([0, 1]).shape).toEqual([2]);
  });

  test('axes of length 0 have shapes like any other', () => {
    const x = zeros([2, 0, 3]) as Value;
    expect(x.permute([1, 2, 0]).shape).toEqual([0, 3, 2]);
    expect(x.sum(1).shape).toEqual([2, 3]);
    expect(x.chunk(2, 1).map((y) => y.shape)).toEqual([
      [2, 0, 3],
      [2, 0, 3],
    ]);
    expect(x.unbind(1)).toEqual([]);
    expect(x.pad([0, 0, 1, 0]).shape).toEqual([2, 1, 3]);
    expect(x.index(':', [false, true, true].slice(3)).shape).toEqual([2, 0, 3]);
  });

  test('large transposes, in tiles, move every element', () => {
    const x = arange(70 * 50 * 3).reshape([70, 50, 3]);
    const y = x.permute([2, 1, 0]);
    expect(y.at(2, 49, 69).item()).toBe(x.at(69, 49, 2).item());
    expect(y.permute([2, 1, 0]).data).toEqual(x.data);
  });
});

describe('joining and splitting', () => {
  test('dtypes are promoted, numbers lifted', () => {
    expect(concat([ints([1]), value([0.5])]).dtype).toBe('float64');
    expect(stack([1, value(2), 3]).toArray()).toEqual([1, 2, 3]);
  });

  test('an empty vector can be joined to anything', () => {
    expect(concat([zeros([0]), ones([2, 2])], 1).shape).toEqual([2, 2]);
  });

  test('the gradient of a split is one concatenation, whatever the number of parts', () => {
    const n = 3000;
    const f = (x: Value): Value =>
      x
        .unbind()
        .filter((_, i) => i % 2 === 0)
        .reduce((sum, part) => sum.add(part.mul(part)), zeros([]) as Value);
    const g = grad(f)(ones([n]));
    expect(g.sum().item()).toBe(n);
    const program = trace((x: Value) => grad(f)(x), ones([4])).toString();
    expect(program.match(/concat/g)).toHaveLength(1);
    expect(program).not.toMatch(/embed/);
  });

  test('meshgrid is PyTorch’s ij unless told', () => {
    const [y, x] = meshgrid([arange(2), arange(3)]);
    expect([y!.shape, y!.toArray()]).toEqual([
      [2, 3],
      [
        [0, 0, 0],
        [1, 1, 1],
      ],
    ]);
    expect(x!.toArray()).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(meshgrid([arange(2), arange(3)], { indexing: 'xy' })[0]!.shape).toEqual([3, 2]);
  });
});

describe('padding', () => {
  const x = arange(4);
  test.each([
    ['reflect', [2, 1], [2, 1, 0, 1, 2, 3, 2]],
    ['replicate', [2, 1], [0, 0, 0, 1, 2, 3, 3]],
    ['circular', [2, 1], [2, 3, 0, 1, 2, 3, 0]],
    ['reflect', [-1, 1], [1, 2, 3, 2]],
    ['circular', [1, -1], [2, 0, 1, 2]],
  ] as const)('%s %j', (mode, padding, expected) => {
    expect(x.pad(padding, { mode }).toArray()).toEqual(expected);
  });

  test('into int32 the value is cut off, as in PyTorch', () => {
    expect(ints([1]).pad([1, 0], { value: 1.5 }).toArray()).toEqual([1, 1]);
  });

  test('fold adds up what unfold has taken: each element as often as windows cover it', () => {
    const image = ones([1, 1, 3, 3]);
    expect(image.unfold(2).fold(3, 2).toArray()).toEqual([
      [
        [
          [1, 2, 1],
          [2, 4, 2],
          [1, 2, 1],
        ],
      ],
    ]);
  });
});

describe('under transforms', () => {
  test('vmap of a part, of a join, of a triangle', () => {
    const x = arange(12).reshape([2, 2, 3]);
    expect(vmap((m: Value) => m.at(-1, 0))(x).toArray()).toEqual([3, 9]);
    expect(vmap((m: Value) => concat([m, ones([1, 3])]))(x).shape).toEqual([2, 3, 3]);
    expect(vmap((m: Value) => m.tril().sum())(x).toArray()).toEqual([0 + 3 + 4, 6 + 9 + 10]);
  });
});
