import { GradientMismatchError, constant, customGradient, value, type Value } from 'chainrule';
import { arbitraryValue, checkGradients, gradientReport } from 'chainrule/testing';
import * as fc from 'fast-check';

const half = customGradient(
  (x: Value) => x.mul(x),
  (g: Value, _y: Value, x: Value) => [g.mul(x)],
) as (x: Value) => Value;

const messageOf = (f: () => void): string => {
  try {
    f();
  } catch (error) {
    expect(error).toBeInstanceOf(GradientMismatchError);
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
};

describe('right derivatives pass', () => {
  test('of scalars, tensors, several arguments', () => {
    expect(checkGradients((x: Value) => x.tanh(), [0.3])).toBeUndefined();
    checkGradients(
      (x: Value, w: Value) => x.matmul(w).tanh(),
      [
        value([1, 2]),
        value([
          [3, -1],
          [0.5, 2],
        ]),
      ],
    );
    checkGradients((x: Value) => x.exp(), value([1, 2]));
  });

  test('to the fourth order', () => {
    const { entries } = gradientReport((x: Value) => x.sin().mul(x), [value([0.5, 2])], { order: 4 });
    expect(new Set(entries.map(({ order }) => order))).toEqual(new Set([1, 2, 3, 4]));
    checkGradients((x: Value) => x.sin().mul(x), [value([0.5, 2])], { order: 4 });
  });

  test('of trees, in and out', () => {
    const f = ({ w, b }: { w: Value[]; b: Value }, x: Value) => ({ y: x.mul(w[0]!).add(b), z: [w[1]!.exp()] });
    checkGradients(f, [{ w: [value([1, 2]), value(0.5)], b: value(1) }, 3]);
  });

  test('at large and small numbers alike', () => {
    checkGradients((x: Value) => x.log(), [value([1e-6, 1, 1e8])]);
    checkGradients((x: Value) => x.square(), [value([1e6, 1e-6])]);
    checkGradients((x: Value) => x.mul(1e-7).sin(), [value([1, 2])]);
  });

  test('integers and booleans are passed on, not differentiated', () => {
    const index = constant([2, 0], { dtype: 'int32' });
    checkGradients((x: Value, i: Value) => x.gather(0, i).exp(), [value([1, 2, 3]), index]);
    const f = (x: Value, i: Value): Value => x.mul(i);
    expect(gradientReport(f, [value([1, 2]), index]).entries.every(({ argument }) => argument === 0)).toBe(true);
  });

  test('argnums leaves the others out', () => {
    const f = (x: Value, n: Value): Value => x.mul(n);
    checkGradients(f, [value([1, 2]), 3], { argnums: [0] });
    expect(() => checkGradients(f, [1, 2], { argnums: [2] })).toThrow(/argnums names argument 2, but 2 were given/);
  });

  test('float32 arguments are checked in float64; a cast inside f is forgiven its rounding', () => {
    checkGradients((x: Value) => x.exp(), [value([1, 2], { dtype: 'float32' })]);
    checkGradients((x: Value) => x.to('float32').mul(3).to('float64'), [value([1, 2])], { tolerance: 1e-3, order: 1 });
  });

  test('arguments without elements', () => {
    checkGradients((x: Value) => x.exp(), [value([], { shape: [0, 3] })]);
  });

  test('many elements: some of them', () => {
    const { entries } = gradientReport((x: Value) => x.square().sum(), [constant(new Float64Array(5000))], {
      order: 1,
      maxElements: 10,
    });
    expect(entries).toHaveLength(20);
  });
});

describe('wrong derivatives are told', () => {
  test('which argument, element, mode, order; expected, got, allowed', () => {
    const f = (w: Value, x: Value): Value => half(x).mul(w).sum();
    const message = messageOf(() => checkGradients(f, [value([1, 1]), value([3, 5])], { shrink: false }));
    expect(message).toMatch(/reverse mode, first order: d result \/ d argument 1, element \[1\]/);
    expect(message).toMatch(/expected 10 \(central differences\)\n\s+got {6}5\n\s+error {4}5\.00e\+0, allowed/);
    expect(message).toMatch(/at\n\s+argument 0: Value\(\[1, 1\].*\n\s+argument 1: Value\(\[3, 5\]/);
  });

  test('the path into a tree', () => {
    const message = messageOf(() =>
      checkGradients((p: { w: Value[] }) => half(p.w[1]!), [{ w: [value(1), value(2)] }]),
    );
    expect(message).toMatch(/d argument 0\.w\[1\]\n/);
  });

  test('a plain input is made simpler', () => {
    const message = messageOf(() => checkGradients(half, [value([1.2345, -2.71828])]));
    expect(message).toMatch(/at a simpler input that fails too\n\s+argument 0: Value\(\[(0, 1|1, 0|0, -1|1, 1)\]/);
  });

  test('first order right, second order wrong', () => {
    const f = (x: Value): Value => x.mul(x.detach()).mul(2).sub(x.detach().square());
    checkGradients(f, [value(3)], { order: 1 });
    expect(messageOf(() => checkGradients(f, [value(3)]))).toMatch(/second order: d gradient along a direction/);
    // d²/dx² is 0 by such a graph; the function's own is 2.
    expect(gradientReport(f, [value(3)]).mismatches.every(({ order }) => order === 2)).toBe(true);
  });

  test('one mode at a time', () => {
    const modes = (of: ('reverse' | 'forward')[]): string[] =>
      [...new Set(gradientReport((x: Value) => x.exp(), [1], { modes: of }).entries.map(({ mode }) => mode))].sort();
    expect(modes(['reverse'])).toEqual(['reverse', 'reverse over reverse']);
    expect(modes(['forward'])).toEqual(['forward', 'forward over forward']);
    expect(modes(['forward', 'reverse'])).toHaveLength(6);
  });

  test('a small derivative that is wrong is not lost beside 1', () => {
    expect(() => checkGradients((x: Value) => half(x).mul(1e-7), [2])).toThrow(GradientMismatchError);
  });

  test('a derivative of zero where there is none', () => {
    expect(() => checkGradients((x: Value) => x.detach(), [value([1, 2])])).toThrow(/expected 1.*\n\s+got {6}0/);
  });

  test('f that gives other results each time', () => {
    let n = 0;
    expect(() => checkGradients((x: Value) => x.mul(++n), [1])).toThrow(/different results for the same input/);
  });

  test('f that is not defined there', () => {
    const message = messageOf(() => checkGradients((x: Value) => x.log(), [value([-1, 1])]));
    expect(message).toMatch(/element \[0\]\n\s+f is NaN or infinite there: .*domain/);
  });
});

describe('kinks', () => {
  const relu = (x: Value): Value => x.where(x.gt(0), 0);

  test('are reported, not failed', () => {
    checkGradients(relu, [value([-1, 0, 1])]);
    const report = gradientReport(relu, [value([-1, 0, 1])], { order: 1 });
    expect(report.ok).toBe(true);
    expect(report.kinks.map(({ mode, element, kink }) => ({ mode, element, kink }))).toEqual([
      { mode: 'reverse', element: [1], kink: { left: 0, right: 1 } },
      { mode: 'forward', element: [1], kink: { left: 0, right: 1 } },
    ]);
    expect(String(report)).toMatch(/one-sided derivatives differ: 0 from below, 1 from above/);
  });

  test('fail where asked to', () => {
    expect(() => checkGradients(relu, [value([0, 1])], { kinks: 'fail' })).toThrow(/one-sided derivatives differ/);
  });

  test('excuse only what lies between the one-sided derivatives', () => {
    const steep = customGradient(relu, (g: Value) => [g.mul(3)]) as (x: Value) => Value;
    expect(() => checkGradients(steep, [value([0])], { order: 1 })).toThrow(/expected .*\n\s+got {6}3/);
  });

  test('nearby do not disturb', () => {
    checkGradients(relu, [value([1e-5, -1e-5, 1e-3])]);
    checkGradients((x: Value) => x.abs(), [value([3e-6])], { order: 1 });
  });

  test('jumps, and edges of the domain', () => {
    expect(gradientReport((x: Value) => x.floor().add(x), [value([1, 1.5])], { order: 1 }).ok).toBe(true);
    const edge = gradientReport((x: Value) => x.sqrt(), [0], { order: 1 });
    expect(edge.ok).toBe(true);
    expect(edge.kinks).toHaveLength(2);
  });

  test('ties of a maximum', () => {
    const report = gradientReport((x: Value) => x.amax(), [value([1, 1, 0])]);
    expect(report.ok).toBe(true);
    expect(report.kinks.length).toBeGreaterThan(0);
  });
});

describe('arbitraries', () => {
  test('for each argument, beside plain ones', () => {
    checkGradients(
      (x: Value, w: Value, n: Value) => x.mul(w).add(n),
      [arbitraryValue({ shape: [2] }), value([1, 2]), 3],
    );
    checkGradients((x: Value) => x.exp(), arbitraryValue());
  });

  test('of the whole list, so that shapes can depend on each other', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }));
    const pair = sizes.chain(([m, n]) =>
      fc.tuple(arbitraryValue({ shape: [2, m] }), arbitraryValue({ shape: [m, n] })),
    );
    checkGradients((a: Value, b: Value) => a.matmul(b), pair, { numRuns: 5 });
  });

  test('shrink to the smallest failing input, and say how to repeat it', () => {
    const inputs = [arbitraryValue({ shapes: [[4], [2, 3]] }), arbitraryValue({ shape: [] })];
    const message = messageOf(() => checkGradients((x: Value, s: Value) => half(x).mul(s), inputs, { seed: 5 }));
    expect(message).toMatch(
      /the smallest failing input of run \d+ \(\d+ shrinks\); repeat with \{ seed: 5, path: "[\d:]+" \}/,
    );
    expect(message).toMatch(/argument 0: Value\(\[[01, -]+\], \[4\] float64/);
    expect(message).toMatch(/argument 1: Value\(-?1,/);
    const path = /path: "([\d:]+)"/.exec(message)![1]!;
    const again = messageOf(() => checkGradients((x: Value, s: Value) => half(x).mul(s), inputs, { seed: 5, path }));
    expect(again).toMatch(/argument 1: Value\(-?1,/);
  });

  test('what f throws is shown with the input', () => {
    const f = (x: Value): Value => x.reshape([7]);
    expect(() => checkGradients(f, [arbitraryValue({ shape: [2] })])).toThrow(
      /f threw ShapeError: reshape.*argument 0/s,
    );
  });

  test('a report is of the smallest failing input', () => {
    const { mismatches } = gradientReport(half, [arbitraryValue({ shape: [2] })], { order: 1 });
    expect(mismatches.length).toBeGreaterThan(0);
    expect(gradientReport((x: Value) => x.exp(), [arbitraryValue({ shape: [2] })]).ok).toBe(true);
  });
});

describe('bad calls', () => {
  test('are refused with what to do', () => {
    const f = (x: Value): Value => x;
    expect(() => checkGradients(f, [1], { ordr: 1 } as object)).toThrow(/unknown option "ordr".*order/s);
    expect(() => checkGradients(f, [1], { order: 0 })).toThrow(/order must be a whole number ≥ 1, got 0/);
    expect(() => checkGradients(f, [1], { modes: ['sideways' as 'reverse'] })).toThrow(/modes must be a list/);
    expect(() => checkGradients(f, [1], { tolerance: -1 })).toThrow(/tolerance must be a positive number/);
    expect(() => checkGradients(f, 'x' as never)).toThrow(/inputs are a list with an entry for each argument/);
    expect(() => checkGradients(3 as never, [1])).toThrow(/first argument is the function/);
    expect(() => checkGradients(f, [constant([1, 2], { dtype: 'int32' })])).toThrow(/no argument is a float/);
    expect(() => checkGradients((x: Value) => x.gt(0), [1])).toThrow(/f returned no float Value/);
    expect(() => checkGradients((x: Value) => Promise.resolve(x), [1])).toThrow(/Promise; it must be synchronous/);
  });
});
