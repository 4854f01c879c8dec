/**
 * The gradient of a convolution's input: a product over the outgoing channels for each tap, taps added in order from
 * +0. Where a tap would reach beyond the output nothing is added: the sum is cleared by the plane's marks.
 */
import { advance, countDown, keyOf, tileOf, writeTotals, addOf, type Tile } from '../../base/products/tile.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { FunctionBody, FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission, Task } from '../emission.ts';
import type { Buffer } from '../steps.ts';
import { spreadFunction } from './convolution-spread.ts';
import { fillFunction } from './convolution-plane.ts';
import { largestOf, phasesOf, placesOf, reachOf, type Phase, type Tap } from './convolution-phases.ts';
import { leadingSpan, planeBytes, planeOf, type Convolution, type Plane, type PlaneAxis } from './convolution-shape.ts';
import { writeLoop } from './places.ts';
import { writeUnits, unitsOf, writeSmaller, type Block, type Grid, type Parameters } from './product-grid.ts';
import { tileFor } from './product-blocked.ts';
import { listFunction } from './product-lists.ts';
import { packFunction } from './product-pack.ts';
import { walkOf, type Matrices } from './product-shape.ts';

const PER_NANOSECOND = 16;
/** Up to so many bytes of weights are kept in panels. */
const KEPT_BYTES = 1 << 24;
const PLANE_BYTES = 1 << 19;
const ENOUGH_UNITS = 8;
const SMALL = 1 << 19;

/** How the work is laid out; places count from the start of the scratch memory. */
interface Layout {
  readonly c: Convolution;
  readonly x: Matrices;
  readonly grid: Grid;
  readonly phases: readonly Phase[];
  readonly plane: Plane;
  /** The lowest shift along each axis. */
  readonly low: readonly number[];
  /** Rows and columns of a tile. */
  readonly rows: number;
  readonly columns: number;
  /** Channels of the input, in whole tiles. */
  readonly height: number;
  /** Columns of the result's block, in whole tiles. */
  readonly width: number;
  readonly resultAt: number;
  readonly listAt: number;
  readonly aAt: number;
  /** Bytes of the weights of one tap, in panels. */
  readonly tapBytes: number;
  /** Whether the weights of all taps are kept. */
  readonly keeps: boolean;
  readonly bAt: number;
  readonly planeAt: number;
  readonly scratch: number;
}

/** input[n, g, c, j ⋈ k] = Σ_k Σ_o output[n, g, o, j] · weight[g, o, c, k]. */
export function inputTask(c: Convolution, args: readonly Buffer[], e: Emission): Task {
  const layout = layoutOf(c, e.fast);
  return {
    function: inputFunction(layout, e),
    args,
    units: unitsOf(layout.x, layout.grid),
    scratch: layout.scratch,
    nanoseconds: work(c) / PER_NANOSECOND,
  };
}

const work = (c: Convolution): number =>
  c.batch * c.groups * c.incoming * c.outgoing * sizeOf(c.windows.taps) * sizeOf(c.windows.output);

/** The plane of the output around `count` places of a phase in a row. */
export function outputPlane(c: Convolution, phases: readonly Phase[], count: number): Plane {
  const { low, high } = reachOf(phases, c.windows.input.length);
  const largest = largestOf(phases);
  const axes = c.windows.output.map((size, a): PlaneAxis => {
    // Phases differ by one place at most, and a narrower one reaches over more of the first axis.
    const narrow = largest.map((n, axis) => (axis === 0 ? n : Math.max(1, n - 1)));
    const places = a === 0 ? leadingSpan(narrow, count) : largest[a]!;
    const extent = places + high[a]! - low[a]!;
    return { size, step: c.output.spatial[a]!, front: -low[a]!, extent };
  });
  return planeOf(c.bytes, axes, c.output.leading[2], true);
}

function layoutOf(c: Convolution, fast: boolean): Layout {
  const phases = phasesOf(c.windows);
  const { rows: most, columns } = tileFor(c, fast);
  const rows = Math.min(most, c.incoming);
  const places = placesOf(phases);
  const block = columnsOf(c, phases, places, columns);
  const plane = outputPlane(c, phases, block);
  const x = matricesFor(c, places);
  const grid = { batches: 1, rows: Math.max(1, c.incoming), columns: Math.min(block, places) };
  const height = Math.ceil(c.incoming / rows) * rows;
  const width = Math.ceil(grid.columns / columns) * columns;
  // Packing writes a little beyond the last panel.
  const tapBytes = Math.ceil((height * c.outgoing * c.bytes) / 16) * 16 + 16;
  const taps = sizeOf(c.windows.taps);
  const keeps = taps * tapBytes <= KEPT_BYTES;
  let end = 0;
  const take = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 16) * 16 + 16;
    return at;
  };
  return {
    c,
    x,
    grid,
    phases,
    plane,
    low: reachOf(phases, c.windows.input.length).low,
    rows,
    columns,
    height,
    width,
    resultAt: take(height * width * c.bytes),
    listAt: take(4 * width),
    aAt: take(keeps ? taps * tapBytes : tapBytes),
    tapBytes,
    keeps,
    bAt: take(width * (c.outgoing + 1) * c.bytes),
    planeAt: take(planeBytes(plane, c.outgoing)),
    scratch: end,
  };
}

function columnsOf(c: Convolution, phases: readonly Phase[], places: number, width: number): number {
  const images = c.batch * c.groups;
  // Panels of one tap and the block of the result are gone through once for each tap.
  const most = Math.max(width, Math.floor(PLANE_BYTES / (c.bytes * Math.max(1, c.outgoing + c.incoming))));
  let blocks = Math.max(1, Math.ceil(places / most));
  while (images * blocks < ENOUGH_UNITS && work(c) / (images * blocks) > SMALL) blocks++;
  const block = (): number => Math.ceil(places / blocks / width) * width;
  while (block() > width && planeBytes(outputPlane(c, phases, block()), c.outgoing) > PLANE_BYTES) blocks *= 2;
  return block();
}

/** For the grid: images and groups, one block of rows, columns of the largest phase. */
function matricesFor(
  { dtype, bytes, batch, groups, incoming, outgoing, input, weight, output }: Convolution,
  places: number,
): Matrices {
  const walk = walkOf([], []);
  return {
    dtype,
    bytes,
    batch: [batch, groups],
    m: incoming,
    n: places,
    k: outgoing,
    a: { start: weight.start, batch: [0, weight.leading[0]], rows: walk, depth: walk },
    b: { start: output.start, batch: [output.leading[0], output.leading[1]], rows: walk, depth: walk },
    to: { start: input.start, batch: [input.leading[0], input.leading[1]], rows: walk, columns: walk },
  };
}

function inputFunction(layout: Layout, e: Emission): FunctionRef {
  return e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [first, end, scratch, a, b, to] = body.params as [Local, Local, Local, Local, Local, Local];
    const parameters: Parameters = { first, end, scratch, a, b, to };
    const writer = new InputWriter(body, layout, scratch, e);
    writer.forget();
    writeUnits(body, layout.x, layout.grid, parameters, (block) => writer.writeBlock(block));
  });
}

class InputWriter {
  private readonly body: FunctionBody;
  private readonly layout: Layout;
  private readonly scratch: Local;
  private readonly e: Emission;
  /** The weights whose panels are there. */
  private readonly weight: Local;
  private readonly count: Local;
  private readonly end: Local;
  private readonly place: Local;

  constructor(body: FunctionBody, layout: Layout, scratch: Local, e: Emission) {
    this.body = body;
    this.layout = layout;
    this.scratch = scratch;
    this.e = e;
    [this.weight, this.count] = [body.local('i32'), body.local('i32')];
    [this.end, this.place] = [body.local('i32'), body.local('i32')];
  }

  /** No weights are there from another call: none start at an odd address. */
  forget(): void {
    this.body.i32(-1).set(this.weight);
  }

  writeBlock(block: Block): void {
    const { body, layout, weight } = this;
    if (layout.keeps) {
      body
        .get(weight)
        .get(block.a)
        .op('i32.ne')
        .if([], () => {
          body.get(block.a).set(weight);
          for (const { taps } of layout.phases) for (const tap of taps) this.packWeights(block, tap);
        });
    }
    for (const phase of layout.phases) {
      if (sizeOf(phase.size) === 0) continue;
      body
        .get(block.column)
        .i32(sizeOf(phase.size))
        .op('i32.lt_s')
        .if([], () => this.writePhase(block, phase));
    }
  }

  private at(place: number): void {
    this.body.get(this.scratch);
    if (place > 0) this.body.i32(place).op('i32.add');
  }

  private tapAt({ index }: Tap): number {
    const { c, aAt, tapBytes, keeps } = this.layout;
    const number = c.windows.taps.reduce((n, size, axis) => n * size + index[axis]!, 0);
    return aAt + (keeps ? number * tapBytes : 0);
  }

  private packWeights({ a }: Block, tap: Tap): void {
    const { body } = this;
    const { c, rows } = this.layout;
    const { leading, spatial } = c.weight;
    const ahead = tap.index.reduce((at, n, axis) => at + n * spatial[axis]!, 0);
    body
      .get(a)
      .i32(ahead | 0)
      .op('i32.add');
    this.at(this.tapAt(tap));
    body.i32(c.incoming).i32(c.outgoing).i32(0).i32(0);
    body.i32(rows * c.outgoing * c.bytes);
    body.call(packFunction(c.dtype, rows, leading[2], leading[1], this.e));
  }

  private writePhase(block: Block, phase: Phase): void {
    const { body, count, end, e } = this;
    const { layout } = this;
    const { c, grid, width, height } = layout;
    writeSmaller(body, block.column, grid.columns, sizeOf(phase.size), end);
    body.get(end).get(block.column).op('i32.sub').set(count);
    if (phase.taps.length === 0) {
      this.at(layout.resultAt);
      body
        .i32(0)
        .i32(height * width * c.bytes)
        .memoryFill();
    } else this.addTaps(block, phase);
    // Where the phase's places lie in the input.
    const { input } = c;
    const steps = input.spatial.map((step, axis) => step * c.windows.stride[axis]!);
    this.at(layout.listAt);
    body.get(block.column).get(count);
    this.wholeCount();
    body.call(listFunction(walkOf(phase.size, steps), e));
    const ahead = phase.first.reduce((at, n, axis) => at + n * input.spatial[axis]!, 0);
    this.at(layout.resultAt);
    body
      .get(block.to)
      .i32(ahead | 0)
      .op('i32.add')
      .get(count);
    this.at(layout.listAt);
    body.call(spreadFunction(c.dtype, c.incoming, width, input.leading[2], e));
  }

  /** Puts the number of columns on the stack, filled up to whole tiles. */
  private wholeCount(): void {
    const { columns } = this.layout;
    this.body
      .get(this.count)
      .i32(columns - 1)
      .op('i32.add')
      .i32(-columns)
      .op('i32.and');
  }

  private addTaps(block: Block, phase: Phase): void {
    const { body, place, count, e } = this;
    const { layout } = this;
    const { c, plane, low, columns } = layout;
    body
      .get(block.column)
      .i32(sizeOf(phase.size.slice(1)))
      .op('i32.div_u')
      .set(place);
    this.at(layout.planeAt);
    body.get(block.b).get(place).i32(low[0]!).op('i32.add').i32(c.outgoing);
    body.call(fillFunction(plane, e));
    this.at(layout.listAt);
    body.get(block.column).get(count);
    this.wholeCount();
    body.call(listFunction(walkOf(phase.size, plane.steps), e));
    phase.taps.forEach((tap, i) => {
      if (!layout.keeps) this.packWeights(block, tap);
      // The list counts from the phase's first place, the plane from the block's.
      const ahead = tap.shift.reduce((at, n, axis) => at + (n - low[axis]!) * plane.steps[axis]!, 0);
      this.at(layout.planeAt + ahead);
      body.get(place).i32(plane.steps[0]!).op('i32.mul').op('i32.sub');
      this.at(layout.bAt);
      body.get(count).i32(c.outgoing + 1);
      this.at(layout.listAt);
      body.i32(0).i32(columns * (c.outgoing + 1) * c.bytes);
      body.call(packFunction(c.dtype, columns, undefined, plane.planeStep, e));
      this.at(this.tapAt(tap));
      this.at(layout.bAt);
      this.at(layout.resultAt);
      body.get(count).call(tapFunction(layout, i === 0, e));
    });
  }
}

/** `tap(a, b, to, columns)`: the products of one tap, stored or added; all rows, whole tiles. */
function tapFunction(layout: Layout, isFirst: boolean, e: Emission): FunctionRef {
  const { c, rows, columns, height, width } = layout;
  const { bytes, lanes } = tileOf(c.dtype);
  const tile: Tile = {
    dtype: c.dtype,
    rows,
    vectors: columns / lanes,
    aRow: bytes,
    aDepth: rows * bytes,
    bDepth: columns * bytes,
    fused: e.fast,
  };
  const tileKey = [keyOf(tile), c.outgoing, width, isFirst].join();
  const one = e.shared(`tap tile ${tileKey}`, () =>
    e.module.function(undefined, ['i32', 'i32', 'i32'], [], (body) => writeTapTile(body, layout, tile, isFirst)),
  );
  return e.shared(`tap ${tileKey},${height}`, () =>
    e.module.function(undefined, ['i32', 'i32', 'i32', 'i32'], [], (body) => {
      const [a, b, to, count] = body.params as [Local, Local, Local, Local];
      const [column, row, left, target] = [0, 1, 2, 3].map(() => body.local('i32')) as [Local, Local, Local, Local];
      writeLoop(body, column, count, columns, () => {
        body
          .i32(height / rows)
          .set(row)
          .get(a)
          .set(left)
          .get(to)
          .set(target);
        countDown(body, row, () => {
          body.get(left).get(b).get(target).call(one);
          advance(body, left, rows * c.outgoing * bytes);
          advance(body, target, rows * width * bytes);
        });
        advance(body, b, columns * (c.outgoing + 1) * bytes);
        advance(body, to, columns * bytes);
      });
    }),
  );
}

function writeTapTile(body: FunctionBody, { c, width }: Layout, tile: Tile, isFirst: boolean): void {
  const [a, b, to] = body.params as [Local, Local, Local];
  const marks = body.local('i32');
  body
    .get(b)
    .i32(c.outgoing * tile.bDepth)
    .op('i32.add')
    .set(marks);
  const sums = writeTotals(body, tile, a, b, c.outgoing);
  sums.forEach((own, r) =>
    own.forEach((sum, v) => {
      const at = r * width * c.bytes + 16 * v;
      body.get(to);
      if (!isFirst) body.get(to).memory('v128.load', at, 2);
      body
        .get(sum)
        .get(marks)
        .memory('v128.load', 16 * v, 2)
        .op('v128.and');
      if (!isFirst) body.op(addOf(c.dtype));
      body.memory('v128.store', at, 2);
    }),
  );
}
