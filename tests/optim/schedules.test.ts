/** Learning-rate schedules: what they have in common, and what each promises beside PyTorch's numbers (gold.test.ts). */
import { compile, constant, value } from 'chainrule';
import * as optim from 'chainrule/optim';
import fc from 'fast-check';
import { makeSchedule, optimizerOf } from './rates.ts';

type Make = (optimizer: optim.Optimizer) => optim.Schedule;

const make =
  (name: string, options: Readonly<Record<string, unknown>>): Make =>
  (optimizer) =>
    makeSchedule(name, optimizer, options);

const cases: [string, Make][] = [
  ['LambdaLR', make('LambdaLR', { k: 0.5 })],
  ['MultiplicativeLR', make('MultiplicativeLR', { k: 0.9 })],
  ['StepLR', make('StepLR', { stepSize: 3 })],
  ['MultiStepLR', make('MultiStepLR', { milestones: [2, 5, 5] })],
  ['ConstantLR', make('ConstantLR', {})],
  ['LinearLR', make('LinearLR', { endFactor: 0 })],
  ['ExponentialLR', make('ExponentialLR', { gamma: 0.9 })],
  ['PolynomialLR', make('PolynomialLR', { power: 2 })],
  ['InverseTimeDecay', (optimizer) => new optim.InverseTimeDecay(optimizer, { decayRate: 0.5 })],
  ['CosineAnnealingLR', make('CosineAnnealingLR', { TMax: 4, etaMin: 0.01 })],
  ['CosineAnnealingWarmRestarts', make('CosineAnnealingWarmRestarts', { T0: 2, TMult: 2 })],
  ['CyclicLR', make('CyclicLR', { baseLr: 0.1, maxLr: [0.5, 0.6], stepSizeUp: 3, mode: 'triangular2' })],
  ['OneCycleLR', make('OneCycleLR', { maxLr: [0.5, 0.6], totalSteps: 20 })],
  ['SequentialLR', make('SequentialLR', { schedulers: [['LinearLR', {}], ['ExponentialLR', { gamma: 0.9 }], ['StepLR', { stepSize: 2 }]], milestones: [3, 6] })], // prettier-ignore
  [
    'ChainedScheduler',
    make('ChainedScheduler', {
      schedulers: [
        ['ConstantLR', {}],
        ['ExponentialLR', { gamma: 0.9 }],
      ],
    }),
  ],
];

const ratesOf = ({ paramGroups }: optim.Optimizer): number[] => paramGroups.map(({ lr }) => lr);

const sgd = (lr: number = 1): optim.SGD => new optim.SGD([value(1)], { lr, momentum: 0.9 });

/** The rates of so many epochs. */
function ratesFrom(optimizer: optim.Optimizer, schedule: optim.Schedule, epochs: number): number[] {
  return Array.from({ length: epochs }, () => {
    const { lr } = optimizer;
    schedule.step();
    return lr;
  });
}

describe.each(cases)('%s', (_, schedule) => {
  test('says which rates are in force', () => {
    const optimizer = optimizerOf('SGD', [0.2, 0.1]);
    const made = schedule(optimizer);
    for (let i = 0; i < 12; i++) {
      expect(made.getLastLr()).toEqual(ratesOf(optimizer));
      made.step();
    }
    expect(made.optimizer).toBe(optimizer);
  });

  test('goes on where its saved state stopped, to the last bit', () => {
    fc.assert(
      fc.property(fc.nat(9), fc.nat(9), (before, after) => {
        const start = (): [optim.Optimizer, optim.Schedule] => {
          const optimizer = optimizerOf('Adam', [0.2, 0.1]);
          return [optimizer, schedule(optimizer)];
        };
        const [[whole, first], [stopped, second], [resumed, third]] = [start(), start(), start()];
        for (let i = 0; i < before + after; i++) first.step();
        for (let i = 0; i < before; i++) second.step();
        resumed.loadStateDict(stopped.stateDict());
        third.loadStateDict(JSON.parse(JSON.stringify(second.stateDict())) as optim.SchedulerState);
        expect(third.getLastLr()).toEqual(second.getLastLr());
        for (let i = 0; i < after; i++) third.step();
        expect(resumed.paramGroups.map((group) => group.options())).toEqual(whole.paramGroups.map((group) => group.options())); // prettier-ignore
      }),
      { numRuns: 10 },
    );
  });

  test('refuses a state that is not its own, and keeps what it has', () => {
    const optimizer = optimizerOf('SGD', [0.2, 0.1]);
    const made = schedule(optimizer);
    const before = JSON.stringify(made.stateDict());
    for (const wrong of [null, {}, { ...made.stateDict(), more: 1 }]) {
      expect(() => made.loadStateDict(wrong as never)).toThrow(/loadStateDict: the state does not fit/);
    }
    const other = schedule(optimizerOf('SGD', [0.2, 0.1]));
    const saved = JSON.parse(JSON.stringify(other.stateDict()), (key, x: unknown) => (key === 'lastLr' ? [1] : x)) as object; // prettier-ignore
    expect(() => made.loadStateDict(saved as never)).toThrow(/lastLr has 1 entries, the optimizer 2 parameter groups/);
    expect(JSON.stringify(made.stateDict())).toBe(before);
  });
});

describe('a schedule', () => {
  test('that is asked for an epoch gives its rates, whatever was before', () => {
    for (const [name, schedule] of cases.slice(2, 11)) {
      const [walked, asked] = [sgd(), sgd()];
      const rates = ratesFrom(walked, schedule(walked), 5);
      const direct = schedule(asked) as optim.LRScheduler;
      direct.step(4);
      expect([name, Math.round(asked.lr * 1e12)]).toEqual([name, Math.round(rates[4]! * 1e12)]);
      expect(direct.lastEpoch).toBe(4);
    }
  });

  test("of one's own says the rates of an epoch", () => {
    class Halving extends optim.LRScheduler {
      protected override rates(): readonly number[] {
        return this.currentRates().map((lr) => (this.lastEpoch > 0 ? lr / 2 : lr));
      }
    }
    const optimizer = sgd();
    expect(ratesFrom(optimizer, new Halving(optimizer, {}), 4)).toEqual([1, 0.5, 0.25, 0.125]);
  });

  test('resumes at an epoch, from the rates that a loaded optimizer remembers', () => {
    const [whole, resumed] = [sgd(), sgd()];
    const rates = ratesFrom(whole, new optim.ExponentialLR(whole, { gamma: 0.5 }), 3);
    expect(() => new optim.ExponentialLR(resumed, { gamma: 0.5, lastEpoch: 2 })).toThrow(
      /parameter group 0 does not know the rate.*Load the state of the optimizer first/s,
    );
    resumed.loadStateDict(whole.stateDict());
    expect([rates.at(-1), resumed.lr]).toEqual([0.25, 0.125]);
    const later = new optim.LambdaLR(resumed, { lrLambda: (epoch) => 1 / (1 + epoch), lastEpoch: 2 });
    expect([resumed.lr, later.lastEpoch]).toEqual([0.25, 3]);
  });

  test('sets rates that a compiled step reads anew', () => {
    const w = value(0);
    const optimizer = new optim.SGD([w], { lr: 1 });
    const schedule = new optim.ExponentialLR(optimizer, { gamma: 0.5 });
    const step = compile(() => {
      w.grad = constant(-1);
      optimizer.step();
    });
    const seen = [0, 1, 2].map(() => (step(), schedule.step(), w.item()));
    expect([seen, step.programs.length]).toEqual([[1, 1.5, 1.75], 1]);
  });
});

test('InverseTimeDecay is lr / (1 + k·t), by whole units where it is a staircase', () => {
  const [smooth, stairs] = [sgd(), sgd()];
  const rates = ratesFrom(smooth, new optim.InverseTimeDecay(smooth, { decayRate: 0.5, decaySteps: 2 }), 5);
  [1, 1 / 1.25, 1 / 1.5, 1 / 1.75, 1 / 2].forEach((lr, i) => expect(rates[i]).toBeCloseTo(lr, 12));
  const options = { decayRate: 1, decaySteps: 2, staircase: true };
  expect(ratesFrom(stairs, new optim.InverseTimeDecay(stairs, options), 5)).toEqual([1, 1, 0.5, 0.5, 1 / 3]);
});

test('warm restarts can be set within epochs', () => {
  const optimizer = sgd();
  const schedule = new optim.CosineAnnealingWarmRestarts(optimizer, { T0: 2 });
  const rates = [0.5, 1, 1.5, 2, 2.5].map((epoch) => (schedule.step(epoch), optimizer.lr));
  const expected = [0.5, 1, 1.5, 0, 0.5].map((t) => (1 + Math.cos((Math.PI * t) / 2)) / 2);
  expected.forEach((lr, i) => expect(rates[i]).toBeCloseTo(lr, 12));
});

test('T_max is TMax, or tMax; T_0 is T0, or t0', () => {
  const [a, b] = [sgd(), sgd()];
  expect(ratesFrom(a, new optim.CosineAnnealingLR(a, { tMax: 3 } as never), 5)).toEqual(
    ratesFrom(b, new optim.CosineAnnealingLR(b, { TMax: 3 }), 5),
  );
  new optim.CosineAnnealingWarmRestarts(a, { t0: 3, tMult: 2 } as never);
});

describe('OneCycleLR and CyclicLR', () => {
  test('take momentum up while the rate goes down, whatever it is called', () => {
    const [plain, adam] = [sgd(), new optim.Adam([value(1)], { betas: [0.9, 0.99] })];
    const schedules = [plain, adam].map((o) => new optim.OneCycleLR(o, { maxLr: 1, totalSteps: 10 }));
    for (let i = 0; i < 9; i++) {
      expect(plain.paramGroups[0].momentum).toBe(adam.paramGroups[0].betas[0]);
      expect(adam.paramGroups[0].betas[1]).toBe(0.99);
      schedules.forEach((schedule) => schedule.step());
    }
    expect(plain.paramGroups[0].momentum).toBeCloseTo(0.95, 12);
  });

  test("cycle with a function of one's own", () => {
    const optimizer = sgd();
    const options = { baseLr: 0, maxLr: 1, stepSizeUp: 1, cycleMomentum: false };
    const schedule = new optim.CyclicLR(optimizer, { ...options, scaleFn: (cycle) => 1 / cycle, scaleMode: 'cycle' });
    expect(ratesFrom(optimizer, schedule, 6)).toEqual([0, 1, 0, 0.5, 0, 1 / 3]);
  });

  test('refuse an optimizer without momentum, unless it is left alone', () => {
    const optimizer = new optim.Adagrad([value(1)], { lr: 1 });
    const before = JSON.stringify(optimizer.stateDict());
    expect(() => new optim.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 5 })).toThrow(
      /Adagrad has no momentum and no betas to cycle\n.*cycleMomentum: false/,
    );
    expect(() => new optim.CyclicLR(optimizer, { baseLr: 0.1, maxLr: 1 })).toThrow(/no momentum/);
    expect(JSON.stringify(optimizer.stateDict())).toBe(before);
    new optim.OneCycleLR(optimizer, { maxLr: 1, totalSteps: 5, cycleMomentum: false });
  });

  test('end with the run', () => {
    const optimizer = sgd();
    const schedule = new optim.OneCycleLR(optimizer, { maxLr: 1, epochs: 1, stepsPerEpoch: 2 });
    schedule.step();
    schedule.step();
    expect(() => schedule.step()).toThrow(/step 3 of a run of 2 steps/);
  });
});

describe('ReduceLROnPlateau', () => {
  test('lowers the rate when nothing has improved for more than `patience` epochs, then waits', () => {
    const optimizer = sgd();
    const schedule = new optim.ReduceLROnPlateau(optimizer, { factor: 0.5, patience: 1, cooldown: 2 });
    const rates = [3, 2, 2, 2, 2, 2, 2, 2, 1, 1].map((loss) => (schedule.step(loss), optimizer.lr));
    expect(rates).toEqual([1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]);
    expect([schedule.best, schedule.lastEpoch, schedule.getLastLr()]).toEqual([1, 10, [0.25]]);
  });

  test('takes the measure as a Value, waits for the largest in mode max, and for a difference that counts', () => {
    const optimizer = sgd();
    const options = { mode: 'max', thresholdMode: 'abs', threshold: 0.5, patience: 0 } as const;
    const schedule = new optim.ReduceLROnPlateau(optimizer, options);
    const rates = [1, 1.4, 2].map((x) => (schedule.step(constant(x)), optimizer.lr));
    expect(rates.map((lr) => lr.toFixed(3))).toEqual(['1.000', '0.100', '0.100']);
  });

  test('goes on from its saved state, also before the first measure', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }), fc.nat(12), (losses, at) => {
        const [whole, stopped, resumed] = [sgd(), sgd(), sgd()];
        const [first, second, third] = [whole, stopped, resumed].map(
          (o) => new optim.ReduceLROnPlateau(o, { patience: 1 }),
        );
        losses.forEach((loss) => first!.step(loss));
        losses.slice(0, at).forEach((loss) => second!.step(loss));
        resumed.loadStateDict(stopped.stateDict());
        third!.loadStateDict(JSON.parse(JSON.stringify(second!.stateDict())) as optim.SchedulerState);
        losses.slice(at).forEach((loss) => third!.step(loss));
        expect([resumed.lr, third!.stateDict()]).toEqual([whole.lr, first!.stateDict()]);
      }),
      { numRuns: 30 },
    );
  });

  test('needs a measure', () => {
    const schedule = new optim.ReduceLROnPlateau(sgd());
    expect(() => schedule.step(undefined as never)).toThrow(/takes the measure of the epoch, got undefined/);
    expect(() => schedule.loadStateDict({})).toThrow(/epoch, best, badEpochs, cooldown, lastLr missing/);
  });
});

describe('schedules of schedules', () => {
  test('SequentialLR takes positional arguments, too', () => {
    const [a, b] = [sgd(), sgd()];
    const parts = (o: optim.Optimizer): optim.Schedule[] => [
      new optim.LinearLR(o, { startFactor: 0.1, totalIters: 3 }),
      new optim.CosineAnnealingLR(o, { TMax: 7 }),
    ];
    const positional = new optim.SequentialLR(a, parts(a), [3]);
    const named = new optim.SequentialLR(b, { schedulers: parts(b), milestones: [3] });
    expect(ratesFrom(a, positional, 10)).toEqual(ratesFrom(b, named, 10));
    expect([positional.lastEpoch, a.lr < 1e-12]).toEqual([10, true]);
  });

  test('may hold one another', () => {
    const optimizer = sgd();
    const inner = new optim.SequentialLR(
      optimizer,
      [
        new optim.ConstantLR(optimizer, { factor: 0.5, totalIters: 9 }),
        new optim.ExponentialLR(optimizer, { gamma: 0.5 }),
      ],
      [2],
    );
    const outer = new optim.SequentialLR(optimizer, [new optim.ConstantLR(optimizer, { factor: 0.25, totalIters: 9 }), inner], [2]); // prettier-ignore
    expect(ratesFrom(optimizer, outer, 7)).toEqual([0.25, 0.25, 0.5, 0.5, 1, 0.5, 0.25]);
  });
});

describe('bad arguments', () => {
  const optimizer = sgd();
  const step = new optim.StepLR(sgd(), { stepSize: 1 });
  const own = (): optim.Schedule => new optim.StepLR(optimizer, { stepSize: 1 });

  test.each<[string, () => unknown, RegExp]>([
    ['no optimizer', () => new optim.StepLR({ stepSize: 3 } as never, {} as never), /StepLR: stepSize must be a whole number ≥ 1, got undefined/], // prettier-ignore
    ['the options in its place', () => new optim.LinearLR({ startFactor: 1 } as never), /LinearLR: the first argument must be an optimizer, got object\n.*new LinearLR\(optimizer/], // prettier-ignore
    ['no options', () => new optim.StepLR(optimizer, undefined as never), /stepSize must be a whole number ≥ 1, got undefined/], // prettier-ignore
    ['a misspelt one', () => new optim.StepLR(optimizer, { step: 3 } as never), /unknown option "step".*stepSize/s],
    ['half a step', () => new optim.StepLR(optimizer, { stepSize: 0.5 }), /stepSize must be a whole number/],
    [
      'gamma missing',
      () => new optim.ExponentialLR(optimizer, {} as never),
      /gamma must be a number ≥ 0, got undefined/,
    ],
    ['a start at 0', () => new optim.LinearLR(optimizer, { startFactor: 0 }), /startFactor must be above 0/],
    [
      'a factor above 1',
      () => new optim.ConstantLR(optimizer, { factor: 2 }),
      /factor must be a number in \[0, 1\], got 2/,
    ],
    ['milestones that are no list', () => new optim.MultiStepLR(optimizer, { milestones: 3 as never }), /list of epochs, got number/], // prettier-ignore
    [
      'no function',
      () => new optim.LambdaLR(optimizer, 3 as never),
      /lrLambda must be a function of the epoch, got number/,
    ],
    ['two functions for one group', () => new optim.LambdaLR(optimizer, [() => 1, () => 1]), /2 functions for 1 parameter groups/], // prettier-ignore
    ['a function that gives no number', () => new optim.LambdaLR(optimizer, () => NaN), /rate of parameter group 0 would be NaN in epoch 0/], // prettier-ignore
    ['rates for other groups', () => new optim.OneCycleLR(optimizer, { maxLr: [1, 2], totalSteps: 3 }), /maxLr has 2 numbers, the optimizer 1 parameter groups/], // prettier-ignore
    ['no length', () => new optim.OneCycleLR(optimizer, { maxLr: 1 }), /length of the run is missing\n.*epochs and stepsPerEpoch/], // prettier-ignore
    ['a mode that is none', () => new optim.CyclicLR(optimizer, { baseLr: 0, maxLr: 1, mode: 'square' as never }), /mode is triangular, triangular2 or expRange/], // prettier-ignore
    ['a factor that raises', () => new optim.ReduceLROnPlateau(optimizer, { factor: 1.5 }), /factor must be a number in \[0, 1\), got 1.5/], // prettier-ignore
    ['a schedule of another optimizer', () => new optim.SequentialLR(optimizer, [own(), step], [1]), /schedulers\[1\] belongs to another optimizer/], // prettier-ignore
    [
      'too few milestones',
      () => new optim.SequentialLR(optimizer, [own(), own()], []),
      /2 schedules need 1 milestones, got 0/,
    ],
    ['a plateau in a chain', () => new optim.ChainedScheduler([new optim.ReduceLROnPlateau(optimizer) as never]), /needs a measure at each step\n.*by itself/], // prettier-ignore
    ['no schedules', () => new optim.ChainedScheduler([]), /there are no schedules/],
    ['an epoch before the first', () => new optim.StepLR(optimizer, { stepSize: 3 }).step(-1), /epoch must be a whole number ≥ 0, got -1/], // prettier-ignore
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  test('chained schedules that overshoot below 0 say what to do', () => {
    const other = sgd(0.1);
    const chained = new optim.ChainedScheduler([
      new optim.ExponentialLR(other, { gamma: 0.6 }),
      new optim.CosineAnnealingLR(other, { TMax: 8, etaMin: 0.02 }),
    ]);
    expect(() => {
      for (let i = 0; i < 30; i++) chained.step();
    }).toThrow(/CosineAnnealingLR: the rate of parameter group 0 would be -.*use SequentialLR, or no bound/s);
  });
});
