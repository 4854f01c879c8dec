/** Convolutions that sum over windows of the input: the output, and the gradient of the weight. */
import { K_BLOCK } from '../../base/products/tile.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { FunctionBody, Local } from '../../base/wasm/index.ts';
import type { Emission, Task } from '../emission.ts';
import type { Buffer } from '../steps.ts';
import { fillFunction } from './convolution-plane.ts';
import { inputPlane, planeBytes, type Convolution, type Plane } from './convolution-shape.ts';
import { blockedFunction, blockedOf, tileFor, type Blocked, type Window } from './product-blocked.ts';
import { unitsOf, type Block, type Grid } from './product-grid.ts';
import { listFunction } from './product-lists.ts';
import { packFunction } from './product-pack.ts';
import { walkOf, type Matrices } from './product-shape.ts';

/** Multiplications and additions of one thread in a nanosecond, roughly. */
const PER_NANOSECOND = 18;

/** Bytes of a plane that stay in the second-level cache beside the panels. */
const PLANE_BYTES = 1 << 19;

/** Work of a unit below which it is not cut any further. */
const SMALL = 1 << 19;
const ENOUGH_UNITS = 8;

const count = (c: Convolution): number =>
  c.batch * c.groups * c.incoming * c.outgoing * sizeOf(c.windows.taps) * sizeOf(c.windows.output);

/** Bytes from one index to the next within a plane, along the axes of the output and those of the taps. */
function planeWalk(c: Convolution, plane: Plane): { places: number[]; taps: number[] } {
  const { stride, dilation } = c.windows;
  return {
    places: plane.steps.map((step, a) => step * stride[a]!),
    taps: plane.steps.map((step, a) => step * dilation[a]!),
  };
}

// The output ---------------------------------------------------------------------------------------------------------

/** output[n, g, o, j] = Σ weight[g, o, c, k] · input[n, g, c, j ⋈ k], summed over (c, k). */
export function outputTask(c: Convolution, args: readonly Buffer[], e: Emission): Task {
  const places = sizeOf(c.windows.output);
  const columns = columnsOf(c, e.fast);
  const plane = inputPlane(c, columns);
  const x = outputMatrices(c, plane);
  const rows = Math.min(256, x.m);
  const grid: Grid = { batches: 1, rows: Math.ceil(x.m / Math.ceil(x.m / rows)), columns: Math.min(columns, places) };
  const tile = tileFor(x, e.fast);
  const whole = { ...grid, rows: grid.rows < x.m ? Math.ceil(grid.rows / tile.rows) * tile.rows : grid.rows };
  const blocked = blockedOf(x, whole, e.fast);
  return {
    function: blockedFunction(blocked, e, (body, scratch) => new OutputWindow(body, scratch, c, plane, blocked, e)),
    args,
    units: unitsOf(x, whole),
    scratch: blocked.scratch + planeBytes(plane, c.incoming),
    nanoseconds: count(c) / PER_NANOSECOND,
  };
}

/** Places of the output that are worked on at a time. */
function columnsOf(c: Convolution, fast: boolean): number {
  const { columns: width } = tileFor({ dtype: c.dtype }, fast);
  const places = sizeOf(c.windows.output);
  const images = c.batch * c.groups;
  let blocks = Math.ceil(places / 1024);
  const enough = (): boolean => images * blocks >= ENOUGH_UNITS || count(c) / (images * blocks) < SMALL;
  while (!enough()) blocks++;
  const block = (): number => Math.ceil(places / blocks / width) * width;
  while (block() > width && planeBytes(inputPlane(c, block()), c.incoming) > PLANE_BYTES) blocks *= 2;
  return block();
}

function outputMatrices(c: Convolution, plane: Plane): Matrices {
  const { input, weight, output, windows } = c;
  const walk = planeWalk(c, plane);
  const places = sizeOf(windows.output);
  const taps = sizeOf(windows.taps);
  return {
    dtype: c.dtype,
    bytes: c.bytes,
    batch: [c.batch, c.groups],
    m: c.outgoing,
    n: places,
    k: c.incoming * taps,
    a: {
      start: weight.start,
      batch: [0, weight.leading[0]],
      rows: walkOf([c.outgoing], [weight.leading[1]]),
      depth: walkOf([c.incoming, ...windows.taps], [weight.leading[2], ...weight.spatial]),
    },
    b: {
      start: input.start,
      batch: [input.leading[0], input.leading[1]],
      rows: walkOf(windows.output, walk.places),
      depth: walkOf([c.incoming, ...windows.taps], [plane.planeStep, ...walk.taps]),
    },
    to: {
      start: output.start,
      batch: [output.leading[0], output.leading[1]],
      rows: walkOf([c.outgoing], [output.leading[2]]),
      columns: walkOf(windows.output, output.spatial),
    },
  };
}

/** The part of an image under a block of places. */
class OutputWindow implements Window {
  private readonly body: FunctionBody;
  private readonly scratch: Local;
  private readonly c: Convolution;
  private readonly plane: Plane;
  private readonly at: number;
  private readonly e: Emission;
  private readonly start: Local;

  constructor(body: FunctionBody, scratch: Local, c: Convolution, plane: Plane, { scratch: at }: Blocked, e: Emission) {
    this.body = body;
    this.scratch = scratch;
    this.c = c;
    this.plane = plane;
    this.at = at;
    this.e = e;
    this.start = body.local('i32');
  }

  enter({ b, column }: Block): Local {
    const { body, c, plane, start } = this;
    const place = body.local('i32');
    const inner = sizeOf(c.windows.output.slice(1));
    body.get(column).i32(inner).op('i32.div_u').set(place);
    fill(
      body,
      this.scratch,
      this.at,
      plane,
      c,
      place,
      () => body.get(b),
      () => body.i32(c.incoming),
      this.e,
    );
    planeStart(body, this.scratch, this.at, plane, c, place);
    body.set(start);
    return start;
  }
}

/** Fills the plane from the leading output place `place` on. */
function fill(
  body: FunctionBody,
  scratch: Local,
  at: number,
  plane: Plane,
  { windows }: Convolution,
  place: Local,
  source: () => void,
  channels: () => void,
  e: Emission,
): void {
  body.get(scratch).i32(at).op('i32.add');
  source();
  body.get(place).i32(windows.stride[0]!).op('i32.mul').i32(windows.padding[0]!).op('i32.sub');
  channels();
  body.call(fillFunction(plane, e));
}

/** Puts on the stack where the plane would start if it held the leading output places from 0 on. */
function planeStart(
  body: FunctionBody,
  scratch: Local,
  at: number,
  plane: Plane,
  { windows }: Convolution,
  place: Local,
): void {
  body.get(scratch).i32(at).op('i32.add');
  body
    .get(place)
    .i32(windows.stride[0]! * plane.steps[0]!)
    .op('i32.mul')
    .op('i32.sub');
}

// The weight ---------------------------------------------------------------------------------------------------------

/** weight[g, o, c, k] = Σ output[n, g, o, j] · input[n, g, c, j ⋈ k], summed over (n, j). */
export function weightTask(c: Convolution, args: readonly Buffer[], e: Emission): Task {
  const plane = inputPlane(c, K_BLOCK);
  const x = weightMatrices(c, plane);
  const grid = weightGrid(c, x, e.fast);
  const blocked = blockedOf(x, grid, e.fast);
  const channels = Math.min(c.incoming, Math.ceil((grid.columns - 1) / sizeOf(c.windows.taps)) + 1);
  const plus = 4 * K_BLOCK + 16;
  return {
    function: blockedFunction(blocked, e, (body, scratch) => new WeightWindow(body, scratch, c, plane, blocked, e)),
    args,
    units: unitsOf(x, grid),
    scratch: Math.ceil((blocked.scratch + plus + planeBytes(plane, channels)) / 16) * 16,
    nanoseconds: count(c) / PER_NANOSECOND,
  };
}

function weightGrid(c: Convolution, x: Matrices, fast: boolean): Grid {
  const tile = tileFor(x, fast);
  const width = (length: number, blocks: number, unit: number): number =>
    blocks <= 1 ? length : Math.ceil(length / blocks / unit) * unit;
  const [rowBlocks, most] = [Math.ceil(x.m / 256), Math.ceil(x.n / tile.columns)];
  let columnBlocks = Math.ceil(x.n / 256);
  const units = (): number => c.groups * rowBlocks * columnBlocks;
  while (units() < ENOUGH_UNITS / 2 && columnBlocks < most && count(c) / units() > SMALL) columnBlocks++;
  return {
    batches: 1,
    rows: width(x.m, rowBlocks, tile.rows),
    columns: width(x.n, columnBlocks, tile.columns),
  };
}

function weightMatrices(c: Convolution, plane: Plane): Matrices {
  const { input, weight, output, windows } = c;
  const walk = planeWalk(c, plane);
  const places = sizeOf(windows.output);
  const taps = sizeOf(windows.taps);
  return {
    dtype: c.dtype,
    bytes: c.bytes,
    batch: [c.groups],
    m: c.outgoing,
    n: c.incoming * taps,
    k: c.batch * places,
    a: {
      start: output.start,
      batch: [output.leading[1]],
      rows: walkOf([c.outgoing], [output.leading[2]]),
      depth: walkOf([c.batch, ...windows.output], [output.leading[0], ...output.spatial]),
    },
    b: {
      start: input.start,
      batch: [input.leading[1]],
      rows: walkOf([c.incoming, ...windows.taps], [plane.planeStep, ...walk.taps]),
      // Packed piece by piece, one for each image: see WeightWindow.
      depth: [],
    },
    to: {
      start: weight.start,
      batch: [weight.leading[0]],
      rows: walkOf([c.outgoing], [weight.leading[1]]),
      columns: walkOf([c.incoming, ...windows.taps], [weight.leading[2], ...weight.spatial]),
    },
  };
}

/** The parts of images under a block of k, for the channels of a block of columns. */
class WeightWindow implements Window {
  private readonly body: FunctionBody;
  private readonly scratch: Local;
  private readonly c: Convolution;
  private readonly plane: Plane;
  private readonly blocked: Blocked;
  private readonly e: Emission;
  private readonly listAt: number;
  private readonly planeAt: number;

  constructor(body: FunctionBody, scratch: Local, c: Convolution, plane: Plane, blocked: Blocked, e: Emission) {
    this.body = body;
    this.scratch = scratch;
    this.c = c;
    this.plane = plane;
    this.blocked = blocked;
    this.e = e;
    this.listAt = blocked.scratch;
    this.planeAt = blocked.scratch + 4 * K_BLOCK + 16;
  }

  pack(block: Block, at: Local, from: Local, depth: Local, rowList: () => void): void {
    const { body, c } = this;
    const places = sizeOf(c.windows.output);
    const local = (): Local => body.local('i32');
    const [k, end, image, first, length, target] = [local(), local(), local(), local(), local(), local()];
    const width = this.blocked.b.width * c.bytes;
    body.get(from).set(k).get(from).get(depth).op('i32.add').set(end);
    body.loop([], (again) => {
      body.get(k).i32(places).op('i32.div_u').set(image);
      body.get(k).get(image).i32(places).op('i32.mul').op('i32.sub').set(first);
      // As much of the image as this block of k still takes.
      body.i32(places).get(first).op('i32.sub').tee(length);
      body.get(end).get(k).op('i32.sub').get(length).get(end).get(k).op('i32.sub').op('i32.lt_s').select('i32');
      body.set(length);
      body.get(at).get(k).get(from).op('i32.sub').i32(width).op('i32.mul').op('i32.add').set(target);
      this.packImage(block, image, first, length, target, depth, rowList);
      body.get(k).get(length).op('i32.add').tee(k).get(end).op('i32.lt_s').brIf(again);
    });
  }

  private packImage(
    { b, column, columnEnd }: Block,
    image: Local,
    first: Local,
    length: Local,
    target: Local,
    depth: Local,
    rowList: () => void,
  ): void {
    const { body, c, plane, scratch, e } = this;
    const taps = sizeOf(c.windows.taps);
    const inner = sizeOf(c.windows.output.slice(1));
    const [place, channel] = [body.local('i32'), body.local('i32')];
    const walk = walkOf(c.windows.output, planeWalk(c, plane).places);
    body.get(first).i32(inner).op('i32.div_u').set(place);
    body.get(column).i32(taps).op('i32.div_u').set(channel);
    const source = (): void => {
      body
        .get(b)
        .get(image)
        .i32(c.input.leading[0] | 0)
        .op('i32.mul')
        .op('i32.add');
      body
        .get(channel)
        .i32(c.input.leading[2] | 0)
        .op('i32.mul')
        .op('i32.add');
    };
    const channels = (): void => {
      body.get(columnEnd).i32(1).op('i32.sub').i32(taps).op('i32.div_u').get(channel).op('i32.sub');
      body.i32(1).op('i32.add');
    };
    fill(body, scratch, this.planeAt, plane, c, place, source, channels, e);
    const list = (): void => void body.get(scratch).i32(this.listAt).op('i32.add');
    list();
    body.get(first).get(length).get(length).call(listFunction(walk, e));
    const { width, rows } = this.blocked.b;
    planeStart(body, scratch, this.planeAt, plane, c, place);
    body.get(channel).i32(plane.planeStep).op('i32.mul').op('i32.sub');
    const step = rows === undefined ? (this.blocked.x.b.rows[0]?.step ?? 0) : undefined;
    if (step !== undefined) body.get(column).i32(step).op('i32.mul').op('i32.add');
    body.get(target).get(columnEnd).get(column).op('i32.sub').get(length);
    rowList();
    list();
    body
      .get(depth)
      .i32(width * c.bytes)
      .op('i32.mul');
    body.call(packFunction(c.dtype, width, step, undefined, e));
  }
}
