import fc from 'fast-check';
import { newStorage, type DType, type Storage } from '../../../src/base/dtypes.ts';
import { sizeOf } from '../../../src/base/shapes.ts';
import type { Emission, Task } from '../../../src/engine/emission.ts';
import { pickTask } from '../../../src/engine/kernels/pick.ts';
import { putTask } from '../../../src/engine/kernels/put.ts';
import type { Access, Buffer, PickStep, PutStep } from '../../../src/engine/steps.ts';
import type { Join } from '../../../src/ops/lowering.ts';
import { backwards, buffer, runTask, type Range } from './harness.ts';

/** An axis of the domain: one along which places never repeat, or one along which the index alone tells them apart. */
interface Axis {
  readonly size: number;
  readonly free: boolean;
  /** Whether the index has it: along the others one place serves all. */
  readonly indexed: boolean;
  /** Whether the other array repeats along it. */
  readonly still: boolean;
}

interface Case {
  readonly dtype: DType;
  readonly join: Join;
  readonly axes: readonly Axis[];
  /** Between which axes of the indexed array the indexed one lies. */
  readonly at: number;
  readonly length: number;
  readonly seed: number;
}

const axis: fc.Arbitrary<Axis> = fc.oneof(
  fc.record({
    size: fc.constantFrom(1, 2, 3, 5, 16, 20, 130, 300),
    free: fc.constant(true),
    indexed: fc.constantFrom(false, false, true),
    still: fc.constantFrom(false, false, false, true),
  }),
  fc.record({
    size: fc.constantFrom(1, 2, 3, 7, 12, 0),
    free: fc.constant(false),
    indexed: fc.constant(true),
    still: fc.constantFrom(false, false, false, true),
  }),
);

const cases: fc.Arbitrary<Case> = fc
  .record({
    dtype: fc.constantFrom<DType[]>('float32', 'float64', 'int32', 'bool'),
    join: fc.constantFrom<Join[]>('add', 'replace'),
    axes: fc.array(axis, { maxLength: 4 }),
    at: fc.nat(4),
    length: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
  })
  .filter(({ axes }) => axes.reduce((n, { size }) => n * size, 1) <= 20000);

function strides(axes: readonly Axis[], has: (axis: Axis) => boolean): { strides: number[]; size: number } {
  const out = axes.map(() => 0);
  let step = 1;
  for (let i = axes.length - 1; i >= 0; i--) {
    if (!has(axes[i]!)) continue;
    out[i] = step;
    step *= Math.max(1, axes[i]!.size);
  }
  return { strides: out, size: step };
}

/** The array that the index steers: its axes are the free ones, and one more. */
function steered({ axes, at, length }: Case): { strides: number[]; size: number; step: number } {
  const out = axes.map(() => 0);
  const free = [...axes.keys()].filter((i) => axes[i]!.free);
  let size = 1;
  let step = 0;
  for (let k = free.length; k >= 0; k--) {
    if (k === Math.min(at, free.length)) {
      step = size;
      size *= length;
    }
    if (k === 0) break;
    out[free[k - 1]!] = size;
    size *= Math.max(1, axes[free[k - 1]!]!.size);
  }
  return { strides: out, size, step };
}

const randomFrom = (seed: number): (() => number) => {
  let state = (seed ^ 0x5bd1e995) >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
};

function filled(of: Buffer, next: () => number): Storage {
  const data = newStorage(of.dtype, of.size);
  for (let i = 0; i < data.length; i++) {
    if (of.dtype === 'bool') data[i] = Number(next() < 0.3);
    else if (of.dtype === 'int32') data[i] = (next() - 0.5) * 2 ** 32;
    else data[i] = next() < 0.1 ? [0, -0, NaN, Infinity][Math.floor(next() * 4)]! : next() - 0.5;
  }
  return data;
}

interface Built {
  readonly contents: Map<Buffer, Storage>;
  readonly steered: Access;
  readonly plain: Access;
  readonly index: Access;
  readonly step: number;
  readonly domain: readonly number[];
}

/** `plain`: the array that is walked as the domain is. */
function build(one: Case): Built {
  const { axes, dtype, length, seed } = one;
  const next = randomFrom(seed);
  const far = steered(one);
  const near = strides(axes, (a) => !a.still);
  const at = strides(axes, (a) => a.indexed);
  const buffers = [buffer(dtype, far.size), buffer(dtype, near.size), buffer('int32', at.size)] as const;
  const contents = new Map<Buffer, Storage>([
    [buffers[0], filled(buffers[0], next)],
    [buffers[1], filled(buffers[1], next)],
    [buffers[2], Int32Array.from({ length: at.size }, () => Math.floor(next() * length))],
  ]);
  return {
    contents,
    steered: { buffer: buffers[0], start: 0, strides: far.strides },
    plain: { buffer: buffers[1], start: 0, strides: near.strides },
    index: { buffer: buffers[2], start: 0, strides: at.strides },
    step: far.step,
    domain: axes.map(({ size }) => size),
  };
}

/** Calls `visit` with the places in the steered and in the plain array, in the order of the domain. */
function eachPlace(
  { contents, steered: far, plain, index, step, domain }: Built,
  visit: (far: number, near: number) => void,
): void {
  const total = sizeOf(domain);
  const place = ({ strides: steps }: Access, digits: readonly number[]): number =>
    digits.reduce((sum, digit, i) => sum + digit * steps[i]!, 0);
  for (let n = 0; n < total; n++) {
    let rest = n;
    const digits = domain.map(() => 0);
    for (let i = domain.length - 1; i >= 0; i--) {
      digits[i] = rest % domain[i]!;
      rest = Math.floor(rest / domain[i]!);
    }
    visit(place(far, digits) + contents.get(index.buffer)![place(index, digits)]! * step, place(plain, digits));
  }
}

const same = (x: Storage, y: Storage): boolean =>
  x.length === y.length && x.every((v, i) => Object.is(v, y[i]) || (v !== v && y[i] !== y[i]));

const PARTITIONS: readonly ((units: number) => readonly Range[])[] = [(units) => [[0, units]], backwards(3)];

function agree(make: (e: Emission) => Task, { contents }: Built, to: Access, wanted: Storage): void {
  for (const ranges of PARTITIONS) {
    const got = runTask(make, contents, { ranges }).get(to.buffer)!;
    if (!same(got, wanted)) expect([...got]).toEqual([...wanted]);
  }
}

test('a pick copies what the index names', () => {
  fc.assert(
    fc.property(cases, (given) => {
      const one = { ...given, axes: given.axes.map((a) => ({ ...a, still: false })) };
      const built = build(one);
      const { steered: source, plain: to, index, step, domain, contents } = built;
      const wanted = contents.get(to.buffer)!.slice();
      eachPlace(built, (far, near) => {
        wanted[near] = contents.get(source.buffer)![far]!;
      });
      const pick: PickStep = { kind: 'pick', domain, source, index, step, length: one.length, to };
      agree((e) => pickTask(pick, e), built, to, wanted);
    }),
    { numRuns: 60 },
  );
});

test('a put adds or replaces in the order of the domain, with the bits of adding one by one', () => {
  fc.assert(
    fc.property(cases, (one) => {
      const built = build(one);
      const { steered: to, plain: source, index, step, domain, contents } = built;
      const wanted = contents.get(to.buffer)!.slice();
      eachPlace(built, (far, near) => {
        const put = contents.get(source.buffer)![near]!;
        if (one.join === 'replace') wanted[far] = put;
        else if (one.dtype === 'bool') wanted[far]! |= put;
        else wanted[far]! += put;
      });
      const put: PutStep = { kind: 'put', join: one.join, domain, source, index, step, length: one.length, to };
      agree((e) => putTask(put, e), built, to, wanted);
    }),
    { numRuns: 60 },
  );
});

test.each([-1, 3, 2147483647, -2147483648])('index %i of an axis of length 3 traps', (bad) => {
  const [source, index, to] = [buffer('float64', 6), buffer('int32', 2), buffer('float64', 4)];
  const contents = new Map<Buffer, Storage>([
    [source, new Float64Array(6)],
    [index, Int32Array.of(0, bad)],
    [to, new Float64Array(4)],
  ]);
  const far: Access = { buffer: source, start: 0, strides: [0, 1] };
  const near: Access = { buffer: to, start: 0, strides: [2, 1] };
  const common = { domain: [2, 2], index: { buffer: index, start: 0, strides: [1, 0] }, step: 2, length: 3 };
  const pick: PickStep = { kind: 'pick', ...common, source: far, to: near };
  const put: PutStep = { kind: 'put', join: 'add', ...common, source: near, to: far };
  expect(() => runTask((e) => pickTask(pick, e), contents)).toThrow(WebAssembly.RuntimeError);
  expect(() => runTask((e) => putTask(put, e), contents)).toThrow(WebAssembly.RuntimeError);
});
