/** What is wrong with numbers, parameters and inputs before any gradient is judged. */
import type { AnyModule } from '../../nn/module.ts';
import type { Optimizer } from '../../optim/optimizer.ts';
import { isFloat } from '../../base/dtypes.ts';
import type { Value } from '../../value/value.ts';
import type { Baseline } from './baseline.ts';
import type { Finding } from './finding.ts';
import { normOfNumbers, short, statisticsOf } from './numbers.ts';
import { nameOfLayer, type Probe } from './probe.ts';

/** `a, b, c and 7 more`. */
function listed(names: readonly string[]): string {
  const rest = names.length - 4;
  return rest > 1 ? `${names.slice(0, 4).join(', ')} and ${rest} more` : names.join(', ');
}

function notFinite(where: string, what: string, x: Value, remedy: string): Finding | null {
  const { notFinite: count } = statisticsOf(x);
  if (count === 0) return null;
  return { kind: 'notFinite', where, message: `${count} of ${x.size} ${what} are NaN or infinite`, remedy };
}

/** NaN and infinity, from where they come in: the input, a parameter, an op. */
export function numbersOutOfRange(
  model: AnyModule,
  inputs: readonly Value[],
  targets: readonly Value[],
  probe: Probe,
): Finding[] {
  const clean = 'Look for missing values (isMissing, Imputer) and divisions by 0 in the preparation of the data.';
  const found = [
    ...inputs.map((x) => notFinite('input', 'numbers', x, clean)),
    ...targets.map((y) => notFinite('target', 'numbers', y, clean)),
    ...model
      .namedParameters()
      .map(([name, p]) =>
        notFinite(name, 'numbers of the parameter', p, 'Load an earlier checkpoint; lower the rate.'),
      ),
  ].filter((finding) => finding !== null);
  if (found.length > 0) return found;
  return Number.isFinite(probe.loss) ? gradientsOutOfRange(model, probe) : [badLoss(probe)];
}

function badLoss({ loss, nan, layers }: Probe): Finding {
  const infinite = layers.find(({ outputs }) => outputs.some((y) => statisticsOf(y).notFinite > 0));
  const where = infinite === undefined ? 'loss' : nameOfLayer(infinite.path, infinite.module);
  return {
    kind: 'notFinite',
    where,
    message: `the loss is ${loss}${nan === null ? '' : `; the first NaN was made by ${nan}`}`,
    remedy:
      'Use losses of logits (crossEntropy, binaryCrossEntropyWithLogits), add an ε to logarithms, roots and divisors, lower the rate; detectAnomaly(() => …) shows the operands.',
  };
}

function gradientsOutOfRange(model: AnyModule, { gradients, nan }: Probe): Finding[] {
  const names = model
    .namedParameters()
    .filter(([, p]) => gradients.get(p) != null && statisticsOf(gradients.get(p)!).notFinite > 0)
    .map(([name]) => name);
  if (names.length === 0) return [];
  return [
    {
      kind: 'notFinite',
      where: names[0]!,
      message: `the gradients of ${listed(names)} are NaN or infinite${nan === null ? '' : `; the first NaN was made by ${nan}`}`,
      remedy: 'Slopes of roots, logarithms and norms are infinite at 0: add an ε, or choose another side with where().',
    },
  ];
}

const isZero = (x: Value): boolean => x.data.every((element) => element === 0);

function unused(names: readonly string[]): Finding | null {
  if (names.length === 0) return null;
  return {
    kind: 'unusedParameters',
    where: names[0]!,
    message: `the loss does not depend on ${listed(names)}`,
    remedy: 'Call the layer in forward, freeze it, or look for detach(), item() and noGrad() on the way to the loss.',
  };
}

function withoutGradient(names: readonly string[]): Finding | null {
  if (names.length === 0) return null;
  return {
    kind: 'zeroGradients',
    where: names[0]!,
    message: `the gradients of ${listed(names)} are 0 throughout`,
    remedy: 'Look for dead units, weights of 0 behind them, and ops without slope (step, round, argmax).',
  };
}

/** Every row of a weight is the same: its units do the same for ever. Not said of the last layer, where targets differ. */
function symmetric(model: AnyModule, { layers }: Probe): Finding | null {
  const alike = (w: Value): boolean => {
    const row = w.size / w.shape[0]!;
    return w.data.every((element, i) => element === w.data[i % row]);
  };
  const inner = new Set(layers.slice(0, -1).flatMap(({ module }) => module.ownParameters().map(([, leaf]) => leaf)));
  const names = model
    .namedParameters()
    .filter(([, w]) => inner.has(w) && w.requiresGrad && w.rank >= 2 && w.shape[0]! > 1 && alike(w))
    .map(([name]) => name);
  if (names.length === 0) return null;
  return {
    kind: 'symmetricWeights',
    where: names[0]!,
    message: `all units of ${listed(names)} have the same weights, and will learn the same`,
    remedy: 'Initialise weights at random (xavierUniform, kaimingNormal); zeros are for biases.',
  };
}

function notOptimized(model: AnyModule, optimizer: Optimizer | undefined): Finding | null {
  if (optimizer === undefined) return null;
  const known = new Set(optimizer.parameters);
  const names = model
    .namedParameters()
    .filter(([, p]) => p.requiresGrad && !known.has(p))
    .map(([name]) => name);
  if (names.length === 0) return null;
  return {
    kind: 'notOptimized',
    where: 'optimizer',
    message: `the optimizer does not have ${listed(names)}`,
    remedy: 'Make it of model.parameters(), after the model has its layers and its dtype; addParamGroup adds more.',
  };
}

/** Parameters that cannot learn. */
export function parameterFindings(model: AnyModule, probe: Probe, optimizer: Optimizer | undefined): Finding[] {
  const trained = model.namedParameters().filter(([, p]) => p.requiresGrad);
  const gradientOf = (p: Value): Value | null => probe.gradients.get(p) ?? null;
  const names = (of: (g: Value | null) => boolean): string[] =>
    trained.filter(([, p]) => of(gradientOf(p))).map(([name]) => name);
  return [
    unused(names((g) => g === null)),
    withoutGradient(names((g) => g !== null && isZero(g))),
    symmetric(model, probe),
    notOptimized(model, optimizer),
  ].filter((finding) => finding !== null);
}

/** The size of numbers that first layers are made for. */
const LARGEST = 30;
const SMALLEST = 1e-3;

/** Columns of a table whose sizes are far from 1. */
export function inputFinding(x: Value): Finding | null {
  if (!isFloat(x.dtype) || x.rank < 2 || x.size === 0) return null;
  const sizes = x.rank === 2 ? columnSizes(x) : [statisticsOf(x)].map(({ mean, std }) => normOfNumbers([mean, std]));
  const [most, column] = sizes.reduce(([a, i], b, j) => (b > a ? [b, j] : [a, i]), [0, 0]);
  if (most === 0 || (most <= LARGEST && most >= SMALLEST)) return null;
  const which = x.rank === 2 ? `column ${column} of the input` : 'the input';
  return {
    kind: 'unscaledInput',
    where: 'input',
    message: `numbers of ${which} are about ${short(most)} in size; layers are made for numbers about 1`,
    remedy: 'Scale it: StandardScaler or MinMaxScaler, fitted on the training data; pixels divided by 255.',
  };
}

/** The root mean square of each column. */
function columnSizes(x: Value): number[] {
  const [rows, columns] = x.shape as [number, number];
  const squares = new Float64Array(columns);
  x.data.forEach((element, i) => (squares[i % columns]! += element * element));
  return Array.from(squares, (sum) => Math.sqrt(sum / rows));
}

/** So many times the loss of knowing nothing is worse than ignorance. */
const WORSE_THAN_GUESSING = 2;
const FAR_WORSE = 10;

export function lossFinding(loss: number, baseline: Baseline | null): Finding | null {
  if (baseline === null || !(baseline.loss > 0)) return null;
  const limit = baseline.classes === null ? FAR_WORSE : WORSE_THAN_GUESSING;
  if (loss <= limit * baseline.loss) return null;
  return {
    kind: 'initialLoss',
    where: 'loss',
    message: `the loss is ${short(loss)}; ${baseline.text} would have ${short(baseline.loss)}: the model is sure, and wrong`,
    remedy:
      'Initialise the last layer with smaller weights, check that labels and outputs mean the same classes, scale targets.',
  };
}
