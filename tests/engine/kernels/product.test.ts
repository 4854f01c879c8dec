import fc from 'fast-check';
import { newStorage, type DType, type Storage } from '../../../src/base/dtypes.ts';
import { matrixOperand, type Matrix } from '../../../src/base/products/index.ts';
import { sizeOf, stridesOf, type Shape } from '../../../src/base/shapes.ts';
import { WasmModule } from '../../../src/base/wasm/index.ts';
import { productTask } from '../../../src/engine/kernels/product.ts';
import type { Access, ProductStep } from '../../../src/engine/steps.ts';
import { offsetsOf } from '../../../src/ops/kernels/offsets.ts';
import { plainProduct } from '../../../src/ops/kernels/product.ts';
import { differences, randomArray, stream } from '../../base/lanes/bits.ts';
import { backwards, buffer, runTask, type Range } from './harness.ts';

type TileDType = 'float64' | 'float32' | 'int32';
const DTYPES = ['float64', 'float32', 'int32'] as const;

// Steps --------------------------------------------------------------------------------------------------------------

/** How an operand lies: the order of its axes in memory, gaps between its elements, axes walked backwards. */
interface Lie {
  readonly order: readonly number[];
  readonly gap: number;
  readonly start: number;
  readonly backwards: readonly boolean[];
  /** Axes along which all elements are one. */
  readonly broadcast: readonly boolean[];
}

const plain = (rank: number): Lie => ({
  order: Array.from({ length: rank }, (_, i) => i),
  gap: 1,
  start: 0,
  backwards: [],
  broadcast: [],
});

function accessOf(dtype: TileDType, shape: Shape, { order, gap, start, backwards, broadcast }: Lie): Access {
  const sizes = shape.map((n, axis) => (broadcast[axis] === true ? 1 : n));
  const inMemory = order.filter((axis) => axis < shape.length);
  const packed = stridesOf(inMemory.map((axis) => sizes[axis]!));
  const strides = sizes.map((_, axis) => (broadcast[axis] === true ? 0 : packed[inMemory.indexOf(axis)]! * gap));
  const flipped = strides.map((stride, axis) => (backwards[axis] === true ? -stride : stride));
  const origin = strides.reduce(
    (at, stride, axis) => at + (backwards[axis] === true ? stride * (sizes[axis]! - 1) : 0),
    0,
  );
  return {
    buffer: buffer(dtype, start + sizeOf(sizes) * gap),
    start: sizeOf(sizes) === 0 ? 0 : start + origin,
    strides: flipped,
  };
}

interface Sizes {
  readonly batch: Shape;
  readonly m: Shape;
  readonly n: Shape;
  readonly k: Shape;
}

function stepOf(dtype: TileDType, { batch, m, n, k }: Sizes, [a, b, to]: readonly [Lie, Lie, Lie]): ProductStep {
  return {
    kind: 'product',
    dtype,
    batch,
    m,
    n,
    k,
    a: accessOf(dtype, [...batch, ...m, ...k], a),
    b: accessOf(dtype, [...batch, ...n, ...k], b),
    to: accessOf(dtype, [...batch, ...m, ...n], { ...to, broadcast: [] }),
  };
}

const matrices = (batch: number, m: number, n: number, k: number): Sizes => ({
  batch: [batch],
  m: [m],
  n: [n],
  k: [k],
});

// The reference ------------------------------------------------------------------------------------------------------

/** The operand in an array of its own, row by row. */
function gathered(data: Storage, { start, strides }: Access, shape: Shape): Storage {
  const out = data.slice(0, 0).constructor as new (length: number) => Storage;
  const places = offsetsOf(shape, strides);
  const copy = new out(places.length);
  places.forEach((place, i) => (copy[i] = data[start + place]!));
  return copy;
}

const byRows = (data: Storage, index: number, rows: number, columns: number): Matrix => ({
  data,
  start: index * rows * columns,
  rows: columns,
  columns: 1,
});

function reference(step: ProductStep, a: Storage, b: Storage, to: Storage): Storage {
  const { batch } = step;
  const [m, n, k] = [sizeOf(step.m), sizeOf(step.n), sizeOf(step.k)];
  const left = gathered(a, step.a, [...batch, ...step.m, ...step.k]);
  const right = gathered(b, step.b, [...batch, ...step.n, ...step.k]);
  const out = newStorage(step.dtype, sizeOf(batch) * m * n);
  for (let i = 0; i < sizeOf(batch); i++) {
    const operands = [matrixOperand(byRows(left, i, m, k)), matrixOperand(byRows(right, i, n, k))] as const;
    plainProduct(step.dtype, byRows(out, i, m, n), ...operands, m, n, k);
  }
  const written = to.slice();
  offsetsOf([...batch, ...step.m, ...step.n], step.to.strides).forEach((place, i) => {
    written[step.to.start + place] = out[i]!;
  });
  return written;
}

/** Numbers of ordinary size, now and then something special: sums of arbitrary bits are nearly always NaN. */
function numbers(dtype: DType, length: number, seed: number, special: boolean): Storage {
  if (special) return randomArray(dtype, length, seed);
  const next = stream(seed);
  const out = newStorage(dtype, length);
  for (let i = 0; i < length; i++) out[i] = dtype === 'int32' ? next() : (next() / 4294967296 - 0.5) * 4;
  return out;
}

interface Choice {
  readonly seed?: number;
  readonly special?: boolean;
  readonly ranges?: (units: number) => readonly Range[];
}

function expectReference(step: ProductStep, { seed = 7, special = false, ranges }: Choice = {}): void {
  const [a, b, to] = [step.a, step.b, step.to].map(({ buffer: { size } }, i) =>
    numbers(step.dtype, size, seed + i, special),
  ) as [Storage, Storage, Storage];
  const contents = new Map([
    [step.a.buffer, a],
    [step.b.buffer, b],
    [step.to.buffer, to],
  ]);
  const after = runTask((e) => productTask(step, e), contents, ranges === undefined ? {} : { ranges });
  expect(differences(after.get(step.to.buffer)!, reference(step, a, b, to), [])).toEqual([]);
  expect(differences(after.get(step.a.buffer)!, a, [])).toEqual([]);
  expect(differences(after.get(step.b.buffer)!, b, [])).toEqual([]);
}

// Arbitraries --------------------------------------------------------------------------------------------------------

const shapeOf = (most: number): fc.Arbitrary<Shape> =>
  fc.oneof(
    fc.integer({ min: 0, max: most }).map((n) => [n]),
    fc.constant([]),
    fc.array(fc.integer({ min: 1, max: Math.ceil(Math.sqrt(most)) }), { minLength: 2, maxLength: 3 }),
  );

const anyLie: fc.Arbitrary<Lie> = fc.record({
  order: fc.oneof(
    fc.constant(Array.from({ length: 12 }, (_, i) => i)),
    fc.shuffledSubarray(
      Array.from({ length: 12 }, (_, i) => i),
      { minLength: 12 },
    ),
  ),
  gap: fc.constantFrom(1, 1, 2),
  start: fc.integer({ min: 0, max: 5 }),
  backwards: fc.oneof(fc.constant([]), fc.array(fc.boolean(), { maxLength: 12 })),
  broadcast: fc.oneof(fc.constant([]), fc.array(fc.boolean(), { maxLength: 3 })),
});

const anyChoice: fc.Arbitrary<Choice> = fc.record({
  seed: fc.integer({ min: 1, max: 1 << 30 }),
  special: fc.boolean(),
  ranges: fc.integer({ min: 1, max: 5 }).map(backwards),
});

const anySizes: fc.Arbitrary<Sizes> = fc.record({
  batch: shapeOf(3),
  m: shapeOf(20),
  n: shapeOf(20),
  k: shapeOf(40),
});

/** Whether this engine knows fused multiply-adds: Node from 22 on, current browsers. */
function hasFused(): boolean {
  const module = new WasmModule();
  module.function('f', ['v128', 'v128', 'v128'], ['v128'], (body) => {
    for (const parameter of body.params) body.get(parameter);
    body.op('f32x4.relaxed_madd');
  });
  return WebAssembly.validate(module.encode());
}

(hasFused() ? test : test.skip)('with fused multiply-adds products are as close as rounding allows', () => {
  for (const dtype of ['float64', 'float32'] as const) {
    for (const [m, n, k] of [
      [37, 45, 300],
      [7, 9, 11],
      [1, 100, 20],
      [130, 140, 150],
    ] as const) {
      const step = stepOf(dtype, matrices(1, m, n, k), [plain(3), plain(3), plain(3)]);
      const contents = new Map(
        [step.a, step.b, step.to].map(({ buffer: own }, i) => [own, numbers(dtype, own.size, i + 1, false)]),
      );
      const [exact, fast] = [false, true].map((isFast) =>
        runTask((e) => productTask(step, e), contents, { fast: isFast }).get(step.to.buffer)!,
      ) as [Storage, Storage];
      const tolerance = (dtype === 'float64' ? 2e-16 : 1.2e-7) * 4 * k;
      exact.forEach((x, i) => expect(Math.abs(x - fast[i]!)).toBeLessThanOrEqual(tolerance));
    }
  }
});

describe.each(DTYPES)('products of %s have the bits of the plain loop, and touch nothing else', (dtype) => {
  test('any axes in any order, broadcast, with gaps, backwards; any partition', () => {
    const lies = fc.tuple(anyLie, anyLie, anyLie);
    const property = fc.property(anySizes, lies, anyChoice, (sizes, lie, choice) =>
      expectReference(stepOf(dtype, sizes, lie), choice),
    );
    fc.assert(property, { numRuns: 200 });
  });

  test('around the ends of tiles, and of blocks along k', () => {
    const side = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 15, 16, 17, 31, 33);
    const depth = fc.constantFrom(1, 2, 255, 256, 257, 512, 600);
    const lies = fc.tuple(anyLie, anyLie, anyLie);
    const property = fc.property(side, side, depth, lies, anyChoice, (m, n, k, lie, choice) =>
      expectReference(stepOf(dtype, matrices(1, m, n, k), lie), choice),
    );
    fc.assert(property, { numRuns: 60 });
  });

  test.each([
    [1, 300, 20, 30],
    [1, 20, 300, 30],
    [1, 257, 259, 3],
    [2, 30, 70, 300],
    [1, 1, 1, 5000],
    [2, 1, 1, 8191],
    [1, 2, 37, 523],
    [1, 1, 500, 30],
    [1, 500, 1, 30],
    [100, 4, 4, 4],
  ])('large ones: %i of %i × %i over %i', (batch, m, n, k) => {
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
    ]) {
      const lie = { ...plain(3), order };
      for (const to of [plain(3), { ...plain(3), order: [0, 2, 1] }]) {
        expectReference(stepOf(dtype, matrices(batch, m, n, k), [lie, lie, to]), { ranges: backwards(2) });
      }
    }
  });

  test('windows that overlap: the columns and the depth of an operand share their elements', () => {
    const [rows, width, taps] = [40, 50, 5];
    const image = buffer(dtype, rows * width);
    const weight = buffer(dtype, 20 * taps * taps);
    const out = [rows - taps + 1, width - taps + 1] as const;
    const step: ProductStep = {
      kind: 'product',
      dtype,
      batch: [],
      m: [20],
      n: out,
      k: [taps, taps],
      a: { buffer: weight, start: 0, strides: [taps * taps, taps, 1] },
      b: { buffer: image, start: 0, strides: [width, 1, width, 1] },
      to: { buffer: buffer(dtype, 20 * sizeOf(out)), start: 0, strides: [sizeOf(out), out[1], 1] },
    };
    expectReference(step);
  });

  test('nothing to add up gives +0', () => {
    expectReference(stepOf(dtype, matrices(2, 3, 5, 0), [plain(3), plain(3), plain(3)]));
    expectReference(stepOf(dtype, matrices(1, 70, 600, 0), [plain(3), plain(3), plain(3)]));
  });
});
