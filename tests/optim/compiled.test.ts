/** Whole training steps, compiled: the bits of the eager run, and one program whatever changes from step to step. */
import { compile, constant, manualSeed, rand, TraceError, value, type Value } from 'chainrule';
import { mseLoss } from 'chainrule/losses';
import * as nn from 'chainrule/nn';
import * as optim from 'chainrule/optim';

const makers: [string, (parameters: Value[]) => optim.Optimizer][] = [
  ['SGD', (p) => new optim.SGD(p, { lr: 0.1 })],
  ['SGD with momentum', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 })],
  ['SGD after Nesterov', (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true })],
  ['Adagrad', (p) => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1, initialAccumulatorValue: 0.5 })],
  ['RMSprop', (p) => new optim.RMSprop(p, { lr: 0.01, centered: true, momentum: 0.5 })],
  ['Adadelta', (p) => new optim.Adadelta(p, { weightDecay: 0.1 })],
  ['Adam', (p) => new optim.Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.1 })],
  ['AdamW', (p) => new optim.AdamW(p, { lr: 0.01 })],
  ['Adamax', (p) => new optim.Adamax(p, { lr: 0.01 })],
  ['NAdam', (p) => new optim.NAdam(p, { lr: 0.01, decoupledWeightDecay: true, weightDecay: 0.1 })],
  ['RAdam', (p) => new optim.RAdam(p, { lr: 0.01 })],
  ['Rprop', (p) => new optim.Rprop(p, { lr: 0.01 })],
  ['Lion', (p) => new optim.Lion(p, { lr: 0.01, weightDecay: 0.1 })],
  [
    'groups of their own',
    ([first, ...rest]) =>
      new optim.SGD([
        { params: first!, lr: 0.5, momentum: 0.9 },
        { params: rest, maximize: true },
      ]),
  ],
];

interface Run {
  readonly model: nn.Module;
  readonly optimizer: optim.Optimizer;
  readonly step: (x: Value, y: Value) => Value;
}

function makeRun(make: (parameters: Value[]) => optim.Optimizer, dtype: 'float32' | 'float64'): Run {
  manualSeed(3);
  const model = new nn.MLP([3, 4, 1], { dtype });
  const optimizer = make(model.parameters());
  const step = (x: Value, y: Value): Value => {
    optimizer.zeroGrad();
    const loss = mseLoss(model.forward(x), y);
    loss.backward();
    optimizer.step();
    return loss;
  };
  return { model, optimizer, step };
}

const batchOf = (i: number): [Value, Value] => {
  manualSeed(50 + i);
  return [rand([5, 3]), rand([5, 1])];
};

/** Everything that a step changes, as text: every bit of it. */
const traceOf = (run: Run): string => JSON.stringify([run.model.stateDict(), run.optimizer.stateDict()]);

describe.each(['float32', 'float64'] as const)('ten steps in %s are, to the bit, those of the eager run:', (dtype) => {
  test.each(makers)('%s', (_, make) => {
    const [eager, other] = [makeRun(make, dtype), makeRun(make, dtype)];
    const compiled = compile(other.step);
    for (let i = 0; i < 10; i++) {
      const rate = 0.1 / (i + 1);
      [eager.optimizer.lr, other.optimizer.lr] = [rate, rate];
      const [x, y] = batchOf(i);
      expect(compiled(x, y).item()).toBe(eager.step(x, y).item());
      expect(traceOf(other)).toBe(traceOf(eager));
    }
    expect(compiled.programs).toHaveLength(1);
  });
});

describe('what changes from step to step', () => {
  test('numbers (momentum, decay, betas) are no other program', () => {
    const runs = [0, 1].map(() => makeRun((p) => new optim.Adam(p, { weightDecay: 0.1 }), 'float64'));
    const [eager, other] = [runs[0]!, runs[1]!];
    const compiled = compile(other.step);
    for (let i = 0; i < 5; i++) {
      for (const { optimizer } of runs) {
        (optimizer as optim.Adam).paramGroups[0].betas = [0.5 + i / 20, 0.99];
        (optimizer as optim.Adam).paramGroups[0].weightDecay = 0.1 * (i + 1);
      }
      const [x, y] = batchOf(i);
      eager.step(x, y);
      compiled(x, y);
      expect(traceOf(other)).toBe(traceOf(eager));
    }
    expect(compiled.programs).toHaveLength(1);
  });

  test('choices are, and a number that becomes 0; each is made once', () => {
    const runs = [0, 1].map(() => makeRun((p) => new optim.SGD(p, { momentum: 0.9, weightDecay: 0.1 }), 'float64'));
    const [eager, other] = [runs[0]!, runs[1]!];
    const compiled = compile(other.step);
    for (let i = 0; i < 8; i++) {
      for (const { optimizer } of runs) {
        const [group] = (optimizer as optim.SGD).paramGroups;
        group.nesterov = i % 2 === 1;
        group.weightDecay = i % 4 < 2 ? 0.1 : 0;
      }
      const [x, y] = batchOf(i);
      eager.step(x, y);
      compiled(x, y);
      expect(traceOf(other)).toBe(traceOf(eager));
    }
    expect(compiled.programs).toHaveLength(4);
  });

  test('a schedule that cycles rate and momentum, outside of the compiled step', () => {
    const runs = [0, 1].map(() => makeRun((p) => new optim.SGD(p, { lr: 0.1 }), 'float64'));
    const schedules = runs.map(({ optimizer }) => new optim.OneCycleLR(optimizer, { maxLr: 0.1, totalSteps: 12 }));
    const [eager, other] = [runs[0]!, runs[1]!];
    const compiled = compile(other.step);
    for (let i = 0; i < 10; i++) {
      const [x, y] = batchOf(i);
      eager.step(x, y);
      compiled(x, y);
      schedules.forEach((schedule) => schedule.step());
      expect(traceOf(other)).toBe(traceOf(eager));
    }
    expect(compiled.programs).toHaveLength(1);
  });

  test('an option that is set inside is set when the program runs', () => {
    const w = value([1, 2]);
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    const step = compile(() => {
      optimizer.lr = 0.25;
      optimizer.paramGroups[0].maximize = true;
      w.grad = constant([1, 1]);
      optimizer.step();
    });
    step.explain();
    expect([optimizer.lr, optimizer.paramGroups[0].maximize]).toEqual([0.5, false]);
    step();
    expect([optimizer.lr, optimizer.paramGroups[0].maximize, w.toArray()]).toEqual([0.25, true, [1.25, 2.25]]);
  });

  test('what reads a rate inside is told to stay outside', () => {
    const w = value([1]);
    const optimizer = new optim.SGD([w], { lr: 0.5 });
    const schedule = new optim.StepLR(optimizer, { stepSize: 1 });
    const inside = compile(() => schedule.step());
    expect(() => inside()).toThrow(TraceError);
    expect(() => inside()).toThrow(/lr is read as a number.*step schedules after the compiled step/s);
  });
});

describe('around the step', () => {
  test('clipping, moving averages and accumulation are part of the program', () => {
    const make = (): Run & { readonly ema: optim.ExponentialMovingAverage } => {
      const run = makeRun((p) => new optim.Adam(p, { lr: 0.1 }), 'float64');
      const ema = new optim.ExponentialMovingAverage(run.model.parameters(), { decay: 0.9, warmup: true });
      const accumulation = new optim.GradientAccumulation(run.optimizer, { batches: 3 });
      const step = (x: Value, y: Value): Value => {
        const loss = mseLoss(run.model.forward(x), y);
        loss.backward();
        const norm = optim.clipGradNorm(run.model.parameters(), 0.5);
        optim.clipGradValue(run.model.parameters(), 0.2);
        if (accumulation.step()) ema.update();
        return norm;
      };
      return { ...run, step, ema };
    };
    const [eager, other] = [make(), make()];
    const compiled = compile(other.step);
    for (let i = 0; i < 9; i++) {
      const [x, y] = batchOf(i);
      expect(compiled(x, y).item()).toBe(eager.step(x, y).item());
      expect(traceOf(other)).toBe(traceOf(eager));
      expect(JSON.stringify(other.ema.averages)).toBe(JSON.stringify(eager.ema.averages));
    }
    expect(compiled.programs).toHaveLength(3);
    expect(other.optimizer.steps).toBe(3);
  });

  test('averages swapped in and out by compiled functions', () => {
    const w = value([4, 8]);
    const ema = new optim.ExponentialMovingAverage([w], { decay: 0.5 });
    ema.update();
    w.assign(constant([0, 0]));
    ema.update();
    const swap = compile(() => ema.swap());
    swap();
    expect(w.toArray()).toEqual([2, 4]);
    expect(() => ema.update()).toThrow(/swap\(\) once more/);
    swap();
    expect(w.toArray()).toEqual([0, 0]);
    ema.update();
  });
});
