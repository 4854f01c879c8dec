/** Averages of weights, and updates from several batches. */
import { constant, rand, value, type Value } from 'chainrule';
import * as optim from 'chainrule/optim';
import fc from 'fast-check';

describe('a moving average', () => {
  const weights = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 8 });

  test('is d·average + (1 − d)·weight, from the first weight on', () => {
    fc.assert(
      fc.property(weights, fc.double({ min: 0, max: 1, noNaN: true }), (given, decay) => {
        const w = value([0, 0]);
        const ema = new optim.ExponentialMovingAverage([w], { decay });
        let expected = given[0]!;
        given.forEach((x, i) => {
          w.assign(constant([x, -x]));
          ema.update();
          if (i > 0) expected = decay * expected + (1 - decay) * x;
          expect(ema.averages[0]!.data[0]).toBeCloseTo(expected, 10);
          expect(ema.averages[0]!.data[1]).toBeCloseTo(-expected, 10);
        });
        expect(ema.updates).toBe(given.length);
      }),
    );
  });

  test('warms up: keeps (1 + t) / (10 + t) at most', () => {
    const w = value(8);
    const ema = new optim.ExponentialMovingAverage([w], { warmup: true });
    ema.update();
    w.assign(0);
    ema.update();
    expect(ema.averages[0]!.item()).toBeCloseTo((8 * 3) / 12, 12);
  });

  test('takes the place of the weights while a function runs, whatever happens there', async () => {
    const w = value([2, 4], { label: 'w' });
    const ema = new optim.ExponentialMovingAverage([w], { decay: 0.5 });
    ema.update();
    w.assign(constant([0, 0]));
    ema.update();
    expect(ema.averageParameters(() => w.toArray())).toEqual([1, 2]);
    expect(w.toArray()).toEqual([0, 0]);
    expect(() => ema.averageParameters(() => { throw new Error('inside'); })).toThrow('inside'); // prettier-ignore
    expect(w.toArray()).toEqual([0, 0]);
    const later = ema.averageParameters(() => Promise.resolve().then(() => w.toArray()));
    expect(() => ema.update()).toThrow(/update\(\) while the averages are in the place of the weights/);
    expect(await later).toEqual([1, 2]);
    expect(w.toArray()).toEqual([0, 0]);
    expect(ema.averages[0]!.label).toBe('w.average');
  });

  test('goes on from its saved state', () => {
    const [w, v] = [value([1, 2]), value([9, 9])];
    const [ema, other] = [w, v].map((p) => new optim.ExponentialMovingAverage([p], { decay: 0.9 }));
    ema!.update();
    other!.loadStateDict(ema!.stateDict());
    for (const p of [w, v]) p.assign(constant([3, 5]));
    ema!.update();
    other!.update();
    expect(JSON.stringify(other!.stateDict())).toBe(JSON.stringify(ema!.stateDict()));
  });

  test('keeps the dtype of the weights, and takes another decay at any time', () => {
    const w = value([1], { dtype: 'float32' });
    const ema = new optim.ExponentialMovingAverage([w]);
    ema.update();
    ema.decay = 0;
    w.assign(constant([5]));
    ema.update();
    expect([ema.averages[0]!.dtype, ema.averages[0]!.item(), ema.decay]).toEqual(['float32', 5, 0]);
  });

  test('refuses what makes no sense', () => {
    const make = (parameters: Value[], options?: object) => () =>
      new optim.ExponentialMovingAverage(parameters, options);
    expect(make([])).toThrow(/no parameters to average/);
    expect(make([constant([1], { dtype: 'int32' })])).toThrow(/parameters\[0\] is no leaf of floats/);
    expect(make([value(1)], { decay: 2 })).toThrow(/decay must be a number in \[0, 1\], got 2/);
    const ema = make([value([1, 2])])();
    expect(() => ema.loadStateDict({ updates: 1, averages: [] })).toThrow(/has 0 averages, here there are 1/);
    expect(() => ema.loadStateDict({ updates: 1, averages: [value([1, 2, 3])] })).toThrow(
      /average 0 is \[3\], the parameter \[2\]/,
    );
    ema.swap();
    expect(() => ema.stateDict()).toThrow(/swap\(\) once more/);
  });
});

describe('accumulation', () => {
  const lossOf = (w: Value, x: Value): Value => x.matmul(w).square().mean();

  test('of the parts of a batch is an update from the batch', () => {
    const x = rand([12, 3]);
    const [whole, parts] = [value([1, 2, 3]), value([1, 2, 3])];
    const one = new optim.Adam([whole], { lr: 0.1 });
    const accumulation = new optim.GradientAccumulation(new optim.Adam([parts], { lr: 0.1 }), { batches: 4 });
    for (let epoch = 0; epoch < 3; epoch++) {
      one.zeroGrad();
      lossOf(whole, x).backward();
      one.step();
      const updates = [0, 3, 6, 9].map((at) => {
        lossOf(parts, x.narrow(0, at, 3)).backward();
        return accumulation.step();
      });
      expect(updates).toEqual([false, false, false, true]);
      parts.data.forEach((p, i) => expect(p).toBeCloseTo(whole.data[i]!, 10));
    }
    expect([accumulation.optimizer.steps, accumulation.pending, parts.grad]).toEqual([3, 0, null]);
  });

  test('makes what is left over an update of its own', () => {
    const w = value(0);
    const accumulation = new optim.GradientAccumulation(new optim.SGD([w], { lr: 1 }), { batches: 4 });
    expect(accumulation.flush()).toBe(false);
    for (const g of [1, 2]) {
      w.mul(g).backward();
      accumulation.step();
    }
    expect([accumulation.pending, accumulation.flush(), w.item()]).toEqual([2, true, -1.5]);
  });

  test('adds up where the losses are sums', () => {
    const w = value(0);
    const accumulation = new optim.GradientAccumulation(new optim.SGD([w], { lr: 1 }), { batches: 2, mean: false });
    for (const g of [1, 2]) {
      w.mul(g).backward();
      accumulation.step();
    }
    expect(w.item()).toBe(-3);
  });

  test('refuses half a batch', () => {
    const make = () => new optim.GradientAccumulation(new optim.SGD([value(1)]), { batches: 0.5 });
    expect(make).toThrow(/batches must be a whole number ≥ 1, got 0\.5/);
  });
});
