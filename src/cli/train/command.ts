/** `chainrule train`: a small network on the user's own data. */
import { resolve } from 'node:path';
import { readArguments } from '../arguments.ts';
import { UsageError, type Command, type Io } from '../io.ts';
import { runTrainJob } from './job.ts';
import type { ActivationOption } from '../../nn/index.ts';

const HELP = `Usage: chainrule train [--data FOLDER|FILE] [options]

Trains a multi-layer perceptron to tell classes apart, and draws how it went.
Without --data it learns two moons, made on the spot.

Data:
  --data FOLDER          images and labels in IDX files, packed or not:
                         train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, and test-… or t10k-…
  --data FILE            a CSV file with a header; numeric columns are features
  --target COLUMN        the column of a CSV file that holds the classes (default: the first that is
                         text, else the last)

Options:
  --hidden 64,32         widths of the hidden layers
  --activation NAME      relu (default), tanh, sigmoid, gelu, silu, elu, softplus, identity
  --epochs N  --batch-size N  --lr X
  --seed N               two runs with one seed give the same losses to the last bit (default 0)
  -o, --output FOLDER    where the pictures go (default out)

Example:
  chainrule train --data penguins.csv --target species --hidden 16 -o pictures
`;

const OPTIONS = {
  data: { type: 'string' },
  target: { type: 'string' },
  hidden: { type: 'string' },
  activation: { type: 'string' },
  epochs: { type: 'string' },
  'batch-size': { type: 'string' },
  lr: { type: 'string' },
  seed: { type: 'string' },
  output: { type: 'string', short: 'o' },
} as const;

type Given = Readonly<Record<string, string | boolean | undefined>>;

function number(options: Given, name: string): number | undefined {
  const text = options[name];
  if (text === undefined) return undefined;
  const x = Number(text);
  if (typeof text === 'string' && text.trim() !== '' && Number.isFinite(x)) return x;
  throw new UsageError(`--${name} takes a number, not ${String(text)}`);
}

function widths(text: string | undefined): number[] | undefined {
  if (text === undefined) return undefined;
  const sizes = text.split(',').map(Number);
  if (sizes.every((n) => Number.isInteger(n) && n >= 1)) return sizes;
  throw new UsageError(`--hidden takes whole numbers such as 64,32, not ${text}`);
}

async function run(args: readonly string[], io: Io): Promise<void> {
  const { positionals, options } = readArguments('train', args, OPTIONS);
  if (positionals.length > 0)
    throw new UsageError(`train takes options only, not ${positionals.join(' ')}; data goes behind --data`);
  const text = (name: string): string | undefined => options[name] as string | undefined;
  const data = text('data');
  await runTrainJob(
    {
      data: data === undefined ? undefined : resolve(io.cwd, data),
      target: text('target'),
      hidden: widths(text('hidden')),
      activation: text('activation') as ActivationOption | undefined,
      epochs: number(options, 'epochs'),
      batchSize: number(options, 'batch-size'),
      lr: number(options, 'lr'),
      seed: number(options, 'seed'),
      out: text('output') ?? 'out',
    },
    io,
  );
}

export const trainCommand: Command = {
  name: 'train',
  summary: 'train a small network on your data, and draw how it went',
  help: HELP,
  run,
};
