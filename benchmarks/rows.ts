/** The rows of the table, and the marks that the engine is to pass. */
import { PEERS, type ContenderName } from './roster.ts';
import { block, cnn, conv, epochs, expression, mlp, product, scalars, small, tanh, type Work } from './works.ts';

export interface Row {
  readonly id: string;
  readonly title: string;
  readonly work: Work;
  /** Work of our own to hold the row against, done by `compiled` in the same rounds. */
  readonly beside?: { readonly title: string; readonly work: Work };
  readonly marks: readonly Mark[];
  /** Times are shown divided by this: nodes of a graph. */
  readonly per?: number;
  /** The first call is measured, each in a fresh process. */
  readonly first?: true;
  /** Contenders that would take minutes. */
  readonly without?: readonly ContenderName[];
}

export type Mark =
  /** `of` does at least this many times as much in a time as `against`: a peer, or what stands beside (by FLOP). */
  | { readonly of: ContenderName; readonly against: ContenderName | 'beside'; readonly atLeast: number }
  /** Nanoseconds, after `per`. */
  | { readonly of: ContenderName; readonly atMost: number };

const ahead = (against: ContenderName | 'beside', atLeast: number): Mark => ({ of: 'compiled', against, atLeast });

const square = (n: number): Row => ({
  id: `product-${n}`,
  title: `product ${n}³`,
  work: product(n, n, n),
  marks: [ahead('tfjs-wasm', 1.2), ahead('jax-js', 1.5)],
  without: n > 512 ? ['tfjs-cpu'] : [],
});

const PLAIN = product(512, 512, 512);
const LAYOUTS = { tn: 'Aᵀ·B', nt: 'A·Bᵀ', tt: 'Aᵀ·Bᵀ' };

const turned = ([letters, title]: [string, string]): Row => ({
  id: `product-512-${letters}`,
  title: `product 512³, ${title}`,
  work: product(512, 512, 512, letters),
  beside: { title: 'A·B', work: PLAIN },
  marks: [ahead('beside', 0.9)],
});

const odd = (n: number): Row => {
  const even = Math.ceil(n / 8) * 8;
  return {
    id: `product-odd-${n}`,
    title: `product 512×512 · 512×${n}`,
    work: product(512, 512, n),
    beside: { title: `N = ${even}, by FLOP`, work: product(512, 512, even) },
    marks: [ahead('beside', 0.6)],
  };
};

/** The training loop beside the same written by hand; nobody else takes part. */
const loop = (id: string, what: string, ...sizes: Sizes): Row => ({
  id,
  title: `an epoch of \`fit\`: ${what}`,
  work: epochs('fit', ...sizes),
  beside: { title: 'the loop by hand', work: epochs('hand', ...sizes) },
  marks: [ahead('beside', 0.9)],
  without: PEERS,
});

type Sizes = Parameters<typeof epochs> extends [unknown, ...infer Rest] ? Rest : never;

const network = scalars(32, 48);
const LONG = 100_000;

export const ROWS: readonly Row[] = [
  square(256),
  { ...square(512), marks: [...square(512).marks, { of: 'compiled-2', against: 'compiled', atLeast: 1.7 }] },
  square(1024),
  ...Object.entries(LAYOUTS).map(turned),
  ...[10, 333, 511].map(odd),
  {
    id: 'mlp-sgd',
    title: 'training step of an MLP 784-256-128-10, batch 64, SGD',
    work: mlp('sgd'),
    marks: [
      ahead('jax-js', 1.7),
      ahead('tfjs-wasm', 9),
      ahead('torch', 0.52),
      { of: 'compiled-fast', against: 'torch', atLeast: 0.65 },
      { of: 'compiled-2', against: 'torch-2', atLeast: 0.75 },
    ],
  },
  {
    id: 'mlp-adam',
    title: 'the same with Adam',
    work: mlp('adam'),
    marks: [ahead('jax-js', 1.7), ahead('torch', 0.52)],
  },
  {
    id: 'conv',
    title: 'convolution 32×16×28×28, 3×3, 16→32, forward and backward',
    work: conv(32, 16, 28, 32),
    marks: [ahead('jax-js', 60), ahead('torch', 0.5)],
  },
  {
    id: 'cnn',
    title: 'training step of a CNN (16 and 32 channels) on 64 digits, Adam',
    work: cnn(),
    marks: [ahead('torch', 0.5)],
    without: ['tfjs-wasm', 'tfjs-cpu', 'jax-js'],
  },
  {
    id: 'block',
    title: 'transformer block B8 T64 d128 h4, forward and backward',
    work: block(8, 64, 128, 4),
    marks: [ahead('jax-js', 1.7), ahead('tfjs-wasm', 10), ahead('torch', 0.4)],
  },
  loop('fit-small', '2,048 rows, MLP 64-32-10, batches of 32', 2048, [64, 32, 10], 32),
  loop('fit-digits', '2,048 digits, MLP 784-128-10, batches of 64', 2048, [784, 128, 10], 64),
  {
    id: 'tanh',
    title: 'tanh(x·w + b) on 10⁶ numbers',
    work: tanh(1_000_000),
    marks: [ahead('jax-js', 5), ahead('tfjs-wasm', 5), ahead('torch', 0.8)],
  },
  {
    id: 'scalars',
    title: `network of ${network.options['nodes']!.toLocaleString('en')} scalar ops and 50,720 leaves, with gradients, per op`,
    work: network,
    per: Number(network.options['nodes']),
    marks: [{ of: 'compiled', atMost: 15 }],
  },
  {
    id: 'expression',
    title: `expression of ${LONG.toLocaleString('en')} scalar ops on 17 leaves, with gradients, per op`,
    work: expression(LONG, 17),
    per: LONG,
    marks: [{ of: 'compiled', atMost: 15 }],
  },
  {
    id: 'small',
    title: 'one call: the sum of two vectors of 16',
    work: small(16),
    marks: [{ of: 'compiled', atMost: 2000 }],
  },
  {
    id: 'first',
    title: 'first call of the MLP step with SGD, libraries loaded',
    work: mlp('sgd'),
    first: true,
    marks: [{ of: 'compiled', atMost: 60e6 }],
  },
];
