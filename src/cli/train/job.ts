/** The job of `chainrule train` and of the demo: train an MLP, show how it goes, write the pictures. */
import { OptionError } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';
import { toSvg } from '../../graph/index.ts';
import { crossEntropy } from '../../losses/index.ts';
import { MLP, type ActivationOption } from '../../nn/index.ts';
import { Adam } from '../../optim/index.ts';
import { accuracy, bar, canPlot, fit, lines, plotDecisionBoundary, plotLoss, predict } from '../../train/index.ts';
import { manualSeed } from '../../value/random.ts';
import { problemFor, type Problem } from './problem.ts';
import type { Io } from '../io.ts';
import { checkWritable, makeFolder, writeWhole } from '../output.ts';

export interface TrainJob {
  /** A folder with IDX files, or a CSV file; two moons without it. */
  readonly data?: string | undefined;
  /** The column of a CSV file that holds the classes. */
  readonly target?: string | undefined;
  readonly hidden?: readonly number[] | undefined;
  readonly activation?: ActivationOption | undefined;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly lr?: number | undefined;
  readonly seed?: number | undefined;
  /** The folder that the pictures go to. */
  readonly out: string;
}

export interface TrainOutcome {
  readonly accuracy: number;
  readonly losses: readonly number[];
  readonly files: readonly string[];
}

const PICTURES = ['network.svg', 'loss.svg', 'boundary.svg'] as const;

/** Before any work is done: what could not be written after it. @throws UsageError */
function prepareFolder(out: string, io: Io): void {
  makeFolder(out, io);
  for (const name of PICTURES) checkWritable(builtin('node:path', 'train').join(out, name), io);
}

function checkWhole(option: string, x: number): number {
  if (Number.isInteger(x) && x >= 1) return x;
  throw new OptionError(`${option} must be a whole number ≥ 1, got ${String(x)}`, { op: 'train', option });
}

/** The network and its loss on a few examples, coloured by how large gradients are. */
function drawNetwork(model: MLP, { train }: Problem): Promise<string> {
  const few = Math.min(8, train.x.shape[0]!);
  model.zeroGrad();
  const loss = crossEntropy(
    model.forward(train.x.narrow(0, 0, few).to('float32').named('x')),
    train.y.narrow(0, 0, few).named('y'),
  );
  loss.named('loss').backward();
  return toSvg(loss, {
    colorBy: 'gradient',
    fold: ['crossEntropy', 'linear'],
    direction: 'TB',
    title: 'The network and its loss, coloured by gradient',
  });
}

async function writePictures(
  job: TrainJob,
  io: Io,
  model: MLP,
  problem: Problem,
  history: Parameters<typeof plotLoss>[0],
): Promise<string[]> {
  const path = builtin('node:path', 'train');
  const pictures: [(typeof PICTURES)[number], () => Promise<string>][] = [
    ['network.svg', () => drawNetwork(model, problem)],
  ];
  if (await canPlot()) {
    pictures.push(['loss.svg', () => plotLoss(history)]);
    const { x, y } = problem.test;
    if (x.shape[1] === 2) pictures.push(['boundary.svg', () => plotDecisionBoundary(model, x, y)]);
  } else io.out('For pictures of the loss and the decision boundary: npm install vega vega-lite\n');
  const written: string[] = [];
  for (const [name, draw] of pictures) {
    const file = path.join(job.out, name);
    writeWhole(file, await draw(), io);
    written.push(file);
  }
  return written;
}

/**
 * Trains, reports, draws.
 * @throws DataError for data that cannot be read; OptionError for impossible settings.
 */
export async function runTrainJob(job: TrainJob, io: Io): Promise<TrainOutcome> {
  const say = (line: string): void => io.out(`${line}\n`);
  manualSeed(job.seed ?? 0);
  const problem = problemFor(job.data, job.target);
  const { defaults, train, test, classes } = problem;
  const epochs = checkWhole('epochs', job.epochs ?? defaults.epochs);
  const batchSize = checkWhole('batch-size', job.batchSize ?? defaults.batchSize);
  const sizes = [train.x.shape[1]!, ...(job.hidden ?? defaults.hidden), classes.length];
  const model = new MLP(sizes, { activation: job.activation ?? 'relu' });
  const optimizer = new Adam(model.parameters(), { lr: job.lr ?? defaults.lr });
  prepareFolder(job.out, io);
  say(
    `Training an MLP ${sizes.join('-')} on ${problem.title}: ${train.x.shape[0]} to train, ${test.x.shape[0]} to test`,
  );
  const started = Date.now();
  const history = await fit(model, train, {
    loss: crossEntropy,
    optimizer,
    epochs,
    batchSize,
    metrics: ['accuracy'],
    validation: test,
    progress: io.terminal === undefined ? lines(say) : bar(io.terminal),
    // Down to nothing along a line: the last steps settle instead of jumping about.
    schedule: (done) => 1 - done,
  });
  const share = accuracy(predict(model, test.x), test.y);
  say(`Test accuracy ${(100 * share).toFixed(1)} % after ${((Date.now() - started) / 1000).toFixed(1)} s`);
  const files = await writePictures(job, io, model, problem, history);
  for (const file of files) say(`Wrote ${file}`);
  return { accuracy: share, losses: history.batchLosses, files };
}
