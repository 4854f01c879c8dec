import { constant, type DType, type Value } from 'chainrule';
import { contract } from '../../../src/ops/families/contraction.ts';
import { differences, randomArray } from '../../base/lanes/bits.ts';

const random = (dtype: DType, shape: readonly number[], seed: number): Value => {
  const size = shape.reduce((n, m) => n * m, 1);
  return constant(randomArray(dtype, size, seed), { shape, dtype });
};

describe.each(['float64', 'float32', 'int32'] as const)('a contraction of %s has the same bits', (dtype) => {
  // Names: 0 batch, 1 and 2 rows, 3 and 4 contracted, 5 and 6 columns.
  const sizes = [2, 3, 5, 4, 6, 2, 7];
  const named = (names: readonly number[], seed: number): Value =>
    random(
      dtype,
      names.map((name) => sizes[name]!),
      seed,
    );
  const plain = { a: [0, 1, 2, 3, 4], b: [0, 5, 6, 3, 4], out: [0, 1, 2, 5, 6], as: 'contract' };
  const [x, y] = [named(plain.a, 1), named(plain.b, 2)];
  const wanted = contract(x, y, plain);
  const permuted = (v: Value, from: readonly number[], to: readonly number[]): Value =>
    v.permute(to.map((name) => from.indexOf(name)));

  // `a` keeps the order of the contracted axes, 3 before 4: it is the order of the sum.
  test.each([
    ['axes in order', plain.a, plain.b, plain.out],
    ['transposed operands', [0, 3, 4, 1, 2], [3, 4, 0, 5, 6], plain.out],
    ['axes that do not merge', [1, 3, 0, 2, 4], [4, 5, 3, 6, 0], plain.out],
    ['a transposed result', plain.a, plain.b, [5, 6, 0, 1, 2]],
    ['a result with mixed axes', plain.a, [6, 4, 3, 0, 5], [5, 1, 0, 6, 2]],
  ])('%s', (_, a, b, out) => {
    const found = contract(permuted(x, plain.a, a), permuted(y, plain.b, b), { a, b, out, as: 'contract' });
    const expected = permuted(wanted, plain.out, out);
    expect(found.shape).toEqual(expected.shape);
    expect(differences(found.data, expected.data, [])).toEqual([]);
  });
});
