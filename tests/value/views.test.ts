import { constant } from 'chainrule';

test('a scalar that is a view of an array holds the number itself, −0 included', () => {
  const x = constant([[-0]]).reshape([]);
  expect([Object.is(x.item(), -0), Object.is(x.data[0], -0)]).toEqual([true, true]);
  expect(constant([NaN]).reshape([]).data).toEqual(Float64Array.of(NaN));
});
