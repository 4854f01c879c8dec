/** Long scalar graphs, compiled. */
import { compile, noGrad, value, type Value } from 'chainrule';

test('a program may read more cells than 16 bits count', () => {
  const leaves = Array.from({ length: 65_600 }, (_, i) => value(i % 1009));
  const sum = (): Value => noGrad(() => leaves.reduce<Value>((total, x) => total.add(x), value(0).detach()));
  const compiled = compile(sum, { threads: 1 });
  expect(compiled().item()).toBe(sum().item());
  leaves.at(-1)!.assign(5000);
  expect(compiled().item()).toBe(sum().item());
}, 60_000);
