/** From what was measured to what may be wrong. Thresholds are orders of magnitude: a healthy model is far from them. */
import type { ActivationReport } from './activations.ts';
import type { Finding } from './finding.ts';
import type { LayerReport } from './layers.ts';
import { normOfNumbers, short } from './numbers.ts';

/** A gradient that is so many times smaller in one layer than in the last: PyTorch's initialisation alone takes 2.4 a layer. */
const SHRUNK = 1e3;
/** So many times larger: growth is rarer. */
const GROWN = 100;
/** Gradients that are large beside the weights, and of themselves. */
const LARGE_GRADIENT = 10;
/** A quarter is not rare behind features that are all positive. */
const DEAD_SHARE = 0.4;
/** Units that have seen fewer elements are not judged. */
const ENOUGH = 8;
const SATURATED_SHARE = 0.5;
const LARGE_UPDATE = 0.1;
const SMALL_UPDATE = 1e-6;

const show = (x: number): string => short(x, 2);
const percent = (x: number): string => `${(100 * x).toFixed(0)} %`;

const BETTER_FLOW =
  'Try ReLU instead of sigmoid or tanh, He initialisation (kaimingNormal), batch or layer normalisation, residual connections, fewer layers.';
const SMALLER_STEPS =
  'Try a smaller initialisation (Xavier, He), normalisation layers, clipGradNorm, scaled inputs and targets.';

/** Layers that gradients have reached, in the order in which they run. */
type Reached = LayerReport & { readonly gradient: number };

const reached = (layers: readonly LayerReport[]): Reached[] =>
  layers.filter((layer): layer is Reached => layer.gradient !== null && layer.gradient > 0);

function vanishing(layers: readonly LayerReport[]): Finding | null {
  const all = reached(layers);
  const last = all.at(-1);
  if (last === undefined) return null;
  const least = all.reduce((a, b) => (b.gradient < a.gradient ? b : a));
  if (least.gradient * SHRUNK > last.gradient) return null;
  return {
    kind: 'vanishingGradients',
    where: least.name,
    message: `the gradient shrinks from ${show(last.gradient)} at ${last.name} to ${show(least.gradient)} here`,
    remedy: BETTER_FLOW,
  };
}

function exploding(layers: readonly LayerReport[], gradientNorm: number): Finding | null {
  const all = reached(layers);
  const last = all.at(-1);
  if (last === undefined) return null;
  const most = all.reduce((a, b) => (b.gradient > a.gradient ? b : a));
  if (most.gradient > GROWN * last.gradient) {
    return {
      kind: 'explodingGradients',
      where: most.name,
      message: `the gradient grows from ${show(last.gradient)} at ${last.name} to ${show(most.gradient)} here`,
      remedy: SMALLER_STEPS,
    };
  }
  const weights = normOfNumbers(layers.map((layer) => layer.weights));
  if (gradientNorm <= LARGE_GRADIENT * Math.max(10, weights)) return null;
  return {
    kind: 'explodingGradients',
    where: most.name,
    message: `the gradient's norm is ${show(gradientNorm)}, that of the weights ${show(weights)}`,
    remedy: SMALLER_STEPS,
  };
}

function dead({ layer, op, units, dead: count, examples }: ActivationReport): Finding | null {
  if (examples < ENOUGH || count <= DEAD_SHARE * units) return null;
  return {
    kind: 'deadUnits',
    where: layer,
    message: `${count} of ${units} units of the ${op} after it are dead: they do not react to any of the examples, and learn nothing`,
    remedy:
      'Try leakyRelu, elu or gelu, a lower learning rate, He initialisation, biases at 0, scaled inputs, batch normalisation.',
  };
}

function saturated({ layer, op, saturated: share }: ActivationReport): Finding | null {
  if (share === null || share <= SATURATED_SHARE) return null;
  return {
    kind: 'saturatedUnits',
    where: layer,
    message: `${percent(share)} of what enters the ${op} after it lies where it is flat`,
    remedy: 'Try a smaller initialisation (Xavier), scaled inputs, batch or layer normalisation, ReLU.',
  };
}

/** The update in the middle, of all layers. */
function steps(layers: readonly LayerReport[]): Finding | null {
  const updates = layers.map(({ update }) => update).filter((update) => update !== null);
  if (updates.length === 0) return null;
  const middle = updates.sort((a, b) => a - b)[Math.floor((updates.length - 1) / 2)]!;
  if (middle > LARGE_UPDATE) {
    return {
      kind: 'largeUpdates',
      where: 'optimizer',
      message: `a step changes weights by ${percent(middle)}; about 0.1 % is usual`,
      remedy: 'Try a learning rate that is 10 times smaller (findLearningRate), or a warm-up.',
    };
  }
  if (middle >= SMALL_UPDATE) return null;
  return {
    kind: 'smallUpdates',
    where: 'optimizer',
    message: `a step changes weights by a share of ${show(middle)}; about 0.001 is usual`,
    remedy: 'Try a learning rate that is 10 times larger (findLearningRate); look at vanishing gradients first.',
  };
}

/** What gradients, units and updates say. */
export function findingsOf(
  layers: readonly LayerReport[],
  activations: readonly ActivationReport[],
  gradientNorm: number,
): Finding[] {
  return [
    vanishing(layers),
    exploding(layers, gradientNorm),
    ...activations.map(dead),
    ...activations.map(saturated),
    steps(layers),
  ].filter((finding) => finding !== null);
}
