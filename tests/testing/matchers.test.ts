import { value } from 'chainrule';
import { valueMatchers, type ValueMatchers } from 'chainrule/testing';

// With @types/jest, as a user opts in.
declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-empty-object-type
    interface Matchers<R> extends ValueMatchers<R> {}
  }
}

expect.extend(valueMatchers);

test('matchers are typed for global expect too', () => {
  expect(value([1, 2]).add(1)).toBeCloseToValue([2, 3]);
  expect(value(1)).not.toBeCloseToValue(2);
});
