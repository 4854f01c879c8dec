/** Programs that write: what they say they write, and that they do not do it themselves. */
import {
  constant,
  interpret,
  manualSeed,
  rand,
  scan,
  trace,
  value,
  vmap,
  checkpoint,
  type Program,
  type Value,
} from 'chainrule';
import { interpretAll } from '../../src/program/interpret';
import { makeProgram } from '../../src/program/program';

const lines = (program: Program): string[] =>
  String(program)
    .split('\n')
    .map((line) => line.trim());

describe('a traced function that writes', () => {
  const w = value([1, 2], { label: 'w' });
  const b = constant([0, 0], { label: 'b' });
  const program = trace((x: Value) => {
    w.zeroGrad();
    w.mul(x).sum().backward();
    b.assign(b.add(w.grad!));
    return w.sum();
  }, value([3, 4], { requiresGrad: false, label: 'x' })); // prettier-ignore

  test('says so', () => {
    expect(lines(program).filter((line) => line.includes('←'))).toEqual([
      expect.stringMatching(/^b ← %\d+$/),
      expect.stringMatching(/^w\.grad ← %\d+$/),
    ]);
    expect(lines(program)).toContainEqual(expect.stringMatching(/^%\d+:w float64\[2\] = cell \[1, 2\]$/));
    expect(program.effects.map(({ slot, target, output }) => [slot, target === w || target === b, output])).toEqual([
      ['content', true, 1],
      ['grad', true, 2],
    ]);
  });

  test('has written nothing; nor has the interpreter', () => {
    const results = interpret(program, [constant([5, 6])]);
    expect(results.map((y) => y.item())).toEqual([3]);
    expect(interpretAll(program, [constant([5, 6])]).map((y) => y.toArray())).toEqual([3, [5, 6], [5, 6]]);
    expect([w.toArray(), w.grad, b.toArray()]).toEqual([[1, 2], null, [0, 0]]);
  });

  test('into gradients that are forgotten, and into arguments', () => {
    w.grad = constant([1, 1]);
    const x = value([1, 2]);
    const forgetting = trace((y: Value) => (w.zeroGrad(), y.mul(2).sum().backward(), y.assign(y.neg())), x);
    expect(lines(forgetting).filter((line) => line.includes('←'))).toEqual([
      expect.stringMatching(/^%0 ← %\d+$/),
      'w.grad ← null',
      expect.stringMatching(/^%0\.grad ← %\d+$/),
    ]);
    w.zeroGrad();
    expect([x.grad, x.toArray()]).toEqual([null, [1, 2]]);
  });

  test('reads gradients that are there', () => {
    w.grad = constant([1, 1]);
    const accumulating = trace(() => w.mul(2).sum().backward());
    expect(lines(accumulating)).toContain('%0 float64[2] = grad of w');
    w.zeroGrad();
    expect(() => interpretAll(accumulating, [])).toThrow(/a gradient was there that is null now/);
  });

  test('leaves out what comes to nothing', () => {
    const none = trace(() => (w.assign(w), w.zeroGrad()));
    // zeroGrad alone does not ask whether there is a gradient.
    expect(none.effects).toEqual([{ slot: 'grad', target: w, output: null }]);
    expect(trace(() => void w.grad).effects).toEqual([]);
  });
});

describe('a Program is checked', () => {
  const cell = constant([1, 2]);
  const program = trace((x: Value) => (cell.assign(x), rand([2])), constant([3, 4]));

  test.each<[string, Partial<Program>, RegExp]>([
    [
      'the place of an effect',
      { effects: [{ slot: 'content', target: cell, output: 0 }] },
      /must follow those of the result/,
    ],
    [
      'its shape',
      { effects: [{ slot: 'content', target: constant(1), output: 1 }] },
      /gives \[2\] float64 to what is \[\]/,
    ],
    ['its target', { effects: [{ slot: 'grad', target: 7, output: 1 }] }, /input 7, which is not there/],
    [
      'what becomes null',
      { effects: [{ slot: 'content', target: cell, output: null }] },
      /only gradients can become null/,
    ],
    ['draws', { draws: 0 }, /rand makes draw 0 of 0/],
  ])('%s', (_, wrong, message) => {
    expect(() => makeProgram({ ...program, ...wrong })).toThrow(message);
  });
});

describe('draws', () => {
  const f = (x: Value): Value => {
    const [a, b] = [rand([2]), rand([2])];
    rand([5]);
    return x.add(b.sub(a));
  };
  const program = trace(f, constant([0, 0]));

  test('are counted, whether or not they are used, and each keeps its place', () => {
    expect(program.draws).toBe(3);
    const drawing = program.instructions.filter(({ primitive }) => primitive.effect === 'random');
    expect(drawing.map(({ attrs }) => attrs['draw'])).toEqual([0, 1, 2]);
  });

  test('a Program that has lost some draws the same numbers, and moves on as far', () => {
    const fewer = makeProgram({
      ...program,
      instructions: program.instructions.filter(({ attrs }) => attrs['draw'] !== 2),
    });
    const run = (draw: () => unknown): string => {
      manualSeed(4);
      return JSON.stringify([draw(), rand([1])]);
    };
    const x = constant([1, 2]);
    const want = run(() => f(x));
    expect([run(() => interpret(program, [x])[0]), run(() => interpret(fewer, [x])[0])]).toEqual([want, want]);
  });
});

describe('functions inside are no programs of their own: they do not write', () => {
  const w = value([1, 2]);
  const writing = (x: Value): Value => (w.assign(constant([0, 0])), x);

  test.each<[string, () => unknown]>([
    ['vmap', () => vmap(writing)(constant([1]))],
    ['checkpoint', () => checkpoint(writing)(constant(1))],
    ['scan', () => scan((c: Value, x: Value) => [c.add(writing(x)), x], 0, constant([1, 2]))],
  ])('%s', (by, run) => {
    expect(run).toThrow(new RegExp(`given to ${by} is traced once.*Return the new content`, 's'));
    expect(() => trace(() => void run())).toThrow(/is traced once/);
    expect(w.toArray()).toEqual([1, 2]);
  });
});
