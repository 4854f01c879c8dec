import { constant, eye, grad, ones, value, zeros, type Value } from 'chainrule';

const gradient = (f: (x: Value) => Value, x: Value): Value => grad(f)(x);
const near = (x: Value, expected: unknown, digits = 12): void => {
  const flat = (expected as unknown[]).flat(3) as number[];
  expect(x.size).toBe(flat.length);
  Array.from(x.data).forEach((element, i) => expect(element).toBeCloseTo(flat[i]!, digits));
};

describe('det', () => {
  test('of an empty matrix is 1', () => {
    expect(zeros([0, 0]).det().item()).toBe(1);
    expect(zeros([2, 0, 0]).det().toArray()).toEqual([1, 1]);
  });

  test.each<[string, number[][], number[][]]>([
    [
      'of rank n − 1',
      [
        [1, 2],
        [2, 4],
      ],
      [
        [4, -2],
        [-2, 1],
      ],
    ],
    [
      'of rank n − 1, 3 × 3',
      [
        [1, 2, 3],
        [2, 4, 6],
        [1, 0, 1],
      ],
      [
        [4, 4, -4],
        [-2, -2, 2],
        [0, 0, 0],
      ],
    ],
    [
      'of rank n − 2',
      [
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ],
      [
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ],
    ],
    [
      'zero',
      [
        [0, 0],
        [0, 0],
      ],
      [
        [0, 0],
        [0, 0],
      ],
    ],
    ['1 × 1, zero', [[0]], [[1]]],
  ])('the gradient of a singular matrix is its cofactors: %s', (_, a, cofactors) => {
    near(
      gradient((x) => x.det(), constant(a)),
      cofactors,
    );
  });

  test('second derivatives at singular matrices: det(A + t·E) is a polynomial in t', () => {
    const line = (a: Value, e: Value) => (t: Value) => a.add(e.mul(t)).det();
    const second = (f: (t: Value) => Value, t: number): number => grad(grad(f))(t).item();
    // t³ + t²: rank 1 and rank 0 at t = 0
    expect(
      second(
        line(
          constant([
            [1, 0, 0],
            [0, 0, 0],
            [0, 0, 0],
          ]),
          eye(3),
        ),
        0,
      ),
    ).toBeCloseTo(2, 12);
    expect(second(line(zeros([3, 3]), eye(3)), 0)).toBe(0);
    expect(
      second(
        line(
          zeros([2, 2]),
          constant([
            [1, 2],
            [3, 4],
          ]),
        ),
        0,
      ),
    ).toBeCloseTo(-4, 12);
  });

  test('third derivatives at regular matrices, equal singular values included', () => {
    const cube = (t: Value): Value => eye(3).mul(t).det();
    expect(grad(grad(grad(cube)))(1).item()).toBeCloseTo(6, 10);
  });

  test('NaN stays NaN', () => {
    expect(
      constant([
        [NaN, 1],
        [1, 1],
      ])
        .det()
        .item(),
    ).toBeNaN();
  });
});

describe('slogdet', () => {
  test('where det itself would overflow', () => {
    const { sign, logAbsDet } = eye(200).mul(-1e10).slogdet();
    expect(sign.item()).toBe(1);
    expect(logAbsDet.item()).toBeCloseTo(200 * Math.log(1e10), 9);
  });

  test('a singular matrix has sign 0 and −∞', () => {
    const { sign, logAbsDet } = constant([
      [1, 2],
      [2, 4],
    ]).slogdet();
    expect([Math.abs(sign.item()), logAbsDet.item()]).toEqual([0, -Infinity]);
  });
});

describe('solve and inv', () => {
  test.each<[number[], number[], number[]]>([
    [[2, 2], [2], [2]],
    [
      [2, 2],
      [2, 3],
      [2, 3],
    ],
    [[3, 2, 2], [2], [3, 2]],
    [
      [3, 2, 2],
      [3, 2],
      [3, 2],
    ],
    [
      [3, 2, 2],
      [2, 1],
      [3, 2, 1],
    ],
    [
      [3, 1, 2, 2],
      [4, 2, 5],
      [3, 4, 2, 5],
    ],
    [
      [0, 0],
      [0, 2],
      [0, 2],
    ],
  ])("PyTorch's rule for vectors and batches: %j and %j give %j", (a, b, x) => {
    expect(
      eye(2)
        .broadcastTo([...a.slice(0, -2), 2, 2])
        .narrow(-1, 0, a.at(-1)!)
        .narrow(-2, 0, a.at(-1)!)
        .solve(ones(b)).shape,
    ).toEqual(x);
  });

  test('a singular matrix is named by its place in the batch', () => {
    const batch = constant([
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 2],
        [2, 4],
      ],
    ]);
    expect(() => batch.inv()).toThrow(/inv: the matrix is singular \(batch entry \[1\]\): pivot 2 of 2 is zero/);
    expect(() => batch.unsqueeze(0).solve(ones([2]))).toThrow(/solve: .*batch entry \[0, 1\]/);
  });

  test('rows are exchanged where a pivot would be 0', () => {
    expect(
      constant([
        [0, 1],
        [1, 0],
      ])
        .solve(constant([1, 2]))
        .toArray(),
    ).toEqual([2, 1]);
  });

  test('float32 operands give float32', () => {
    const x = constant(Float32Array.of(3), { shape: [1, 1] }).inv();
    expect([x.dtype, x.item()]).toEqual(['float32', Math.fround(1 / 3)]);
  });
});

describe('triangularSolve', () => {
  const a = constant([
    [2, 100],
    [1, 4],
  ]);

  test('reads one triangle only, and not the diagonal of unitriangular ones', () => {
    expect(a.triangularSolve(constant([[2], [5]]), { upper: false }).toArray()).toEqual([[1], [1]]);
    expect(a.triangularSolve(constant([[2], [5]]), { upper: false, unitriangular: true }).toArray()).toEqual([
      [2],
      [3],
    ]);
    const g = gradient((x) => x.triangularSolve(ones([2, 1]), { upper: true, unitriangular: true }).sum(), a);
    expect(g.toArray()).toEqual([
      [0, -1],
      [0, 0],
    ]);
  });

  test('a zero on the diagonal is no error', () => {
    expect(
      constant([
        [0, 0],
        [0, 1],
      ])
        .triangularSolve(ones([2, 1]), { upper: true })
        .toArray(),
    ).toEqual([[Infinity], [1]]);
  });
});

describe('pinv and lstsq', () => {
  test('a rank-deficient matrix has a pseudoinverse', () => {
    near(ones([2, 2]).pinv(), [0.25, 0.25, 0.25, 0.25]);
    expect(zeros([2, 3]).pinv().shape).toEqual([3, 2]);
  });

  test('least squares of a rank-deficient system: the shortest solution', () => {
    const { solution, residuals, rank, singularValues } = ones([3, 2]).lstsq(constant([[1], [2], [4]]));
    near(solution, [7 / 6, 7 / 6]);
    near(residuals, [14 / 3]);
    expect([rank.item(), rank.dtype]).toEqual([1, 'int32']);
    near(singularValues, [Math.sqrt(6), 0]);
  });

  test.each([
    ['gels', [1], [0], [0]],
    ['gelsy', [0], [], [0]],
    ['gelsd', [1], [], [2]],
    ['gelss', [1], [], [2]],
  ] as const)('driver %s reports what it does in PyTorch', (driver, residuals, rank, singularValues) => {
    const result = ones([3, 2])
      .tril()
      .lstsq(ones([3, 1]), { driver });
    expect([result.residuals.shape, result.rank.shape, result.singularValues.shape]).toEqual([
      residuals,
      rank,
      singularValues,
    ]);
  });

  test('a vector gives a vector', () => {
    near(constant([[1], [1]]).lstsq(constant([1, 3])).solution, [2]);
    expect(value([[1], [1]]).lstsq(constant([1, 3])).residuals.shape).toEqual([]);
  });
});
