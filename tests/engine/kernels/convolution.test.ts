import fc from 'fast-check';
import { newStorage, type DType, type Storage } from '../../../src/base/dtypes.ts';
import { sizeOf, stridesOf, type Shape } from '../../../src/base/shapes.ts';
import { convolutionTask } from '../../../src/engine/kernels/convolution.ts';
import type { Access, ConvolutionStep } from '../../../src/engine/steps.ts';
import {
  convolveInput,
  convolveOutput,
  convolveWeight,
  type Channels,
  type Windows,
} from '../../../src/ops/kernels/convolution.ts';
import { differences, randomArray, stream } from '../../base/lanes/bits.ts';
import { backwards, buffer, runTask } from './harness.ts';

const RESULTS = ['output', 'input', 'weight'] as const;
type Role = (typeof RESULTS)[number];

interface Given {
  readonly channels: Channels;
  readonly windows: Windows;
}

const shapesOf = ({ channels, windows }: Given): Readonly<Record<Role, Shape>> => {
  const { batch, groups, incoming, outgoing } = channels;
  return {
    input: [batch, groups, incoming, ...windows.input],
    weight: [groups, outgoing, incoming, ...windows.taps],
    output: [batch, groups, outgoing, ...windows.output],
  };
};

/** Row-major, or with the last axes in front, so that neighbours lie apart. */
function accessOf(dtype: DType, shape: Shape, turned: boolean): Access {
  const order = turned ? [...shape.keys()].reverse() : [...shape.keys()];
  const steps = stridesOf(order.map((axis) => shape[axis]!));
  return {
    buffer: buffer(dtype, sizeOf(shape) + 3),
    start: 3,
    strides: shape.map((_, axis) => steps[order.indexOf(axis)]!),
  };
}

function numbers(dtype: DType, length: number, seed: number, special: boolean): Storage {
  if (special) return randomArray(dtype, length, seed);
  const next = stream(seed);
  const out = newStorage(dtype, length);
  for (let i = 0; i < length; i++) out[i] = dtype === 'int32' ? next() : (next() / 4294967296 - 0.5) * 4;
  return out;
}

/** Calls `visit` with every element's number in row-major order and its place. */
function eachPlace(shape: Shape, { start, strides }: Access, visit: (i: number, place: number) => void): void {
  const rowMajor = stridesOf(shape);
  for (let i = 0; i < sizeOf(shape); i++) {
    visit(
      i,
      shape.reduce((place, n, axis) => place + (Math.floor(i / rowMajor[axis]!) % n) * strides[axis]!, start),
    );
  }
}

interface Choice {
  readonly seed?: number;
  readonly special?: boolean;
  readonly turned?: readonly boolean[];
  readonly parts?: number;
}

const KERNELS = { output: convolveOutput, input: convolveInput, weight: convolveWeight } as const;
const OPERANDS: Readonly<Record<Role, readonly [Role, Role]>> = {
  output: ['input', 'weight'],
  input: ['output', 'weight'],
  weight: ['input', 'output'],
};

function expectReference(dtype: DType, result: Role, given: Given, choice: Choice = {}): void {
  const { seed = 5, special = false, turned = [], parts = 1 } = choice;
  const shapes = shapesOf(given);
  const access = {
    input: accessOf(dtype, shapes.input, turned[0] === true),
    weight: accessOf(dtype, shapes.weight, turned[1] === true),
    output: accessOf(dtype, shapes.output, turned[2] === true),
  };
  const step: ConvolutionStep = { kind: 'convolution', dtype, result, ...given, ...access };
  const contents = new Map(
    RESULTS.map((role, i) => [access[role].buffer, numbers(dtype, access[role].buffer.size, seed + i, special)]),
  );
  const operand = (role: Role): Storage => {
    const dense = newStorage(dtype, sizeOf(shapes[role]));
    const data = contents.get(access[role].buffer)!;
    eachPlace(shapes[role], access[role], (i, place) => (dense[i] = data[place]!));
    return dense;
  };
  const wanted = newStorage(dtype, sizeOf(shapes[result]));
  const [a, b] = OPERANDS[result];
  KERNELS[result](wanted, operand(a), operand(b), dtype, given.channels, given.windows);
  const expected = new Map([...contents].map(([own, data]) => [own, data.slice()]));
  const to = expected.get(access[result].buffer)!;
  eachPlace(shapes[result], access[result], (i, place) => (to[place] = wanted[i]!));
  const after = runTask((e) => convolutionTask(step, e), contents, { ranges: backwards(parts) });
  for (const [own, data] of expected) expect(differences(after.get(own)!, data, [])).toEqual([]);
}

/** Padding in front and behind; the output is as large as fits. */
function windowsOf(
  input: Shape,
  taps: Shape,
  stride: readonly number[],
  padding: readonly number[],
  dilation: readonly number[],
  behind: readonly number[] = padding,
): Windows {
  const output = input.map((n, a) =>
    Math.max(0, Math.floor((n + padding[a]! + behind[a]! - (taps[a]! - 1) * dilation[a]! - 1) / stride[a]!) + 1),
  );
  return { input, taps, output, stride, padding, dilation };
}

const anyAxis = fc.record({
  input: fc.integer({ min: 1, max: 9 }),
  taps: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.integer({ min: -1, max: 3 }),
  behind: fc.integer({ min: -1, max: 3 }),
  dilation: fc.integer({ min: 1, max: 2 }),
});

const anyWindows = (rank: number): fc.Arbitrary<Windows> =>
  fc.array(anyAxis, { minLength: rank, maxLength: rank }).map((axes) =>
    windowsOf(
      axes.map((x) => x.input),
      axes.map((x) => x.taps),
      axes.map((x) => x.stride),
      axes.map((x) => x.padding),
      axes.map((x) => x.dilation),
      axes.map((x) => x.behind),
    ),
  );

const anyGiven: fc.Arbitrary<Given> = fc.record({
  channels: fc.record({
    batch: fc.integer({ min: 0, max: 3 }),
    groups: fc.integer({ min: 1, max: 2 }),
    incoming: fc.integer({ min: 0, max: 5 }),
    outgoing: fc.integer({ min: 0, max: 9 }),
  }),
  windows: fc.oneof(anyWindows(1), anyWindows(2), anyWindows(2), anyWindows(3)),
});

const anyChoice: fc.Arbitrary<Choice> = fc.record({
  seed: fc.integer({ min: 1, max: 1 << 30 }),
  special: fc.boolean(),
  turned: fc.array(fc.boolean(), { maxLength: 3 }),
  parts: fc.integer({ min: 1, max: 4 }),
});

const channels = (batch: number, groups: number, incoming: number, outgoing: number): Channels => ({
  batch,
  groups,
  incoming,
  outgoing,
});
const both = (n: number): [number, number] => [n, n];

describe.each(RESULTS)('the %s of a convolution has the bits of the reference kernel', (result) => {
  test.each(['float64', 'float32', 'int32'] as const)(
    '%s: any windows, channels and strides, any partition',
    (dtype) => {
      const property = fc.property(anyGiven, anyChoice, (given, choice) =>
        expectReference(dtype, result, given, choice),
      );
      fc.assert(property, { numRuns: 150 });
    },
  );

  test.each(['float64', 'float32', 'int32'] as const)('%s: one channel in every group', (dtype) => {
    const one = fc.record({
      channels: fc.constant(channels(2, 3, 1, 1)),
      windows: fc.oneof(anyWindows(1), anyWindows(2), anyWindows(3)),
    });
    const property = fc.property(one, anyChoice, (given, choice) => expectReference(dtype, result, given, choice));
    fc.assert(property, { numRuns: 60 });
  });

  test.each<[string, Channels, Windows]>([
    ['3 × 3 with padding', channels(2, 1, 6, 10), windowsOf([28, 30], both(3), both(1), both(1), both(1))],
    ['5 × 5, stride 2', channels(2, 1, 3, 8), windowsOf([21, 18], both(5), both(2), both(2), both(1))],
    ['in groups, dilated', channels(2, 3, 4, 5), windowsOf([12, 17], both(3), both(1), both(2), both(2))],
    ['for each channel, wide', channels(2, 3, 1, 1), windowsOf([5, 75], both(3), both(1), both(1), both(1))],
    ['for each channel', channels(2, 7, 1, 1), windowsOf([14, 15], both(3), both(1), both(1), both(1))],
    ['1 × 1', channels(3, 1, 20, 12), windowsOf([7, 7], both(1), both(1), both(0), both(1))],
    ['patches', channels(2, 1, 3, 16), windowsOf([16, 24], both(8), both(8), both(0), both(1))],
    ['more than one block of channels', channels(1, 1, 40, 270), windowsOf([6, 5], both(3), both(1), both(1), both(1))],
    [
      'more places than are worked on at a time',
      channels(1, 1, 2, 3),
      windowsOf([70, 90], both(3), both(1), both(1), both(1)),
    ],
    ['a long signal', channels(1, 1, 3, 4), windowsOf([3000], [9], [1], [4], [1])],
    [
      'with steps between windows that no tap reaches',
      channels(1, 1, 3, 4),
      windowsOf([12, 12], both(1), both(2), both(0), both(1)),
    ],
    ['a volume', channels(1, 1, 3, 5), windowsOf([6, 7, 8], [3, 2, 3], [1, 2, 1], [1, 0, 1], [1, 1, 1])],
  ])('%s', (_, own, windows) => {
    expectReference('float32', result, { channels: own, windows }, { parts: 2 });
  });
});
