/** The work that contenders do side by side: its numbers, and where their files lie. Every contender reads the same. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Work {
  readonly kind: 'product' | 'mlp' | 'conv' | 'cnn' | 'block' | 'tanh' | 'scalars' | 'expression' | 'small' | 'epochs';
  /** Sizes and choices, by the kind. */
  readonly options: Readonly<Record<string, number | string>>;
  readonly inputs: Readonly<Record<string, InputSpec>>;
  /** Floating-point operations of one run, where a rate is of interest. */
  readonly flop?: number;
  /** How many runs the compared results cover; each starts from what the one before it left. */
  readonly steps: number;
  /** Largest difference between two contenders' results, in parts of the largest result. */
  readonly tolerance: number;
}

export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'float64' | 'int32';
  /** Numbers lie in centre ± spread/2; integers are residues of `classes`. */
  readonly centre?: number;
  readonly spread?: number;
  readonly classes?: number;
}

/** What a contender is told: the work, with a file for each input (raw little-endian numbers). */
export interface Assignment {
  readonly kind: Work['kind'];
  readonly options: Work['options'];
  readonly steps: number;
  readonly inputs: Readonly<Record<string, InputSpec & { readonly file: string }>>;
}

const PRIME = 65537;

/** Scattered numbers in [−½, ½), a function of the position and the input's place alone. */
function scattered(i: number, salt: number): number {
  const a = (i * 48271 + (salt + 1) * 7919) % PRIME;
  return ((a * a + 12345 * a + i) % PRIME) / PRIME - 0.5;
}

function numbers({ shape, dtype, centre = 0, spread = 1, classes = 10 }: InputSpec, salt: number): NodeJS.TypedArray {
  const length = shape.reduce((a, b) => a * b, 1);
  if (dtype === 'int32') return Int32Array.from({ length }, (_, i) => Math.floor((scattered(i, salt) + 0.5) * classes));
  const make = (_: unknown, i: number): number => centre + spread * scattered(i, salt);
  return dtype === 'float32' ? Float32Array.from({ length }, make) : Float64Array.from({ length }, make);
}

/** Writes the inputs of a work into a folder. */
export function assign(work: Work, folder: string): Assignment {
  mkdirSync(folder, { recursive: true });
  const files = Object.entries(work.inputs).map(([name, spec], salt) => {
    const file = join(folder, `${name}.bin`);
    writeFileSync(file, numbers(spec, salt));
    return [name, { ...spec, file }] as const;
  });
  return { kind: work.kind, options: work.options, steps: work.steps, inputs: Object.fromEntries(files) };
}

const float32 = (...shape: number[]): InputSpec => ({ shape, dtype: 'float32' });

/** [m, k] · [k, n]; `transposed` says which of the two lie transposed in memory: 'nn', 'tn', 'nt', 'tt'. */
export const product = (m: number, k: number, n: number, transposed: string = 'nn'): Work => ({
  kind: 'product',
  options: { m, k, n, transposed },
  inputs: {
    a: transposed[0] === 't' ? float32(k, m) : float32(m, k),
    b: transposed[1] === 't' ? float32(n, k) : float32(k, n),
  },
  flop: 2 * m * k * n,
  steps: 1,
  tolerance: 1e-5,
});

const WIDTHS = [784, 256, 128, 10];

/** A training step of an MLP on one batch; weights are [in, out]. Results: the losses of the first steps. */
export const mlp = (optimizer: 'sgd' | 'adam'): Work => ({
  kind: 'mlp',
  options: { optimizer, layers: 3, lr: optimizer === 'sgd' ? 0.05 : 0.001 },
  inputs: {
    x: { ...float32(64, 784), centre: 0.5 },
    y: { shape: [64], dtype: 'int32', classes: 10 },
    ...Object.fromEntries(
      WIDTHS.slice(1).flatMap((width, i) => [
        [`w${i}`, { ...float32(WIDTHS[i]!, width), spread: 2 / Math.sqrt(WIDTHS[i]!) }],
        [`b${i}`, { ...float32(width), spread: 0.1 }],
      ]),
    ),
  },
  flop: 64e6,
  steps: 5,
  tolerance: 1e-4,
});

/** A convolution [n, c, h, w] ∗ [o, c, 3, 3], padding 1; its result, and the gradients of ⟨dy, result⟩ by both operands. */
export const conv = (n: number, c: number, size: number, o: number): Work => ({
  kind: 'conv',
  options: { n, c, size, o },
  inputs: { x: float32(n, c, size, size), w: float32(o, c, 3, 3), dy: float32(n, o, size, size) },
  flop: 6 * n * o * size * size * c * 9,
  steps: 1,
  tolerance: 1e-4,
});

/**
 * A training step of a network of two convolutions on 64 digits, with Adam: 125 of them are an epoch of 8,000. Weights go
 * by the names that `Sequential` gives them. Results: the losses of the first steps.
 */
export const cnn = (): Work => {
  const layer = (name: string, ...shape: number[]): [string, InputSpec][] => [
    [`${name}.weight`, { ...float32(...shape), spread: 2 / Math.sqrt(shape.slice(1).reduce((a, b) => a * b)) }],
    [`${name}.bias`, { ...float32(shape[0]!), spread: 0.1 }],
  ];
  return {
    kind: 'cnn',
    options: { lr: 0.001 },
    inputs: {
      x: { ...float32(64, 1, 28, 28), centre: 0.5 },
      y: { shape: [64], dtype: 'int32', classes: 10 },
      ...Object.fromEntries([
        ...layer('0', 16, 1, 3, 3),
        ...layer('3', 32, 16, 3, 3),
        ...layer('7', 64, 32 * 7 * 7),
        ...layer('9', 10, 64),
      ]),
    },
    steps: 5,
    tolerance: 1e-4,
  };
};

/** A pre-norm transformer block with a causal mask and gelu; its result and all gradients. */
export const block = (batch: number, time: number, width: number, heads: number): Work => {
  const weight = (...shape: number[]): InputSpec => ({ ...float32(...shape), spread: 0.2 });
  const gain: InputSpec = { ...float32(width), centre: 1, spread: 0.2 };
  return {
    kind: 'block',
    options: { batch, time, width, heads },
    inputs: {
      x: { ...float32(batch, time, width), spread: 2 },
      dy: { ...float32(batch, time, width), spread: 2 },
      gain1: gain,
      shift1: weight(width),
      qkv: weight(width, 3 * width),
      qkvBias: weight(3 * width),
      out: weight(width, width),
      outBias: weight(width),
      gain2: gain,
      shift2: weight(width),
      up: weight(width, 4 * width),
      upBias: weight(4 * width),
      down: weight(4 * width, width),
      downBias: weight(width),
    },
    steps: 1,
    tolerance: 1e-3,
  };
};

/** tanh(x·w + b), elementwise. */
export const tanh = (size: number): Work => ({
  kind: 'tanh',
  options: { size },
  inputs: { x: { ...float32(size), spread: 4 }, w: { ...float32(size), spread: 4 }, b: float32(size) },
  steps: 1,
  tolerance: 1e-5,
});

/** A dense tanh network of scalars in which every weight is a number of its own; gradients by every leaf. */
export const scalars = (width: number, layers: number): Work => ({
  kind: 'scalars',
  options: { width, layers, nodes: layers * width * (2 * width + 1) + width - 1 },
  inputs: {
    weights: { shape: [layers * width * width], dtype: 'float64', spread: 0.3 },
    biases: { shape: [layers * width], dtype: 'float64', spread: 0.1 },
    x: { shape: [width], dtype: 'float64' },
  },
  steps: 1,
  tolerance: 1e-9,
});

/** One long expression of sums, products and tanh over a few scalars; gradients by each of them. */
export const expression = (nodes: number, leaves: number): Work => ({
  kind: 'expression',
  options: { nodes, leaves },
  inputs: { x: { shape: [leaves], dtype: 'float64' } },
  steps: 1,
  tolerance: 1e-9,
});

/** The sum of two vectors so short that only the call costs. */
export const small = (size: number): Work => ({
  kind: 'small',
  options: { size },
  inputs: { x: float32(size), y: float32(size) },
  steps: 1,
  tolerance: 0,
});

/** An epoch of training an MLP on rows in memory, by `fit` or by a loop written by hand. Results: the losses of its batches. */
export const epochs = (
  loop: 'fit' | 'hand',
  rows: number,
  widths: readonly [number, number, number],
  batchSize: number,
): Work => {
  const [width, hidden, classes] = widths;
  return {
    kind: 'epochs',
    options: { loop, hidden, classes, batchSize, lr: 0.01 },
    inputs: { x: { ...float32(rows, width), centre: 0.5 }, y: { shape: [rows], dtype: 'int32', classes } },
    // The first layer needs no gradient of its input.
    flop: rows * hidden * (4 * width + 6 * classes),
    steps: 2,
    tolerance: 1e-6,
  };
};
