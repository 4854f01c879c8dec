/**
 * Convolutions of one channel with one channel in every group ("depthwise"): each tap is one multiplication, too little
 * to pack anything for. Rows of a plane are read as they lie, once for every tap, several vectors side by side.
 */
import { storeSums } from '../../base/products/store.ts';
import { addOf, advance, makeSums, mulOf, splatOf, tileOf } from '../../base/products/tile.ts';
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { FunctionBody, FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission, Task } from '../emission.ts';
import type { Buffer } from '../steps.ts';
import { outputPlane } from './convolution-input.ts';
import { phasesOf, placesOf, reachOf } from './convolution-phases.ts';
import { fillFunction } from './convolution-plane.ts';
import { inputPlane, planeBytes, type Convolution, type Plane } from './convolution-shape.ts';
import { writeLoop } from './places.ts';
import { writeUnits, unitsOf, type Grid, type Parameters } from './product-grid.ts';
import { walkOf, type Matrices } from './product-shape.ts';

/** Where a tap's weight lies, and its window over the plane, in bytes. */
interface TapPlace {
  readonly weight: number;
  readonly plane: number;
}

/** Places that see the same taps. Distances in bytes; along the last axis of the plane they are neighbours. */
interface Pass {
  readonly size: Shape;
  readonly taps: readonly TapPlace[];
  readonly planeSteps: readonly number[];
  readonly to: number;
  readonly toSteps: readonly number[];
}

interface Channelwise {
  readonly c: Convolution;
  readonly plane: Plane;
  /** The array's first place along the first axis that the plane holds. */
  readonly first: number;
  readonly passes: readonly Pass[];
  /** The array that is read, and the one that is written. */
  readonly from: Convolution['input'];
  readonly into: Convolution['input'];
}

/** More taps than this would be too much code. */
const MOST_TAPS = 64;
const PLANE_BYTES = 1 << 19;

const dot = (index: readonly number[], steps: readonly number[]): number =>
  index.reduce((sum, n, axis) => sum + n * steps[axis]!, 0);

/** All indices of a shape, the last axis fastest. */
const indicesOf = (shape: Shape): number[][] =>
  shape.reduce<number[][]>((all, n) => all.flatMap((head) => Array.from({ length: n }, (_, i) => [...head, i])), [[]]);

/** The task, or undefined where this is not the way. */
export function channelwiseTask(
  c: Convolution,
  result: 'output' | 'input',
  args: readonly Buffer[],
  e: Emission,
): Task | undefined {
  if (c.incoming !== 1 || c.outgoing !== 1 || sizeOf(c.windows.taps) > MOST_TAPS) return undefined;
  const own = result === 'output' ? outputPasses(c) : inputPasses(c);
  if (own === undefined || planeBytes(own.plane, 1) > PLANE_BYTES) return undefined;
  const places = sizeOf(result === 'output' ? c.windows.output : c.windows.input);
  const nanoseconds = NANOSECONDS * (places * (sizeOf(c.windows.taps) + 4) + 400);
  const images = c.batch * c.groups;
  const x = matricesFor(own);
  const grid: Grid = { batches: Math.ceil(images / Math.max(1, Math.min(images, ENOUGH_UNITS))), rows: 1, columns: 1 };
  return {
    function: channelwiseFunction(own, x, grid, e),
    args,
    units: unitsOf(x, grid),
    scratch: Math.ceil(planeBytes(own.plane, 1) / 16) * 16,
    nanoseconds: nanoseconds * images,
  };
}

const NANOSECONDS = 0.1;
const ENOUGH_UNITS = 24;

function outputPasses(c: Convolution): Channelwise | undefined {
  const { windows, weight, output } = c;
  const rank = windows.input.length;
  if (windows.stride[rank - 1] !== 1) return undefined;
  const plane = inputPlane(c, sizeOf(windows.output));
  const pass: Pass = {
    size: windows.output,
    taps: indicesOf(windows.taps).map((tap) => ({
      weight: dot(tap, weight.spatial),
      plane: dot(
        tap.map((n, axis) => n * windows.dilation[axis]!),
        plane.steps,
      ),
    })),
    planeSteps: plane.steps.map((step, axis) => step * windows.stride[axis]!),
    to: 0,
    toSteps: output.spatial,
  };
  return { c, plane, first: -windows.padding[0]!, passes: [pass], from: c.input, into: output };
}

function inputPasses(c: Convolution): Channelwise {
  const { windows, weight, input } = c;
  const phases = phasesOf(windows);
  const plane = outputPlane(c, phases, placesOf(phases));
  const { low } = reachOf(phases, windows.input.length);
  const passes = phases.map((phase): Pass => ({
    size: phase.size,
    taps: phase.taps.map(({ index, shift }) => ({
      weight: dot(index, weight.spatial),
      plane: dot(
        shift.map((n, axis) => n - low[axis]!),
        plane.steps,
      ),
    })),
    planeSteps: plane.steps,
    to: dot(phase.first, input.spatial),
    toSteps: input.spatial.map((step, axis) => step * windows.stride[axis]!),
  }));
  return {
    c,
    plane,
    first: low[0]!,
    passes: passes.filter(({ size }) => sizeOf(size) > 0),
    from: c.output,
    into: input,
  };
}

/** For the grid: images and groups, nothing to cut within one. */
function matricesFor({ c, from, into }: Channelwise): Matrices {
  const none = walkOf([], []);
  return {
    dtype: c.dtype,
    bytes: c.bytes,
    batch: [c.batch, c.groups],
    m: 1,
    n: 1,
    k: sizeOf(c.windows.taps),
    a: { start: c.weight.start, batch: [0, c.weight.leading[0]], rows: none, depth: none },
    b: { start: from.start, batch: [from.leading[0], from.leading[1]], rows: none, depth: none },
    to: { start: into.start, batch: [into.leading[0], into.leading[1]], rows: none, columns: none },
  };
}

function channelwiseFunction(own: Channelwise, x: Matrices, grid: Grid, e: Emission): FunctionRef {
  return e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [first, end, scratch, a, b, to] = body.params as [Local, Local, Local, Local, Local, Local];
    const parameters: Parameters = { first, end, scratch, a, b, to };
    writeUnits(body, x, grid, parameters, (block) => {
      body.get(scratch).get(block.b).i32(own.first).i32(1).call(fillFunction(own.plane, e));
      for (const pass of own.passes)
        body
          .get(block.a)
          .get(scratch)
          .get(block.to)
          .call(passFunction(own, pass, e));
    });
  });
}

/** `pass(weight, plane, to)`: all places of one pass. */
function passFunction({ c, plane }: Channelwise, pass: Pass, e: Emission): FunctionRef {
  return e.module.function(undefined, ['i32', 'i32', 'i32'], [], (body) => {
    const [weight, from, to] = body.params as [Local, Local, Local];
    advance(body, to, pass.to);
    const { size, planeSteps, toSteps } = pass;
    const last = size.length - 1;
    const { lanes } = tileOf(c.dtype);
    const width = Math.min(MOST_VECTORS, Math.ceil(size[last]! / lanes)) * lanes;
    const call = (source: Local, target: Local, columns: number): void =>
      void body
        .get(weight)
        .get(source)
        .get(target)
        .call(rowFunction(c, plane, pass, columns, e));
    const row = (source: Local, target: Local): void => {
      const whole = Math.floor(size[last]! / width);
      const [s, t, i] = [body.local('i32'), body.local('i32'), body.local('i32')];
      body.get(source).set(s).get(target).set(t).i32(0).set(i);
      writeLoop(body, i, whole, 1, () => {
        call(s, t, width);
        advance(body, s, width * planeSteps[last]!);
        advance(body, t, width * toSteps[last]!);
      });
      if (size[last]! % width > 0) call(s, t, size[last]! % width);
    };
    const nest = (axis: number, source: Local, target: Local): void => {
      if (axis === last) return row(source, target);
      const [s, t, i] = [body.local('i32'), body.local('i32'), body.local('i32')];
      body.get(source).set(s).get(target).set(t).i32(0).set(i);
      writeLoop(body, i, size[axis]!, 1, () => {
        nest(axis + 1, s, t);
        advance(body, s, planeSteps[axis]!);
        advance(body, t, toSteps[axis]!);
      });
    };
    nest(0, from, to);
  });
}

/** Vectors of sums side by side. */
const MOST_VECTORS = 8;

/** `row(weight, plane, to)`: so many places in a row. */
function rowFunction(c: Convolution, plane: Plane, pass: Pass, columns: number, e: Emission): FunctionRef {
  const step = pass.toSteps[pass.toSteps.length - 1]!;
  const marks = plane.marks ? plane.planeStep : 0;
  const taps = pass.taps.flatMap((tap) => [tap.weight, tap.plane]);
  return e.shared(['taps', c.dtype, columns, step, marks, ...taps].join(), () =>
    e.module.function(undefined, ['i32', 'i32', 'i32'], [], (body) => writeRow(body, c, pass, columns, marks)),
  );
}

function writeRow(body: FunctionBody, { dtype, bytes }: Convolution, pass: Pass, columns: number, marks: number): void {
  const [weight, from, to] = body.params as [Local, Local, Local];
  const { lanes } = tileOf(dtype);
  const sums = makeSums(body, 1, Math.ceil(columns / lanes));
  const x = body.local('v128');
  for (const tap of pass.taps) {
    body.get(weight);
    if (tap.weight < 0) body.i32(tap.weight).op('i32.add');
    body.memory(splatOf(dtype), Math.max(0, tap.weight)).set(x);
    sums[0]!.forEach((sum, v) => {
      const at = tap.plane + 16 * v;
      body.get(sum).get(x).get(from).memory('v128.load', at, 2).op(mulOf(dtype));
      if (marks > 0) {
        body
          .get(from)
          .memory('v128.load', at + marks, 2)
          .op('v128.and');
      }
      body.op(addOf(dtype)).set(sum);
    });
  }
  const step = pass.toSteps[pass.toSteps.length - 1]!;
  storeSums(body, dtype, sums, columns, to, { kind: 'steps', row: 0, column: columns === 1 ? bytes : step });
}
