import fc from 'fast-check';
import { newStorage, type DType, type Storage } from '../../../src/base/dtypes.ts';
import { LaneGraph, type Node } from '../../../src/base/lanes/graph.ts';
import { converted, LANE_TYPES, scalarModule } from '../../../src/base/lanes/program.ts';
import type { LaneFunction } from '../../../src/base/lanes/lanes.ts';
import { exp } from '../../../src/base/elementary/exp.ts';
import { sin } from '../../../src/base/elementary/sin.ts';
import { tanh } from '../../../src/base/elementary/tanh.ts';
import { sizeOf, stridesOf, type Shape } from '../../../src/base/shapes.ts';
import { loopTask } from '../../../src/engine/kernels/loop.ts';
import type { Access, Buffer, LoopStep } from '../../../src/engine/steps.ts';
import { differences, randomArray } from '../../base/lanes/bits.ts';
import { backwards, buffer, prepare, runTask, type RunOptions } from './harness.ts';

const DTYPES: readonly DType[] = ['float64', 'float32', 'int32', 'bool'];

/** How a test reads an operand: its strides along the domain, which say how large its buffer is. */
interface Operand {
  readonly dtype: DType;
  readonly strides: readonly number[];
  /** Elements left free in front. */
  readonly start?: number;
}

function accessOf(domain: Shape, { dtype, strides, start = 0 }: Operand): Access {
  // A negative stride starts at the far end.
  const far = strides.map((stride, i) => stride * Math.max(0, domain[i]! - 1));
  const below = far.reduce((sum, at) => sum + Math.min(0, at), 0);
  const above = far.reduce((sum, at) => sum + Math.max(0, at), 0);
  return { buffer: buffer(dtype, start + above - below + 1), start: start - below, strides };
}

/** A loop that writes the results of lane functions of its operands, row-major. */
function loop(
  domain: Shape,
  operands: readonly Operand[],
  outputs: readonly (readonly [DType, LaneFunction])[],
): LoopStep {
  const graph = new LaneGraph(operands.map(({ dtype }) => LANE_TYPES[dtype]));
  const writes = outputs.map(([dtype, f]) => ({
    to: { buffer: buffer(dtype, sizeOf(domain)), start: 0, strides: stridesOf(domain) },
    value: converted(graph, graph.apply(f, graph.inputs), LANE_TYPES[dtype]),
  }));
  return { kind: 'loop', domain, graph, reads: operands.map((x) => accessOf(domain, x)), writes };
}

function scalarOf(graph: LaneGraph, root: Node, reads: readonly Access[], output: DType): (...xs: number[]) => number {
  const bytes = scalarModule({ graph, root, inputs: reads.map(({ buffer }) => buffer.dtype), output });
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.scalar as (...xs: number[]) => number;
}

function* indices(domain: Shape): Generator<readonly number[]> {
  const index = domain.map(() => 0);
  for (let n = sizeOf(domain); n > 0; n--) {
    yield index;
    for (let axis = domain.length - 1; axis >= 0 && ++index[axis]! === domain[axis]; axis--) index[axis] = 0;
  }
}

const placeOf = ({ start, strides }: Access, index: readonly number[]): number =>
  index.reduce((sum, i, axis) => sum + i * strides[axis]!, start);

/** What a loop is to give: the same expressions element by element, one at a time. */
function wanted(
  { domain, graph, reads, writes }: LoopStep,
  contents: ReadonlyMap<Buffer, Storage>,
): Map<Buffer, Storage> {
  const out = new Map([...contents].map(([of, data]) => [of, data.slice()]));
  for (const { to, value } of writes) {
    const scalar = scalarOf(graph, value, reads, to.buffer.dtype);
    for (const index of indices(domain)) {
      const xs = reads.map((read) => contents.get(read.buffer)![placeOf(read, index)]!);
      out.get(to.buffer)![placeOf(to, index)] = scalar(...xs);
    }
  }
  return out;
}

function contentsOf({ reads, writes }: LoopStep, seed: number): Map<Buffer, Storage> {
  const buffers = new Set([...reads, ...writes.map(({ to }) => to)].map((access) => access.buffer));
  return new Map([...buffers].map((of, i) => [of, randomArray(of.dtype, of.size, seed + 77 * i)]));
}

function expectRight(step: LoopStep, options?: RunOptions, contents = contentsOf(step, 5)): void {
  const found = runTask((e) => loopTask(step, e), contents, options);
  const right = wanted(step, contents);
  for (const [of, data] of right) expect(differences(found.get(of)!, data, [])).toEqual([]);
}

const add: LaneFunction = (k, x, y) => k.add(x, y);
const one: LaneFunction = (_, x) => x;

describe('any domain, any strides', () => {
  const dtype = fc.constantFrom(...DTYPES);
  const size = fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 40 }));
  const shape = fc.array(size, { maxLength: 4 }).filter((domain) => sizeOf(domain) <= 6000);
  /** A view of a row-major array: axes in another order, repeated, spread or turned around. */
  const operand = (domain: Shape): fc.Arbitrary<Operand> =>
    fc
      .record({
        dtype,
        order: fc.shuffledSubarray([...domain.keys()], { minLength: domain.length }),
        repeated: fc.array(fc.boolean(), { minLength: domain.length, maxLength: domain.length }),
        spread: fc.constantFrom(1, 1, 1, 2, 3),
        turned: fc.array(fc.nat(4), { minLength: domain.length, maxLength: domain.length }),
        start: fc.nat(3),
        plain: fc.boolean(),
      })
      .map(({ dtype, order, repeated, spread, turned, start, plain }) => {
        if (plain) return { dtype, strides: stridesOf(domain) };
        const strides = domain.map(() => 0);
        let step = spread;
        for (const axis of order) {
          if (repeated[axis]) continue;
          strides[axis] = turned[axis] === 0 ? -step : step;
          step *= domain[axis]!;
        }
        return { dtype, strides, start };
      });
  const steps = shape.chain((domain) =>
    fc.record({
      domain: fc.constant(domain),
      operands: fc.array(operand(domain), { minLength: 1, maxLength: 3 }),
      output: dtype,
      to: operand(domain),
      parts: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(1000),
    }),
  );
  /** Something of everything that is there. */
  const mixed =
    (operands: readonly Operand[]): LaneFunction =>
    (k, ...xs) => {
      const type = operands.find((x) => x.dtype !== 'bool')?.dtype ?? 'int32';
      const numbers = xs.map((x) => k.to(x, LANE_TYPES[type] as 'f64' | 'f32' | 'i32'));
      return numbers.reduce((sum, x) => k.select(k.lt(sum, x), k.mul(sum, x), k.add(k.sub(sum, 3), x)));
    };

  test('every element is what the scalar form gives, and nothing else is written', () => {
    fc.assert(
      fc.property(steps, ({ domain, operands, output, parts, seed }) => {
        const step = loop(domain, operands, [[output, mixed(operands)]]);
        expectRight(step, { ranges: backwards(parts) }, contentsOf(step, seed));
      }),
      { numRuns: 400 },
    );
  });

  test('results go wherever the write says, too', () => {
    fc.assert(
      fc.property(steps, ({ domain, operands, to, seed }) => {
        // Each place of a write is covered once: no axis is repeated.
        fc.pre(to.strides.every((stride, i) => stride !== 0 || domain[i] === 1));
        const step = loop(domain, operands, [[to.dtype, mixed(operands)]]);
        const writes = [{ to: accessOf(domain, to), value: step.writes[0]!.value }];
        expectRight({ ...step, writes }, undefined, contentsOf({ ...step, writes }, seed));
      }),
      { numRuns: 300 },
    );
  });
});

describe('shapes that have ways of their own', () => {
  const plain = (domain: Shape, dtype: DType = 'float32'): Operand => ({ dtype, strides: stridesOf(domain) });

  test.each([[[0]], [[3, 0]], [[0, 4, 2]]])('no elements, no units: %j', (domain) => {
    const step = loop(domain, [plain(domain)], [['float32', one]]);
    const { task } = prepare((e) => loopTask(step, e), contentsOf(step, 1));
    expect(task.units).toBe(0);
  });

  test('a single number', () => {
    const step = loop([], [plain([]), { dtype: 'float32', strides: [] }], [['float32', add]]);
    expect(prepare((e) => loopTask(step, e), contentsOf(step, 1)).task.units).toBe(1);
    expectRight(step);
  });

  test.each([1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 4095, 4096, 8191, 8200, 20001])('%i elements in a row', (n) => {
    for (const dtype of DTYPES) {
      const step = loop(
        [n],
        [plain([n], dtype), plain([n], dtype)],
        [[dtype, dtype === 'bool' ? (k, x, y) => k.and(x, k.not(y)) : add]],
      );
      expectRight(step, { ranges: backwards(2) });
    }
  });

  test.each([1, 2, 3, 5, 6, 7, 10, 12, 13, 31, 32, 33])('rows of %i, with a row and a column repeated', (n) => {
    for (const dtype of ['float32', 'float64'] as const) {
      const rows: Operand = { dtype, strides: [0, 1] };
      const columns: Operand = { dtype, strides: [1, 0] };
      const f: LaneFunction = (k, x, row, column) => k.mul(k.add(x, row), k.sub(column, 1));
      const step = loop([1001, n], [plain([1001, n], dtype), rows, columns], [[dtype, f]]);
      expectRight(step, { ranges: backwards(3) });
    }
  });

  test('backwards with long strides, at the start of memory', () => {
    for (const n of [3, 10, 33]) {
      const step = loop([n], [{ dtype: 'float32', strides: [-3000] }], [['float32', one]]);
      expectRight(step);
    }
  });

  test('long rows, cut into pieces', () => {
    const row: Operand = { dtype: 'float32', strides: [0, 1] };
    const column: Operand = { dtype: 'float32', strides: [1, 0] };
    const f: LaneFunction = (k, x, y, z) => k.add(k.mul(x, y), z);
    for (const n of [8192, 9001, 20480]) {
      expectRight(loop([3, n], [plain([3, n]), row, column], [['float32', f]]), { ranges: backwards(4) });
    }
  });

  test.each([
    [4, 4],
    [5, 7],
    [64, 64],
    [130, 203],
    [3, 500],
    [500, 3],
    [8, 5],
    [9, 8],
  ])('transposed %i × %i, alone and beside what is not', (m, n) => {
    for (const dtype of DTYPES) {
      const across: Operand = { dtype, strides: [1, m] };
      expectRight(loop([m, n], [across], [[dtype, one]]), { ranges: backwards(3) });
    }
    const both = loop([m, n], [{ dtype: 'float32', strides: [1, m] }, plain([m, n])], [['float32', add]]);
    expectRight(both, { ranges: backwards(5) });
    const row: Operand = { dtype: 'float32', strides: [0, 1] };
    const column: Operand = { dtype: 'float32', strides: [1, 0] };
    const f: LaneFunction = (k, x, y, z) => k.add(k.mul(x, y), z);
    expectRight(loop([m, n], [{ dtype: 'float32', strides: [1, m] }, row, column], [['float32', f]]));
    const batched = loop([3, m, n], [{ dtype: 'float64', strides: [m * n, 1, m] }], [['float64', one]]);
    expectRight(batched, { ranges: backwards(2) });
  });

  test('a fill', () => {
    for (const dtype of DTYPES) {
      expectRight(
        loop(
          [37],
          [],
          [[dtype, (k) => (dtype === 'bool' ? k.eq(k.number(0), 0) : k.number(7, LANE_TYPES[dtype] as 'f32'))]],
        ),
      );
    }
  });

  test('one number for all elements, and what is computed of it alone', () => {
    const lr: Operand = { dtype: 'float64', strides: [0] };
    const f: LaneFunction = (k, w, g, rate) => k.sub(w, k.mul(g, k.to(k.neg(rate), 'f32')));
    expectRight(loop([1003], [plain([1003]), plain([1003]), lr], [['float32', f]]));
  });
});

describe('several results', () => {
  test('what they share is computed once, and each may replace what another one reads', () => {
    const step = loop(
      [205],
      [plainRow('float32'), plainRow('float32')],
      [
        ['float32', (k, x, y) => k.add(k.mul(x, 0.5), y)],
        ['float32', (k, x, y) => k.sub(x, k.add(k.mul(x, 0.5), y))],
      ],
    );
    const [x, y] = step.reads as [Access, Access];
    const [first, second] = step.writes;
    expectRight({
      ...step,
      writes: [
        { ...first!, to: x },
        { ...second!, to: y },
      ],
    });
    expectRight({
      ...step,
      writes: [
        { ...first!, to: y },
        { ...second!, to: x },
      ],
    });
  });

  test('of several dtypes', () => {
    const step = loop(
      [4, 51],
      [
        { dtype: 'float64', strides: [51, 1] },
        { dtype: 'int32', strides: [0, 1] },
      ],
      [
        ['float64', (k, x, n) => k.mul(x, k.to(n, 'f64'))],
        ['bool', (k, x) => k.lt(x, 0)],
        ['float32', (k, x) => k.to(x, 'f32')],
        ['int32', (k, x) => k.to(x, 'i32')],
      ],
    );
    expectRight(step, { ranges: backwards(4) });
  });

  const plainRow = (dtype: DType): Operand => ({ dtype, strides: [1] });
});

describe('expressions of every kind', () => {
  const of = (dtype: DType, f: LaneFunction, n = 333): LoopStep => loop([n], [{ dtype, strides: [1] }], [[dtype, f]]);

  test.each([
    ['exp', exp],
    ['tanh', tanh],
  ] as const)('%s', (_, f) => {
    expectRight(of('float32', f));
    expectRight(of('float64', f));
  });

  test('rare lanes call their function', () => {
    expectRight(of('float32', sin));
    expectRight(of('float64', sin));
    expectRight(
      loop(
        [5, 3],
        [
          { dtype: 'float64', strides: [1, 0] },
          { dtype: 'float64', strides: [3, 1] },
        ],
        [['float64', (k, x, y) => k.mul(sin(k, x), y)]],
      ),
    );
  });

  test('numbers of half the width stay in vectors: what is compared, selected, negated beside its double', () => {
    const f: LaneFunction = (k, x, y) => {
      const wave = k.to(k.mul(k.to(x, 'f64'), 0.1), 'f32');
      const near = k.and(k.lt(wave, y), k.gt(k.to(y, 'f64'), k.to(x, 'f64')));
      return k.select(near, k.copySign(wave, y), k.add(k.to(k.to(y, 'i32'), 'f32'), k.to(near, 'f32')));
    };
    const plain: Operand = { dtype: 'float32', strides: [1] };
    expectRight(loop([335], [plain, plain], [['float32', f]]));
    expectRight(loop([335], [plain, plain], [['float32', (k, x, y) => tanh(k, k.mul(sin(k, x), y))]]));
  });

  test('integers are divided one by one, and dividing by zero traps', () => {
    const step = loop(
      [9],
      [
        { dtype: 'int32', strides: [1] },
        { dtype: 'int32', strides: [1] },
      ],
      [['int32', (k, x, y) => k.div(x, y)]],
    );
    const [x, y] = step.reads.map((read) => read.buffer) as [Buffer, Buffer];
    const out = step.writes[0]!.to.buffer;
    const run = (divisor: number): ReadonlyMap<Buffer, Storage> =>
      runTask(
        (e) => loopTask(step, e),
        new Map<Buffer, Storage>([
          [x, Int32Array.from({ length: 9 }, (_, i) => 10 * i - 40)],
          [y, new Int32Array(9).fill(divisor)],
          [out, newStorage('int32', 9)],
        ]),
      );
    expect([...run(3).get(out)!]).toEqual([-13, -10, -6, -3, 0, 3, 6, 10, 13]);
    expect(() => run(0)).toThrow(WebAssembly.RuntimeError);
  });
});

describe('code', () => {
  test('equal loops over other buffers are one function; other loops are not', () => {
    const row: Operand = { dtype: 'float32', strides: [0, 1] };
    const make = (rows: number, n: number, f: LaneFunction, by: Operand = row): LoopStep =>
      loop([rows, n], [{ dtype: 'float32', strides: [n, 1] }, by], [['float32', f]]);
    const steps = [
      make(5, 100, exp),
      make(5, 100, exp),
      make(5, 101, exp),
      make(6, 100, exp),
      make(5, 100, tanh),
      make(5, 100, (k, x, y) => k.add(x, y)),
      make(6, 100, (k, x, y) => k.add(x, y)),
      make(5, 100, (k, x, y) => k.add(x, y), { dtype: 'float32', strides: [1, 0] }),
      make(5, 100, (k, x) => k.add(x, 0)),
      make(5, 100, (k, x) => k.add(x, -0)),
    ];
    const contents = new Map(steps.flatMap((step) => [...contentsOf(step, 1)]));
    let indices: number[] = [];
    prepare((e) => {
      const tasks = steps.map((step) => loopTask(step, e));
      indices = tasks.map((task) => task.function.index);
      return tasks[0]!;
    }, contents);
    expect(indices[1]).toBe(indices[0]);
    // The operand that exp does not use is not part of its loop: six rows of 100 are 600 elements.
    expect(new Set(indices).size).toBe(steps.length - 1);
  });
});
