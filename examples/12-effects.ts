// What initialisation, activation, batch normalisation and dropout do to a network: how far the gradient flows back
// through ten layers before anything is learned, and how the loss then falls. Digits of 28 × 28, 2,000 of them.
//   npx ts-node examples/12-effects.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; it holds MNIST's IDX files)
import { manualSeed, noGrad, randn } from 'chainrule';
import { crossEntropy } from 'chainrule/losses';
import { BatchNorm1d, Dropout, Flatten, Linear, ReLU, Sequential, Sigmoid, Tanh, type Module } from 'chainrule/nn';
import { Adam, SGD } from 'chainrule/optim';
import { TrainingAnomalyError, fit, plotLines } from 'chainrule/train';
import { digits } from './common/digits.ts';
import { picture, quick, target } from './common/setting.ts';

const [DEPTH, WIDTH] = [10, 64];
const EPOCHS = quick ? 3 : 8;

const all = digits('train');
const test = digits('test');
const some = { x: all.x.narrow(0, 0, 2000), y: all.y.narrow(0, 0, 2000) };

interface Recipe {
  readonly activation?: () => Module;
  /** The spread of the weights of a layer of so many inputs. */
  readonly spread?: (inputs: number) => number;
  readonly norm?: boolean;
}

const he = (inputs: number): number => Math.sqrt(2 / inputs);

/** Ten layers of 64 units. */
function deep({ activation = () => new ReLU(), spread = he, norm = false }: Recipe): Sequential {
  const layers: Module[] = [new Flatten()];
  for (let i = 0; i < DEPTH; i++) {
    const linear = new Linear(i === 0 ? 784 : WIDTH, WIDTH, { bias: false });
    const [outputs, inputs] = linear.weight.shape as [number, number];
    noGrad(() => linear.weight.assign(randn([outputs, inputs]).mul(spread(inputs))));
    layers.push(linear, ...(norm ? [new BatchNorm1d(WIDTH)] : []), activation());
  }
  return new Sequential(...layers, new Linear(WIDTH, 10));
}

/** The length of the gradient of each hidden layer's weights, on one batch, from the first layer to the last. */
function gradientFlow(model: Module): number[] {
  const [x, y] = [some.x.narrow(0, 0, 256), some.y.narrow(0, 0, 256)];
  crossEntropy(model.forward(x), y).backward();
  const weights = model
    .namedParameters()
    .filter(([, leaf]) => leaf.rank === 2)
    .slice(0, DEPTH);
  const lengths = weights.map(([, leaf]) => leaf.grad!.square().sum().sqrt().item());
  model.zeroGrad();
  return lengths;
}

/** The loss of each epoch; none where the numbers grew beyond all bounds. */
async function train(model: Module): Promise<number[]> {
  const optimizer = new SGD(model.parameters(), { lr: 0.02, momentum: 0.9 });
  const options = { loss: crossEntropy, optimizer, epochs: EPOCHS, batchSize: 50, progress: false };
  try {
    return (await fit(model, some, options)).epochs.map(({ loss }) => loss);
  } catch (error) {
    if (!(error instanceof TrainingAnomalyError)) throw error;
    console.log(`  ${error.message.split('\n')[0]}`);
    return [];
  }
}

interface Outcome {
  readonly flow: Record<string, number[]>;
  readonly losses: Record<string, number[]>;
}

/** The same network by several recipes, drawn beside each other. */
async function compare(what: string, recipes: Readonly<Record<string, Recipe>>): Promise<Outcome> {
  const outcome: Outcome = { flow: {}, losses: {} };
  for (const [name, recipe] of Object.entries(recipes)) {
    manualSeed(1);
    const model = deep(recipe);
    outcome.flow[name] = gradientFlow(model);
    outcome.losses[name] = await train(model);
    const [first, last] = [outcome.flow[name][0]!, outcome.flow[name].at(-1)!];
    const flow = `gradient of the first layer ${first.toExponential(1)}, of the last ${last.toExponential(1)}`;
    console.log(`${what}, ${name}: ${flow}, loss ${outcome.losses[name].at(-1)?.toFixed(3) ?? 'none'}`);
  }
  const file = what.replaceAll(' ', '-');
  const title = `by ${what}`;
  picture(
    `effects-${file}-flow.svg`,
    await plotLines(outcome.flow, { title: `Gradient ${title}`, x: 'layer', y: 'length of the gradient', log: true }),
  );
  picture(
    `effects-${file}-loss.svg`,
    await plotLines(outcome.losses, { title: `Loss ${title}`, x: 'epoch', y: 'loss' }),
  );
  return outcome;
}

/** How much larger the gradient of the last layer is than that of the first: 1 where it flows. */
const shrinks = ({ flow }: Outcome, name: string): number => flow[name]!.at(-1)! / flow[name]![0]!;

/** A wide network on 500 digits: without dropout it learns them by heart. */
async function overfit(rate: number): Promise<{ readonly seen: number[]; readonly unseen: number[] }> {
  manualSeed(1);
  const hidden = (): Module[] => [new ReLU(), new Dropout(rate)];
  const model = new Sequential(
    new Flatten(),
    new Linear(784, 256),
    ...hidden(),
    new Linear(256, 256),
    ...hidden(),
    new Linear(256, 10),
  );
  const few = { x: all.x.narrow(0, 0, 500), y: all.y.narrow(0, 0, 500) };
  const history = await fit(model, few, {
    loss: crossEntropy,
    optimizer: new Adam(model.parameters(), { lr: 1e-3 }),
    epochs: quick ? 15 : 40,
    batchSize: 50,
    validation: test,
    progress: false,
  });
  const of = (name: string): number[] => history.epochs.map((record) => record[name]!);
  return { seen: of('loss'), unseen: of('valLoss') };
}

async function main(): Promise<void> {
  const spreads = await compare('initialisation', {
    'small, 0.01': { spread: () => 0.01 },
    LeCun: { spread: (inputs) => Math.sqrt(1 / inputs) },
    He: { spread: he },
    'large, 0.5': { spread: () => 0.5 },
  });
  const powers = (name: string): number => Math.log10(spreads.flow['He']![0]! / spreads.flow[name]![0]!);
  target('powers of ten that the gradient of small weights is smaller than He’s,', powers('small, 0.01'), {
    atLeast: 6,
  });
  target('powers of ten between the last layer and the first, He,', Math.abs(Math.log10(shrinks(spreads, 'He'))), {
    below: 1,
  });

  const activations = await compare('activation', {
    sigmoid: { activation: () => new Sigmoid(), spread: (inputs) => Math.sqrt(1 / inputs) },
    tanh: { activation: () => new Tanh(), spread: (inputs) => Math.sqrt(1 / inputs) },
    relu: {},
  });
  target('powers of ten between the last layer and the first, sigmoid,', Math.log10(shrinks(activations, 'sigmoid')), {
    atLeast: 3,
  });

  const norms = await compare('batch normalisation', {
    'small weights': { spread: () => 0.01 },
    'small weights, normalised': { spread: () => 0.01, norm: true },
  });
  target(
    'loss of normalised layers over that of plain ones,',
    norms.losses['small weights, normalised']!.at(-1)! / norms.losses['small weights']!.at(-1)!,
    { below: 0.5 },
  );

  const [plain, dropped] = [await overfit(0), await overfit(0.5)];
  target(
    'best loss on unseen digits with dropout over that without,',
    Math.min(...dropped.unseen) / Math.min(...plain.unseen),
    { below: 1 },
  );
  picture(
    'effects-dropout.svg',
    await plotLines(
      {
        'plain, seen': plain.seen,
        'plain, unseen': plain.unseen,
        'dropout, seen': dropped.seen,
        'dropout, unseen': dropped.unseen,
      },
      { title: 'A wide network on 500 digits', x: 'epoch', y: 'loss' },
    ),
  );
}

void main();
