import {
  compile,
  interpret,
  manualSeed,
  OptionError,
  rand,
  randint,
  randn,
  randomState,
  setRandomState,
  trace,
  TraceError,
  vmap,
  zeros,
  type Value,
} from 'chainrule';

const mean = (x: Value): number => x.sum().item() / x.size;

test('one seed, one sequence, to the last bit; each draw differs', () => {
  const draw = (): unknown[] => {
    manualSeed(7);
    return [rand([3]).toArray(), randn([2, 2]).toArray(), randint(0, 10, [4]).toArray()];
  };
  expect(draw()).toEqual(draw());
  manualSeed(7);
  expect(rand([3]).toArray()).not.toEqual(rand([3]).toArray());
  expect(() => manualSeed(-1)).toThrow(/a seed is a whole number/);
});

test('ranges and moments', () => {
  manualSeed(1);
  const u = rand([10000]);
  expect(Math.min(...u.data)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...u.data)).toBeLessThan(1);
  expect(mean(u)).toBeCloseTo(0.5, 1);
  const n = randn([10000]);
  expect([mean(n), mean(n.mul(n) as Value)].map((x) => Math.round(x * 10) / 10 + 0)).toEqual([0, 1]);
  expect(new Set(randint(-1, 2, [1000]).data)).toEqual(new Set([-1, 0, 1]));
  expect([randint(0, 2, [1]).dtype, rand([1]).dtype, randn([0, 3]).shape]).toEqual(['int32', 'float64', [0, 3]]);
});

test('a trace draws when it is run; vmap draws for each example', () => {
  const program = trace((x: Value) => x.add(rand([3])), zeros([3]));
  const run = (): unknown => interpret(program, [zeros([3])])[0]!.toArray();
  manualSeed(3);
  const [first, second] = [run(), run()];
  expect(first).not.toEqual(second);
  manualSeed(3);
  expect(run()).toEqual(first);
  const [a, b] = vmap((x: Value) => x.add(rand([2])))(zeros([2, 2])).toArray() as number[][];
  expect(a).not.toEqual(b);
});

test('the position can be kept, and gone back to', () => {
  manualSeed(9);
  rand([2]);
  const position = randomState();
  const expected = [rand([3]).toArray(), randn([2]).toArray()];
  manualSeed(1);
  setRandomState(JSON.parse(JSON.stringify(position)) as typeof position);
  expect([rand([3]).toArray(), randn([2]).toArray()]).toEqual(expected);
  expect(() => setRandomState({ seed: 1, draws: -1 })).toThrow(OptionError);
  expect(() => setRandomState({ seed: 0.5, draws: 0 })).toThrow(OptionError);
  expect(() => compile((x: Value) => x.add(randomState().draws))(zeros([1]))).toThrow(TraceError);
});
