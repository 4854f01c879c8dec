import {
  addmm,
  bilinear,
  constant,
  cross,
  einsum,
  grad,
  linear,
  multiDot,
  ones,
  value,
  zeros,
  type Value,
} from 'chainrule';

const int = (data: number[][]): Value => constant(data, { dtype: 'int32' });

describe('matmul', () => {
  test.each<[number[], number[], number[]]>([
    [[3], [3], []],
    [[3], [3, 2], [2]],
    [[2, 3], [3], [2]],
    [[3], [4, 3, 2], [4, 2]],
    [[4, 2, 3], [3], [4, 2]],
    [
      [2, 1, 2, 3],
      [4, 3, 1],
      [2, 4, 2, 1],
    ],
    [
      [1, 2, 3],
      [0, 3, 2],
      [0, 2, 2],
    ],
    [
      [2, 0],
      [0, 3],
      [2, 3],
    ],
  ])('%j by %j gives %j', (a, b, shape) => {
    expect(ones(a).matmul(ones(b)).shape).toEqual(shape);
  });

  test('an empty sum is +0', () => {
    expect(Array.from(ones([1, 0]).matmul(ones([0, 2])).data)).toEqual([0, 0]);
  });

  test('int32 wraps, mixed dtypes promote, bool is refused', () => {
    expect(
      int([[65536, 1]])
        .matmul(int([[65536], [7]]))
        .toArray(),
    ).toEqual([[7]]);
    expect(
      int([[1, 2]])
        .matmul(constant([0.5, 0.25]))
        .toArray(),
    ).toEqual([1]);
    expect(() => constant([true]).matmul(constant([true]))).toThrow(/matmul: is not defined for bool/);
  });

  test('float32 rounds every step', () => {
    const tiny = Math.fround(1e-8);
    const a = constant(Float32Array.of(1, tiny, tiny, tiny, tiny, tiny, tiny, tiny));
    expect(a.dot(constant(new Float32Array(8).fill(1))).item()).toBe(1);
  });

  test('an infinite element makes NaN only where it meets 0', () => {
    expect(
      constant([
        [Infinity, 1],
        [1, 1],
      ])
        .matmul(constant([0, 1]))
        .toArray(),
    ).toEqual([NaN, 1]);
  });

  test('batches and layouts do not change the bits', () => {
    const a = constant(
      Array.from({ length: 6 * 700 }, (_, i) => Math.sin(i)),
      { shape: [6, 700] },
    );
    const b = constant(
      Array.from({ length: 700 * 5 }, (_, i) => Math.cos(i)),
      { shape: [700, 5] },
    );
    const plain = a.matmul(b);
    const flipped = b.transpose().matmul(a.transpose()).transpose();
    const single = a.slice(2).matmul(b);
    const stacked = a.unsqueeze(0).matmul(b).squeeze(0);
    expect(flipped.toArray()).toEqual(plain.toArray());
    expect(stacked.toArray()).toEqual(plain.toArray());
    expect(single.toArray()).toEqual(plain.slice(2).toArray());
  });
});

describe('einsum', () => {
  const a = constant([
    [1, 2],
    [3, 4],
  ]);
  const b = constant([
    [5, 6],
    [7, 8],
  ]);

  test.each<[string, Value[], unknown]>([
    [
      'ij,jk->ik',
      [a, b],
      [
        [19, 22],
        [43, 50],
      ],
    ],
    [
      'ij,jk',
      [a, b],
      [
        [19, 22],
        [43, 50],
      ],
    ],
    [
      ' i j , j k -> k i ',
      [a, b],
      [
        [19, 43],
        [22, 50],
      ],
    ],
    ['ii', [a], 5],
    ['ii->i', [a], [1, 4]],
    ['ij->', [a], 10],
    [
      'ba',
      [a],
      [
        [1, 3],
        [2, 4],
      ],
    ],
    [
      'bA',
      [a],
      [
        [1, 3],
        [2, 4],
      ],
    ],
    [
      '...',
      [a],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['...i->...', [a], [3, 7]],
    ['i...->...', [a], [4, 6]],
    ['ij,ij,ij->', [a, a, a], 100],
    ['i,ij,j', [constant([1, 1]), a, constant([1, 0])], 4],
    [
      '...,...',
      [constant(2), a],
      [
        [2, 4],
        [6, 8],
      ],
    ],
    ['ij,kj->ik', [a, ones([1, 1])], [[3], [7]]],
  ])('%s', (equation, operands, expected) => {
    expect(einsum(equation, ...operands).toArray()).toEqual(expected);
  });

  test.each<[string, number[][], RegExp]>([
    ['ij->ik', [[2, 2]], /"k" of the result stands in no operand\n {2}ij->ik\n {7}\^/],
    ['ij->ii', [[2, 2]], /"i" stands twice in the result\n {2}ij->ii\n {7}\^/],
    ['i..j', [[2, 2]], /an ellipsis is three dots, "\.\.\."\n {2}i\.\.j\n {3}\^/],
    ['...i...', [[2, 2]], /one ellipsis at most\n {2}\.\.\.i\.\.\.\n {6}\^/],
    ['ij->j->i', [[2, 2]], /one arrow at most\n {2}ij->j->i\n {7}\^/],
    [
      'ij,jk',
      [
        [2, 3],
        [2, 2],
      ],
      /"j" is 3 and, in operand 1, 2/,
    ],
    ['ii', [[2, 3]], /"i" is 2 and, in operand 0, 3/],
    ['ij,j', [[2, 2]], /2 terms for 1 operands/],
    ['i', [[2, 2]], /operand 0 has shape \[2, 2\], its term names 1 axes/],
    ['i&', [[2, 2]], /"&" is no subscript/],
  ])('%s is refused, pointing at the mistake', (equation, shapes, message) => {
    expect(() => einsum(equation, ...shapes.map((shape) => zeros(shape)))).toThrow(message);
  });
});

describe('cross', () => {
  test('is orthogonal to both, and antisymmetric', () => {
    const [u, v] = [constant([1, 2, 3]), constant([-2, 0.5, 4])];
    expect(cross(u, v).toArray()).toEqual([6.5, -10, 4.5]);
    expect(cross(v, u).toArray()).toEqual([-6.5, 10, -4.5]);
    expect(u.cross(v).dot(u).item()).toBe(0);
  });
});

describe('affine products', () => {
  test('linear takes weights as PyTorch stores them: [outputs, inputs]', () => {
    const weight = value([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    expect(linear(constant([1, 0, -1]), weight, constant([10, 20])).toArray()).toEqual([8, 18]);
    expect(linear(ones([2, 1, 3]), weight).shape).toEqual([2, 1, 2]);
    expect(linear(ones([4, 3]), constant([1, 2, 3])).toArray()).toEqual([6, 6, 6, 6]);
  });

  test('addmm ignores its input where beta is 0, NaN too', () => {
    expect(addmm(constant(NaN), ones([1, 2]), ones([2, 1]), { beta: 0 }).toArray()).toEqual([[2]]);
    expect(addmm(constant([1, 2]), ones([1, 2]), ones([2, 2]), { alpha: 3, beta: 2 }).toArray()).toEqual([[8, 10]]);
  });

  test('bilinear sums over both operands', () => {
    const weight = constant([
      [
        [1, 2],
        [3, 4],
      ],
      [
        [0, 0],
        [0, 1],
      ],
    ]);
    expect(bilinear(constant([1, 1]), constant([1, 2]), weight, constant([0, 1])).toArray()).toEqual([16, 3]);
  });
});

test('multiDot multiplies in the cheapest order; vectors at the ends drop their axes', () => {
  const chain = [ones([3]), ones([3, 100]), ones([100, 1]), ones([1])];
  expect(multiDot(chain).toArray()).toBe(300);
  expect(multiDot(chain.slice(1, 3)).shape).toEqual([3, 1]);
});

test('matrixPower 0 is the identity, and depends on nothing', () => {
  const x = value([
    [1, 2],
    [3, 4],
  ]);
  expect(x.matrixPower(0).toArray()).toEqual([
    [1, 0],
    [0, 1],
  ]);
  expect(grad((a: Value) => a.matrixPower(0).sum())(x).toArray()).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(x.matrixPower(-1).matmul(x).round().toArray()).toEqual([
    [1, 0],
    [0, 1],
  ]);
});
