/** What a line may be: rules that write one (or a few) with operands that are there. */
import 'chainrule';
import * as table from '../../../src/ops/index.ts';
import { isOp, type OpRecord, type Sample } from '../../../src/ops/op.ts';
import type { Builder } from './builder.ts';
import { broadcastable, fitted } from './fitting.ts';
import { chance, DTYPES, pick, randomNumber, sizeOf, weighted } from './numbers.ts';

export type Rule = (b: Builder) => void;

interface Entry {
  /** The library's name for it. */
  readonly name: string;
  readonly record: OpRecord;
}

const entries: readonly Entry[] = Object.entries<unknown>(table).flatMap(([name, op]) =>
  isOp(op) ? [{ name, record: op.record }] : [],
);

const list = (xs: readonly number[]): string => `[${xs.join(', ')}]`;

// Elementwise ------------------------------------------------------------------------------------------------------

const arityOf = ({ record }: Entry): number => record.samples[0]!.inputs.length;

const lanes = entries.filter(
  (entry) => entry.record.primitive?.compute.kind === 'lane' && arityOf(entry) > 0 && entry.record.name !== 'to',
);
const unaries = lanes.filter((entry) => arityOf(entry) === 1);
const binaries = lanes.filter((entry) => arityOf(entry) === 2);

/** An op that is asked often, for the others to have something to work on. */
const common = ['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'lt', 'eq'];

const unary: Rule = (b) => void b.line(`${pick(b.rng, unaries).name}($0)`, [b.any()]);

/** The other operand: as it is, of a shape that broadcasts, or a number. */
const binary: Rule = (b) => {
  const x = b.any();
  const { shape, dtype } = b.valueOf(x);
  const name = chance(b.rng, 0.6) ? pick(b.rng, common) : pick(b.rng, binaries).name;
  const turned = chance(b.rng, 0.5);
  const write = (y: string): unknown => b.line(`${name}(${turned ? '$1, $0' : '$0, $1'})`, [x, y]);
  if (chance(b.rng, 0.15)) return void b.line(`$0.${name}(${randomNumber(b.rng, dtype, 'mixed')})`, [x]);
  const type = chance(b.rng, 0.8) ? dtype : pick(b.rng, DTYPES);
  write(fitted(b, chance(b.rng, 0.5) ? shape : broadcastable(b, shape), type));
};

const select: Rule = (b) => {
  const x = b.any();
  const { shape, dtype } = b.valueOf(x);
  const condition = fitted(b, broadcastable(b, shape), 'bool');
  b.line('where($0, $1, $2)', [condition, x, fitted(b, broadcastable(b, shape), dtype)]);
};

const cast: Rule = (b) => void b.line(`$0.to('${pick(b.rng, DTYPES)}')`, [b.any()]);

// Structure --------------------------------------------------------------------------------------------------------

const permutation = (b: Builder, n: number): number[] => {
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = b.rng.nextInt(0, i);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
};

const axisOf = (b: Builder, x: string): number => {
  const { rank } = b.valueOf(x);
  return rank === 0 ? 0 : b.rng.nextInt(-rank, rank - 1);
};

/** One slice for each axis, steps and counting from the end among them. */
const slices = (b: Builder, x: string): string =>
  b
    .valueOf(x)
    .shape.map((n) =>
      weighted(b.rng, [
        [2, () => 'null'],
        [2, () => `[${b.rng.nextInt(0, Math.max(n - 1, 0))}, null]`],
        [1, () => `[null, ${b.rng.nextInt(0, n)}]`],
        [2, () => `[null, null, ${pick(b.rng, [-1, 2, 3, -2])}]`],
        [1, () => String(n === 0 ? null : b.rng.nextInt(-n, n - 1))],
      ])(),
    )
    .join(', ');

/** The same elements under another shape: prime factors dealt out anew. */
function refactored(b: Builder, size: number): number[] {
  const shape = Array.from({ length: b.rng.nextInt(1, 4) }, () => 1);
  let rest = size;
  for (let p = 2; rest > 1; p++)
    while (rest % p === 0) {
      shape[b.rng.nextInt(0, shape.length - 1)]! *= p;
      rest /= p;
    }
  return size === 0 ? [...shape.slice(1), 0] : shape;
}

const structural: readonly ((b: Builder, x: string) => unknown)[] = [
  (b, x) => b.line(`$0.reshape(${list(refactored(b, b.valueOf(x).size))})`, [x]),
  (b, x) => b.line(`$0.permute(${list(permutation(b, b.valueOf(x).rank))})`, [x]),
  (b, x) => b.line(`$0.slice(${slices(b, x)})`, [x]),
  (b, x) => b.line(`$0.slice(${slices(b, x)})`, [x]),
  (b, x) => b.line(`$0.flip(${list(permutation(b, b.valueOf(x).rank).slice(0, 2))})`, [x]),
  (b, x) => b.line(`$0.roll(${b.rng.nextInt(-3, 3)}, ${axisOf(b, x)})`, [x]),
  (b, x) => b.line(`$0.unsqueeze(${axisOf(b, x)})`, [x]),
  (b, x) => b.line('$0.squeeze()', [x]),
  (b, x) => b.line(`$0.transpose(${axisOf(b, x)}, ${axisOf(b, x)})`, [x]),
  (b, x) => b.line(`$0.broadcastTo(${list([pick(b.rng, [1, 2, 3, 5]), ...b.valueOf(x).shape])})`, [x]),
  (b, x) => {
    const widths = b.valueOf(x).shape.flatMap(() => [b.rng.nextInt(-1, 2), b.rng.nextInt(-1, 3)]);
    const value = chance(b.rng, 0.5) ? `, { value: ${pick(b.rng, ['1.5', '-0', 'NaN', '2'])} }` : '';
    return b.line(`$0.pad(${list(widths)}${value})`, [x]);
  },
  (b, x) => b.line(`$0.${pick(b.rng, ['tril', 'triu'])}(${b.rng.nextInt(-2, 2)})`, [x]),
  (b, x) => b.line(`$0.${pick(b.rng, ['tile', 'repeat'])}(${list(b.valueOf(x).shape.map(() => b.rng.nextInt(1, 2)))})`, [x]), // prettier-ignore
  (b, x) => {
    const { shape, dtype } = b.valueOf(x);
    const others = Array.from({ length: b.rng.nextInt(1, 3) }, () =>
      chance(b.rng, 0.3) ? x : fitted(b, shape, dtype),
    );
    const name = chance(b.rng, 0.6) && shape.length > 0 ? 'concat' : 'stack';
    return b.line(`${name}([${[x, ...others].map((_, i) => `$${i}`).join(', ')}], ${axisOf(b, x)})`, [x, ...others]);
  },
  (b, x) => b.line(`$0.split(${b.rng.nextInt(1, 4)}, ${axisOf(b, x)})`, [x]),
];

const structure: Rule = (b) => {
  let x = b.any();
  // Views of views.
  for (
    let n = weighted(b.rng, [
      [4, 1],
      [2, 2],
      [1, 4],
    ]);
    n > 0;
    n--
  ) {
    // prettier-ignore
    pick(b.rng, structural)(b, x);
    x = b.lines.at(-1)?.names[0] ?? x;
  }
};

// Reductions and what runs along an axis ---------------------------------------------------------------------------

const reductions = 'sum sum sum mean prod amax amin all any countNonzero std variance logSumExp norm'.split(' ');
const overOne = 'max min argmax argmin median'.split(' ');
const along = 'softmax logSoftmax cumsum cumprod cummax cummin logCumSumExp argsort sort'.split(' ');

const reduction: Rule = (b) => {
  const x = b.any();
  const keep = chance(b.rng, 0.3) ? ', { keepDims: true }' : '';
  const { rank } = b.valueOf(x);
  const axes = permutation(b, rank).slice(0, b.rng.nextInt(1, Math.max(rank, 1)));
  const name = pick(b.rng, reductions);
  const power = name === 'norm' ? '2, ' : '';
  if (rank === 0 || chance(b.rng, 0.2)) b.line(`$0.${name}()`, [x]);
  else b.line(`$0.${name}(${power}${axes.length === 1 ? axes[0]! : list(axes)}${keep})`, [x]);
};

const alongAxis: Rule = (b) => {
  const x = b.any();
  const axis = axisOf(b, x);
  if (chance(b.rng, 0.5)) b.line(`$0.${pick(b.rng, along)}(${axis})`, [x]);
  else b.line(`$0.${pick(b.rng, overOne)}(${axis}${chance(b.rng, 0.3) ? ', { keepDims: true }' : ''})`, [x]);
};

// Products ---------------------------------------------------------------------------------------------------------

const product: Rule = (b) => {
  const x = b.any(({ rank, dtype }) => rank > 0 && dtype !== 'bool');
  const { shape, dtype } = b.valueOf(x);
  const k = shape.at(-1) ?? 1;
  const n = pick(b.rng, [1, 2, 3, 5, 8, 17]);
  const write = [
    () => b.line('matmul($0, $1)', [x, fitted(b, [k, n], dtype)]),
    () => b.line('matmul($0, $1.transpose(-1, -2))', [x, fitted(b, [n, k], dtype)]),
    () => b.line('matmul($0, $1)', [x, fitted(b, [k], dtype)]),
    () => b.line('matmul($0, $1)', [x, fitted(b, [...shape.slice(0, -2), k, n], dtype)]),
    () => b.line('linear($0, $1, $2)', [x, fitted(b, [n, k], dtype), fitted(b, [n], dtype)]),
    () => b.line('linear($0, $1, $2).relu()', [x, fitted(b, [n, k], dtype), fitted(b, [n], dtype)]),
    () => b.line('matmul($0.transpose(-1, -2), $0)', [x]),
    () => b.line("einsum('...i,ij->j...', $0, $1)", [x, fitted(b, [k, n], dtype)]),
    () => b.line("einsum('...i,...i->...', $0, $1)", [x, fitted(b, shape, dtype)]),
    () => b.line('tensordot($0, $1, 1)', [x, fitted(b, [k, n], dtype)]),
  ];
  pick(b.rng, write)();
};

/** A convolution, or its transpose, with any options; some fit. */
const convolution: Rule = (b) => {
  const rng = b.rng;
  const axes = rng.nextInt(1, 2);
  const spatial = (from: number, to: number): number[] => Array.from({ length: axes }, () => rng.nextInt(from, to));
  const dtype = pick(rng, ['float64', 'float32'] as const);
  const groups = pick(rng, [1, 1, 1, 2, 3]);
  const [into, out] = [groups * rng.nextInt(1, 3), groups * rng.nextInt(1, 4)];
  const turned = chance(rng, 0.35);
  const x = fitted(b, [rng.nextInt(1, 3), into, ...spatial(1, 9)], dtype);
  const w = fitted(b, [...(turned ? [into, out / groups] : [out, into / groups]), ...spatial(1, 4)], dtype);
  const options = [
    `stride: ${list(spatial(1, 3))}`,
    `padding: ${list(spatial(0, 3))}`,
    `dilation: ${list(spatial(1, 2))}`,
    `groups: ${groups}`,
    ...(chance(rng, 0.4) ? ['bias: $2'] : []),
  ];
  const bias = options.length > 4 ? [fitted(b, [out], dtype)] : [];
  b.line(`$0.${turned ? 'convTranspose' : 'conv'}${axes}d($1, { ${options.join(', ')} })`, [x, w, ...bias]);
};

const pooling: Rule = (b) => {
  const x = b.any(({ rank, dtype }) => rank >= 2 && rank <= 4 && dtype.startsWith('float'));
  const kernel = b.rng.nextInt(1, 4);
  const options = `{ stride: ${b.rng.nextInt(1, 3)}, padding: ${b.rng.nextInt(0, Math.floor(kernel / 2))}, ceilMode: ${chance(b.rng, 0.3)} }`;
  b.line(`$0.${pick(b.rng, ['maxPool', 'avgPool'])}${b.valueOf(x).rank === 4 ? 2 : 1}d(${kernel}, ${options})`, [x]);
};

// What an index steers ---------------------------------------------------------------------------------------------

/** Indices in range of an axis of x; sometimes one that is not. */
const indices = (b: Builder, n: number, shape: readonly number[]): string => {
  const max = chance(b.rng, 0.03) ? n : n - 1;
  return fitted(b, shape, 'int32', { min: 0, max });
};

const indexed: Rule = (b) => {
  const x = b.any(({ rank }) => rank > 0);
  const { shape, dtype } = b.valueOf(x);
  if (shape.length === 0) return;
  const axis = b.rng.nextInt(0, shape.length - 1);
  const n = shape[axis]!;
  if (n === 0) return;
  const count = b.rng.nextInt(1, 6);
  const resized = shape.with(axis, count);
  const write = [
    () => b.line(`$0.indexSelect(${axis}, $1)`, [x, indices(b, n, [count])]),
    () => b.line(`$0.gather(${axis}, $1)`, [x, indices(b, n, resized)]),
    () => b.line(`$0.takeAlongAxis($1, ${axis})`, [x, indices(b, n, resized)]),
    () => b.line(`$0.scatterAdd(${axis}, $1, $2)`, [x, indices(b, n, resized), fitted(b, resized, dtype)]),
    () => b.line(`$0.scatter(${axis}, $1, $2)`, [x, indices(b, n, resized), fitted(b, resized, dtype)]),
    () => b.line(`$0.indexAdd(${axis}, $1, $2)`, [x, indices(b, n, [count]), fitted(b, resized, dtype)]),
    () => b.line(`$0.indexCopy(${axis}, $1, $2)`, [x, indices(b, n, [count]), fitted(b, resized, dtype)]),
    () => b.line('$0.index($1)', [x, indices(b, shape[0]!, [2, 3])]),
    () => b.line('oneHot($0, $1)'.replace('$1', String(n)), [indices(b, n, [count])]),
    () => b.line('$0.maskedFill($1, -1)', [x, fitted(b, broadcastable(b, shape), 'bool')]),
    () => b.line(`$0.topk(${b.rng.nextInt(1, n)}, { axis: ${axis}, largest: ${chance(b.rng, 0.5)} })`, [x]),
  ];
  pick(b.rng, write)();
};

// Random numbers ---------------------------------------------------------------------------------------------------

const draw: Rule = (b) => {
  const shape = list(b.shape());
  const texts = [
    `rand(${shape})`,
    `rand(${shape}, { dtype: 'float32' })`,
    `randn(${shape})`,
    `randint(-3, 5, ${shape})`,
  ];
  // Used or not: it moves on where the random numbers stand.
  b.line(pick(b.rng, texts), [], { effect: true });
};

// Any op of the table, as its samples call it ------------------------------------------------------------------------

/** The same lengths stay the same: [2, 3] · [3, 4] becomes [5, 2] · [2, 7]. */
function renamed(b: Builder, { inputs }: Sample): readonly number[][] {
  const names = new Map<number, number>();
  const lengthOf = (n: number): number => {
    if (!names.has(n)) names.set(n, chance(b.rng, 0.4) ? n : pick(b.rng, [0, 1, 2, 3, 4, 5, 6, 8, 9, 16, 17]));
    return names.get(n)!;
  };
  return inputs.map(({ shape }) => shape.map(lengthOf));
}

const sampled: Rule = (b) => {
  if (!b.settings.samples) return;
  const { name, record } = pick(b.rng, entries);
  const position = b.rng.nextInt(0, record.samples.length - 1);
  const sample = record.samples[position]!;
  if (sample.notBatched !== undefined) return;
  const text = `${name}.record.samples[${position}].call(${sample.inputs.map((_, i) => `$${i}`).join(', ')})`;
  // An operand of any shape: many calls name no axis beyond the first.
  if (sample.inputs.length === 1 && chance(b.rng, 0.3)) return void b.line(text, [b.any()]);
  const shapes = chance(b.rng, 0.5) ? renamed(b, sample) : sample.inputs.map(({ shape }) => [...shape]);
  if (shapes.some((shape) => sizeOf(shape) > 2000)) return;
  const single = chance(b.rng, 0.3);
  const args = sample.inputs.map(({ dtype = 'float64', ...domain }, i) =>
    fitted(b, shapes[i]!, dtype === 'float64' && single ? 'float32' : dtype, isIndex(dtype) ? domain : loose(domain)),
  );
  b.line(text, args);
};

const isIndex = (dtype: string): boolean => dtype === 'int32';

/** Floats may lie outside of their domain: the bits must be the same there, too. */
const loose = ({ matrix }: Sample['inputs'][number] | { matrix?: undefined }): { matrix?: 'regular' } =>
  matrix === undefined ? {} : { matrix: 'regular' };

/** The rules for one line, by how often each is drawn. */
export const rules: readonly (readonly [number, Rule])[] = [
  [4, unary],
  [8, binary],
  [2, select],
  [1, cast],
  [6, structure],
  [5, reduction],
  [2, alongAxis],
  [4, product],
  [1.5, convolution],
  [0.7, pooling],
  [2, indexed],
  [1, draw],
  [6, sampled],
];
