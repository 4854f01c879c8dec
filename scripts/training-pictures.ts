// The pictures of docs/diagnosing.md, from the runs that it tells of.
import { constant, manualSeed, rand, randn, type Value } from 'chainrule';
import { spirals } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { Linear, MLP, ReLU, Sequential } from 'chainrule/nn';
import { Adam, AdamW } from 'chainrule/optim';
import {
  confusionMatrix,
  findLearningRate,
  fit,
  plotConfusionMatrix,
  plotDecisionBoundary,
  plotFilters,
  plotHistograms,
  plotHistory,
  predict,
  type PlotOptions,
} from 'chainrule/train';

export type Draw = (theme: NonNullable<PlotOptions['theme']>) => Promise<string>;

const quiet = { loss: crossEntropy, progress: false, metrics: ['accuracy'] };

function arms(n: number): { x: Value; y: Value } {
  return spirals(n, { classes: 3, noise: 0.04 });
}

async function rates(): Promise<Draw> {
  manualSeed(0);
  const model = new MLP([2, 64, 64, 3]);
  const optimizer = new Adam(model.parameters());
  const found = await findLearningRate(model, arms(300), { loss: crossEntropy, optimizer });
  return (theme) => found.plot({ theme });
}

/** A network that has learnt three arms, and what it has not been trained on. */
async function learnt(epochs: number): Promise<{ model: MLP; test: { x: Value; y: Value } }> {
  manualSeed(0);
  const [train, test] = [arms(300), arms(90)];
  const model = new MLP([2, 64, 64, 3]);
  await fit(model, train, { ...quiet, optimizer: new Adam(model.parameters(), { lr: 0.01 }), epochs });
  return { model, test };
}

async function boundary(): Promise<Draw> {
  const { model, test } = await learnt(30);
  return (theme) => plotDecisionBoundary(model, test.x, test.y, { theme });
}

async function confusion(): Promise<Draw> {
  const { model, test } = await learnt(12);
  const matrix = confusionMatrix(predict(model, test.x), test.y);
  return (theme) => plotConfusionMatrix(matrix, { classes: ['first', 'second', 'third'], theme });
}

async function histograms(): Promise<Draw> {
  const { model, test } = await learnt(30);
  crossEntropy(model.forward(test.x), test.y).backward();
  return (theme) => plotHistograms(model, { bins: 24, theme });
}

async function overfit(): Promise<Draw> {
  manualSeed(0);
  const [few, many] = [30, 300].map((n) => spirals(n, { classes: 3, noise: 0.12 }));
  const model = new MLP([2, 128, 128, 3]);
  const optimizer = new Adam(model.parameters(), { lr: 3e-3 });
  const history = await fit(model, few!, { ...quiet, optimizer, epochs: 120, validation: many! });
  return (theme) => plotHistory(history, { theme });
}

/** Stripes on a square of 12 × 12 pixels: lying, standing, and along both diagonals; at any phase, with noise. */
function stripes(n: number): { x: Value; y: Value } {
  const side = 12;
  const y = constant(
    Array.from({ length: n }, (_, i) => i % 4),
    { dtype: 'int32' },
  );
  const at = (f: (row: number, column: number) => number): number[] =>
    Array.from({ length: side * side }, (_, i) => f(Math.floor(i / side), i % side));
  const along = constant([at((r) => r), at((_, c) => c), at((r, c) => (r + c) / 1.4), at((r, c) => (r - c) / 1.4)]);
  const waves = along
    .indexSelect(0, y)
    .mul(1.05)
    .add(rand([n, 1]).mul(6.28))
    .sin();
  return {
    x: waves
      .gt(0)
      .to('float64')
      .add(randn([n, side * side]).mul(0.3)),
    y,
  };
}

async function filters(): Promise<Draw> {
  manualSeed(0);
  const model = new Sequential(new Linear(144, 16), new ReLU(), new Linear(16, 4));
  const optimizer = new AdamW(model.parameters(), { lr: 3e-3, weightDecay: 0.5 });
  await fit(model, stripes(1000), { ...quiet, optimizer, epochs: 20 });
  return (theme) => plotFilters(model, { theme });
}

/** By the names of their files. */
export const trainingPictures: Readonly<Record<string, () => Promise<Draw>>> = {
  rates,
  overfitting: overfit,
  spirals: boundary,
  confusion,
  histograms,
  filters,
};
