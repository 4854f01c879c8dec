/** What compiled programs show of themselves: the way through the passes, what they cost, what has no kernel. */
import { compile, constant, defineOp, interpret, noGrad, rand, trace, value, zeros, type Value } from 'chainrule';
import { show, toDot, toGraph, toSvg } from 'chainrule/graph';
import { crossEntropy } from 'chainrule/losses';
import * as nn from 'chainrule/nn';
import * as optim from 'chainrule/optim';
import { interpreted } from '../../src/engine/interpreted.ts';

/** A training step that has run once. */
function trained(): ReturnType<typeof compile> {
  const model = new nn.MLP([4, 5, 3]);
  const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
  const step = compile((x: Value, y: Value) => {
    const loss = crossEntropy(model.forward(x), y);
    optimizer.zeroGrad();
    loss.backward();
    optimizer.step();
    return loss;
  });
  step(rand([6, 4]), constant([0, 1, 2, 0, 1, 2], { dtype: 'int32' }));
  return step as never;
}

const NAMES = [
  'trace',
  'inline calls',
  'fold constants',
  'simplify',
  'eliminate common subexpressions',
  'eliminate dead code',
];

describe('passes', () => {
  test('the Program as it was traced, and after each pass', () => {
    const f = compile((x: Value) => x.mul(1).add(x.exp()).add(x.exp()));
    f(constant([1, 2]));
    const [program] = f.programs;
    const passes = program!.passes();
    expect(passes.map(({ name }) => name)).toEqual(NAMES);
    expect(passes[0]!.program).toBe(program!.program);
    expect(String(passes[0]!.program)).toMatch(/mul[^]*exp[^]*exp/);
    expect(String(passes.at(-1)!.program).match(/= (mul|exp|add)/g)).toEqual(['= exp', '= add', '= add']);
  });

  test('each of them computes the same', () => {
    const x = rand([3, 4]);
    const f = compile((y: Value) => y.softmax(1).mul(1).sum(0).sub(y.sum(0).mul(0)));
    const expected = String(f(x));
    for (const { program } of f.programs[0]!.passes()) {
      expect(String(noGrad(() => interpret(program, [x])[0]))).toBe(expected);
    }
  });

  test('none adds work', () => {
    const sizes = trained()
      .programs[0]!.passes()
      .map(({ program }) => program.stats().instructions);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes.at(-1)).toBeLessThan(sizes[0]!);
  });

  test('each can be drawn, with what it writes', async () => {
    for (const { program } of trained().programs[0]!.passes()) {
      const writes = toGraph(program).nodes.filter(({ glyph }) => glyph.includes('←'));
      expect(writes.length).toBeGreaterThan(0);
      expect(toDot(program)).toMatch(/^digraph/);
      expect(await toSvg(program)).toMatch(/^<svg[^]*<\/svg>\s*$/);
      expect(await show(program, { target: 'notebook' })).toMatchObject({ svg: expect.stringMatching(/^<svg/) });
    }
  });
});

describe('stats', () => {
  test('what the Program costs after all passes, beside how it runs', () => {
    const [program] = trained().programs;
    const stats = program!.stats();
    expect(stats).toMatchObject(program!.passes().at(-1)!.program.stats());
    expect(stats).toMatchObject({ backend: 'wasm', parameters: 4 * 5 + 5 + 5 * 3 + 3, fallbacks: [] });
    expect(stats.flop).toBeGreaterThan(2 * 6 * (4 * 5 + 5 * 3));
    expect(stats.steps).toBe(Object.values(stats.byStep).reduce((a, b) => a + b, 0));
    expect(stats.steps).toBeLessThan(stats.instructions);
    for (const bytes of [stats.arenaBytes, stats.codeBytes, stats.memoryBytes]) expect(bytes).toBeGreaterThan(0);
  });

  test('what has no kernel is listed, as often as it occurs, and is right', () => {
    const triple = defineOp({ name: 'triple', elementwise: (x) => 3 * x, partials: [() => constant(3)] });
    const f = compile((x: Value) => triple(triple(x).add(1)));
    expect(f(constant([1, 2])).toArray()).toEqual([12, 21]);
    const stats = f.programs[0]!.stats();
    expect(stats.fallbacks).toEqual(['triple', 'triple']);
    expect(stats.byStep['host']).toBe(2);
    expect(String(f.programs[0])).toContain('without kernel: triple');
  });

  test('where there is nothing but the interpreter, everything falls back', () => {
    const program = trace((x: Value) => x.exp().sum(), zeros([2]));
    const stats = interpreted(program, { precision: 'default' }).stats();
    expect(stats).toMatchObject({ ...program.stats(), backend: 'interpreter', fallbacks: ['exp', 'sum'], steps: 2 });
  });
});

test('a program prints as what runs, under its figures', () => {
  const w = value([1, 2], { label: 'w' });
  const f = compile((x: Value) => w.assign(w.add(x.mul(1))));
  f(constant([1, 1]));
  expect(String(f.programs[0]).split('\n').slice(0, 2)).toEqual([
    expect.stringMatching(/^\/\/ 1 instruction in 1 step \(1 loop\); 2 FLOP; arena 0 B$/),
    expect.stringMatching(/^program \(%0 float64\[2\]\) \{$/),
  ]);
});
