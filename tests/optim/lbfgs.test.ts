/** L-BFGS: closures, line search, what it refuses. */
import { compile, constant, value, type Value } from 'chainrule';
import { LBFGS, type LBFGSOptions } from 'chainrule/optim';
import fc from 'fast-check';

/** Rosenbrock's valley, whose minimum 0 is at (1, 1). */
const valley = (x: Value, y: Value): Value => x.neg().add(1).square().add(y.sub(x.square()).square().mul(100)).sum();

const closureOf = (optimizer: LBFGS, loss: () => Value) => (): Value => {
  optimizer.zeroGrad();
  const l = loss();
  l.backward();
  return l;
};

describe('LBFGS', () => {
  test('finds the bottom of a curved valley, over parameters of several shapes', () => {
    const [x, y] = [value([[-1.2]]), value(1)];
    const optimizer = new LBFGS([x, y], { lineSearchFn: 'strongWolfe', maxIter: 100, toleranceChange: 0 });
    optimizer.step(closureOf(optimizer, () => valley(x, y)));
    expect(x.item()).toBeCloseTo(1, 6);
    expect(y.item()).toBeCloseTo(1, 6);
    expect([x.shape, y.shape]).toEqual([[1, 1], []]);
  });

  test('solves a quadratic of n unknowns exactly, in little more than n iterations', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.5, max: 20, noNaN: true }), { minLength: 1, maxLength: 5 }), (scales) => {
        const a = constant(scales);
        const w = value(scales.map((_, i) => i + 2));
        const optimizer = new LBFGS([w], { lineSearchFn: 'strongWolfe', maxIter: 100, toleranceChange: 0 });
        optimizer.step(closureOf(optimizer, () => w.sub(1).square().mul(a).sum()));
        for (const x of w.data) expect(x).toBeCloseTo(1, 6);
      }),
      { numRuns: 30 },
    );
  });

  test('returns the loss from before its iterations, and leaves a finished minimum alone', () => {
    const w = value([3, 4]);
    const optimizer = new LBFGS([w]);
    const closure = closureOf(optimizer, () => w.square().sum());
    expect(optimizer.step(closure).item()).toBe(25);
    const held = (w.assign(constant([0, 0])), 0);
    expect(optimizer.step(closure).item()).toBe(held);
    expect(w.toArray()).toEqual([0, 0]);
  });

  test('takes a compiled closure, with the same bits', () => {
    const make = (): { readonly w: Value; readonly optimizer: LBFGS; readonly closure: () => Value } => {
      const w = value([-1.2, 1, 0.5]);
      const optimizer = new LBFGS([w], { lineSearchFn: 'strongWolfe', maxIter: 5 });
      return { w, optimizer, closure: closureOf(optimizer, () => valley(w.narrow(0, 0, 2), w.narrow(0, 1, 2))) };
    };
    const [eager, other] = [make(), make()];
    const compiled = compile(other.closure) as () => Value;
    for (let i = 0; i < 3; i++) {
      expect(other.optimizer.step(compiled).item()).toBe(eager.optimizer.step(eager.closure).item());
      expect(other.w.toArray()).toEqual(eager.w.toArray());
    }
  });

  test('treats parameters without a gradient as level ground', () => {
    const [w, untouched] = [value(3), value([7, 8])];
    const optimizer = new LBFGS([untouched, w], { lineSearchFn: 'strongWolfe' });
    optimizer.step(closureOf(optimizer, () => w.square()));
    expect(untouched.toArray()).toEqual([7, 8]);
    expect(w.item()).toBeCloseTo(0, 6);
  });

  test('stops at its limit of evaluations', () => {
    const w = value([-1.2, 1]);
    const optimizer = new LBFGS([w], { lineSearchFn: 'strongWolfe', maxEval: 7 });
    let calls = 0;
    const closure = closureOf(optimizer, () => (calls++, valley(w.narrow(0, 0, 1), w.narrow(0, 1, 1))));
    optimizer.step(closure);
    expect(calls).toBeLessThanOrEqual(8);
    expect(optimizer.stateDict().parameters[0]!['evaluations']!.item()).toBe(calls);
  });
});

describe('LBFGS refuses', () => {
  const w = value([1, 2]);
  const make = (options: LBFGSOptions = {}): LBFGS => new LBFGS([w], options);

  test.each<[string, () => unknown, RegExp]>([
    ['a step without a closure', () => (make() as { step(): unknown }).step(), /needs a closure.*loss\.backward\(\)/s],
    ['a closure that returns nothing', () => make().step((() => {}) as never), /must return the loss, got undefined/],
    ['two groups', () => new LBFGS([{ params: w }, { params: value(1) }]), /one parameter group only/],
    ['another line search', () => make({ lineSearchFn: 'armijo' as never }), /lineSearchFn is strongWolfe or null/],
    ['half an iteration', () => make({ maxIter: 0.5 }), /maxIter must be a whole number ≥ 1, got 0\.5/],
    [
      'to be compiled',
      () => {
        const optimizer = make();
        compile(() => optimizer.step(closureOf(optimizer, () => w.sum())))();
      },
      /decides by numbers.*Compile the closure instead/s,
    ],
    [
      'the state of other parameters',
      () => {
        const other = new LBFGS([value([1, 2, 3])]);
        const optimizer = make();
        optimizer.step(closureOf(optimizer, () => w.square().sum()));
        other.loadStateDict(optimizer.stateDict());
      },
      /direction is \[2\], the parameters have 3 elements/,
    ],
    ['what is no state', () => make().loadStateDict(null as never), /no state of an optimizer/],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });
});
