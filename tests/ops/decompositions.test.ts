import { constant, eye, grad, ones, randn, manualSeed, zeros, type Value } from 'chainrule';

const maximum = (x: Value): number => Math.max(0, ...Array.from(x.abs().data));
const columnsAreOrthonormal = (q: Value): void => {
  expect(maximum(q.transpose().matmul(q).sub(eye(q.shape[1]!)))).toBeLessThan(1e-13);
};

manualSeed(3);
const shapes: [number, number][] = [
  [1, 1],
  [2, 2],
  [5, 5],
  [5, 3],
  [3, 5],
  [7, 2],
  [2, 7],
  [40, 30],
  [30, 40],
];

describe.each(shapes)('a random %i × %i matrix', (m, n) => {
  const a = randn([m, n]);

  test('is Q·R', () => {
    const { q, r } = a.qr();
    columnsAreOrthonormal(q);
    expect(r.triu().toArray()).toEqual(r.toArray());
    expect(maximum(q.matmul(r).sub(a))).toBeLessThan(1e-13);
    const complete = a.qr({ mode: 'complete' });
    columnsAreOrthonormal(complete.q);
    expect(maximum(complete.q.matmul(complete.r).sub(a))).toBeLessThan(1e-13);
  });

  test('is U·S·Vᴴ', () => {
    const k = Math.min(m, n);
    const { u, s, vh } = a.svd();
    columnsAreOrthonormal(u);
    columnsAreOrthonormal(vh.transpose());
    expect(
      maximum(
        u
          .narrow(1, 0, k)
          .mul(s)
          .matmul(vh.narrow(0, 0, k))
          .sub(a),
      ),
    ).toBeLessThan(1e-13);
    expect(Array.from(s.data)).toEqual(Array.from(s.data).sort((x, y) => y - x));
    const thin = a.svd({ fullMatrices: false });
    expect(thin.u.toArray()).toEqual(u.narrow(1, 0, k).toArray());
    expect(thin.vh.toArray()).toEqual(vh.narrow(0, 0, k).toArray());
  });

  test('is P·L·U', () => {
    const { p, l, u } = a.lu();
    expect(maximum(p.matmul(l).matmul(u).sub(a))).toBeLessThan(1e-13);
    expect(maximum(l)).toBe(1);
  });

  test('has the symmetric product V·Λ·Vᵀ and L·Lᵀ', () => {
    const symmetric = a.matmul(a.transpose()).add(eye(m));
    const { eigenvalues, eigenvectors } = symmetric.eigh();
    columnsAreOrthonormal(eigenvectors);
    const again = eigenvectors.mul(eigenvalues).matmul(eigenvectors.transpose());
    expect(maximum(again.sub(symmetric)) / maximum(symmetric)).toBeLessThan(1e-13);
    const l = symmetric.cholesky();
    expect(maximum(l.matmul(l.transpose()).sub(symmetric)) / maximum(symmetric)).toBeLessThan(1e-14);
    expect(maximum(symmetric.cholesky({ upper: true }).sub(l.transpose()))).toBe(0);
  });
});

describe('very large and very small elements', () => {
  test.each([1e-300, 1e-160, 1e160, 1e300])('scaled by %d', (scale) => {
    const a = constant([
      [2, 1],
      [1, 2],
    ]).mul(scale);
    expect(a.eigh().eigenvalues.data[1]! / scale).toBeCloseTo(3, 12);
    expect(a.svd().s.data[1]! / scale).toBeCloseTo(1, 12);
    expect(Math.abs(a.qr().r.data[0]!) / scale).toBeCloseTo(Math.sqrt(5), 12);
  });
});

describe('singular values', () => {
  test('small ones are right relative to themselves', () => {
    const { s } = constant([
      [1, 1],
      [0, 1e-20],
    ]).svd();
    expect(s.data[1]! / (1e-20 / Math.SQRT2)).toBeCloseTo(1, 12);
  });

  test('of zero matrices', () => {
    const { u, s, vh } = zeros([2, 2]).svd();
    expect([u.toArray(), s.toArray(), vh.toArray()]).toEqual([eye(2).toArray(), [0, 0], eye(2).toArray()]);
  });
});

describe('signs are those of LAPACK', () => {
  const a = constant([
    [3, 1],
    [4, 2],
  ]);

  test('qr', () => {
    const { q, r } = a.qr();
    expect(Array.from(r.data).map((x) => Math.round(x * 1e12) / 1e12)).toEqual([-5, -2.2, 0, 0.4]);
    expect(q.data[0]).toBeCloseTo(-0.6, 14);
  });

  test('eigh reads the triangle it is told to', () => {
    expect(a.eigh().eigenvalues.data[0]).not.toBe(a.eigh({ uplo: 'U' }).eigenvalues.data[0]);
    expect(
      constant([
        [2, NaN],
        [0, 3],
      ])
        .tril()
        .eigh()
        .eigenvalues.toArray(),
    ).toEqual([2, 3]);
  });
});

describe('derivatives', () => {
  test('of eigenvalues exist where they are equal; of their vectors not', () => {
    const sum = grad((x: Value) => x.eigh().eigenvalues.sum())(eye(2));
    expect(sum.toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
    const vector = grad((x: Value) => x.eigh().eigenvectors.sum())(eye(2));
    expect(Array.from(vector.data).some((x) => !Number.isFinite(x))).toBe(true);
  });

  test('of singular values alone need no distinct ones', () => {
    const sum = grad((x: Value) => x.svd().s.sum())(eye(2).mul(3));
    expect(sum.toArray()).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test('of the complete Q of a tall matrix are refused', () => {
    const f = (x: Value): Value => x.qr({ mode: 'complete' }).r.sum();
    expect(() => grad(f)(ones([3, 2]).tril())).toThrow(/qr: has no derivative in complete mode.*reduced/s);
  });

  test('of symmetric decompositions are symmetric, whichever triangle is read', () => {
    const x = constant([
      [2, 0.5],
      [0.5, 3],
    ]);
    for (const f of [(a: Value) => a.cholesky().sum(), (a: Value) => a.eigh({ uplo: 'U' }).eigenvectors.sum()]) {
      const g = grad(f)(x);
      expect(g.data[1]).toBe(g.data[2]);
    }
  });
});

describe('refusals', () => {
  test('cholesky names the matrix and the minor', () => {
    const batch = constant([
      [
        [1, 0],
        [0, 1],
      ],
      [
        [1, 2],
        [2, 1],
      ],
    ]);
    expect(() => batch.cholesky()).toThrow(
      /cholesky: the matrix is not positive definite \(batch entry \[1\]\): its leading minor of order 2 is not positive/,
    );
    expect(() => constant([[NaN]]).cholesky()).toThrow(/leading minor of order 1/);
  });

  test('svd takes finite elements only; eigh gives NaN, as in PyTorch', () => {
    expect(() => constant([[NaN]]).svd()).toThrow(/svd: the matrix holds NaN or infinite elements/);
    expect(
      constant([[NaN]])
        .eigh()
        .eigenvalues.toArray(),
    ).toEqual([NaN]);
  });
});

test('float32 matrices are decomposed in float64 and rounded once', () => {
  const a = randn([4, 4], { dtype: 'float32' });
  const { s } = a.svd();
  expect(s.dtype).toBe('float32');
  expect(Array.from(s.data)).toEqual(Array.from(a.to('float64').svd().s.to('float32').data));
});
