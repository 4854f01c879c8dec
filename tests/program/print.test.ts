/** Programs as text: what is captured shows what it is. */
import { trace, value, zeros, type Value } from 'chainrule';

test('a constant that is one number everywhere shows it, however many elements it stands for', () => {
  const text = String(trace((x: Value) => x.relu().sum().add(x.mul(-0).sum()), zeros([64, 32])));
  expect(text).toMatch(/float64\[64, 32\] = constant -0$/m);
});

test('other constants and cells show their numbers where they are few', () => {
  const few = value([1, 2], { label: 'w' });
  const many = value([1, 2, 3, 4, 5]).mul(2);
  const text = String(trace((x: Value) => [x.mul(few), many.mul(x.sum())], zeros([2])));
  expect(text).toMatch(/:w float64\[2\] = cell \[1, 2\]$/m);
  expect(text).toMatch(/float64\[5\] = constant$/m);
});
