import { compile } from './compile.ts';

/** What must not compile, and what the editor says. */
const refused: [code: string, says: RegExp][] = [
  ['zeros([2, 3]).add(zeros([4]))', /cannot broadcast \[2, 3\] with \[4\]: 3 against 4/],
  ['add(zeros([2, 3]), zeros([4, 1, 1, 2]))', /cannot broadcast \[2, 3\] with \[4, 1, 1, 2\]: 3 against 2/],
  ['zeros([2, 3]).matmul(zeros([4, 5]))', /matmul: \[2, 3\] by \[4, 5\]: inner axes differ, 3 against 4/],
  ['matmul(zeros([3]), zeros([4, 5]))', /matmul: \[3\] by \[4, 5\]: inner axes differ, 3 against 4/],
  ['zeros([7, 2, 3]).matmul(zeros([6, 3, 4]))', /cannot broadcast \[7\] with \[6\]: 7 against 6/],
  ['zeros([2, 3]).sum(2)', /axis 2 is out of range for \[2, 3\]/],
  ['zeros([2, 3]).mean(-3)', /axis -3 is out of range for \[2, 3\]/],
  ['zeros([2, 3]).sum(0, { keepdim: true })', /'keepdim' does not exist in type/],
  ["value('3')", /Argument of type '"3"' is not assignable to parameter of type 'Data'/],
  ['zeros([2]).add("1")', /'"1"' is not assignable to parameter of type 'AnyOperand'/],
  ['zeros([2]) * 2', /left-hand side of an arithmetic operation/],
  ['[...zeros([2])]', /iterator/],
  ['zeros([2]).ad(1)', /Property 'ad' does not exist on type 'Value<\[2\]>'/],
  ["zeros([2], { dtype: 'float16' })", /'"float16"' is not assignable/],
];

const accepted = [
  'zeros([2, 3]).add(zeros([3])).exp().sum(0).reshape([3, 1])',
  'grad((x: Value) => x.mul(x).sum())(value([1, 2]))',
  'vmap((x: Value) => x.sum())(zeros([2, 3]))',
  'checkGradients((x: Value) => x.exp(), [value(1)], { order: 1 })',
  'const { values, indices } = zeros([2, 3]).topk(2); values.add(1); indices.size',
];

const PRELUDE = `import { add, grad, matmul, value, vmap, zeros, type Value } from 'chainrule';
import { checkGradients } from 'chainrule/testing';
void [add, grad, matmul, value, vmap, zeros, checkGradients]; declare const v: Value; v;`.replaceAll('\n', ' ');

const lines = [PRELUDE, ...refused.map(([code]) => `{ ${code}; }`), ...accepted.map((code) => `{ ${code}; }`)];
const { complaints, program } = compile(lines.join('\n'));
const saidOf = (line: number): string[] => complaints.filter((c) => c.line === line).map(({ message }) => message);

test.each(refused.map(([code, says], i) => [code, says, i + 2] as const))('%s', (_, says, line) => {
  const said = saidOf(line);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(says);
});

test.each(accepted.map((code, i) => [code, refused.length + 2 + i] as const))('compiles: %s', (_, line) => {
  expect(saidOf(line)).toEqual([]);
});

test('the prelude compiles', () => {
  expect(saidOf(1)).toEqual([]);
});

// Time depends on the machine; the number of types that the compiler has to make does not.
test('user code is quick to check', () => {
  const use = Array.from(
    { length: 200 },
    (_, i) => `{ const x = zeros([${i + 1}, 3]); x.matmul(zeros([3, 4])).add(1).tanh().sum(0).mul(2); }`,
  );
  const before = program.getInstantiationCount();
  const after = compile([PRELUDE, ...use].join('\n'));
  expect(after.complaints).toEqual([]);
  expect((after.program.getInstantiationCount() - before) / use.length).toBeLessThan(3000);
});
