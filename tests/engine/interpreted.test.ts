/** The interpreter as what compiled functions run on: what a Program with effects means. */
import fc from 'fast-check';
import { compile, constant, value } from 'chainrule';
import { interpreted } from '../../src/engine/interpreted';
import { actions, calls, run } from './random-steps';

jest.mock('../../src/engine/native', () => ({
  native: (...args: Parameters<typeof interpreted>) => interpreted(...args),
}));

test('a compiled function says that it is interpreted', () => {
  const f = compile(() => constant(1).add(1));
  f();
  expect(f.programs[0]!.stats()).toMatchObject({ backend: 'interpreter' });
});

test('compiled is eager, whatever cells come under whatever names', () => {
  fc.assert(
    fc.property(actions, calls, (list, given) => {
      expect(run(list, given, true)).toEqual(run(list, given, false));
    }),
    { numRuns: 300 },
  );
});

test('an error in the middle leaves everything as it was', () => {
  const w = value([1, 2]);
  const f = compile((i) => (w.assign(w.add(1)), w.sum().backward(), w.indexSelect(0, i)));
  expect(() => f(constant([9], { dtype: 'int32' }))).toThrow();
  expect([w.toArray(), w.grad]).toEqual([[1, 2], null]);
});
