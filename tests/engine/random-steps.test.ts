/** Any function that writes: compiled and eager leave every cell, every gradient and the generator alike, to the bit. */
import fc from 'fast-check';
import { actions, calls, run } from './random-steps';

test('compiled is eager, whatever cells come under whatever names', () => {
  fc.assert(
    fc.property(actions, calls, (list, given) => {
      expect(run(list, given, true)).toEqual(run(list, given, false));
    }),
    { numRuns: 100 },
  );
});
