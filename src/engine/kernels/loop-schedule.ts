/** In which order a loop visits its elements: rows of blocks of vectors. */
import { laneWidth, type LaneWidth } from '../../base/lanes/vector-form.ts';
import { bytesPerElement } from '../../base/dtypes.ts';
import type { LaneGraph } from '../../base/lanes/graph.ts';
import { levelsOf, ONCE, PER_ELEMENT, PER_ROW, type Level, type Levels } from './loop-levels.ts';
import type { Axis, Nest, Stream } from './loop-nest.ts';

/** How one access moves. All numbers count elements. */
export interface Course extends Stream {
  /** From one index of each outer axis to the next. */
  readonly outer: readonly number[];
  /** Where the elements of a block are, from its first one. */
  readonly offsets: readonly number[];
  /** From one block to the next. */
  readonly advance: number;
}

export interface Schedule {
  /** Bytes per lane; undefined where the expression has no vector form and elements go one by one. */
  readonly width: LaneWidth | undefined;
  /** Lengths of the outer axes: their product is the number of rows. */
  readonly outer: readonly number[];
  readonly courses: readonly Course[];
  readonly levels: Levels;
  /** Elements per block, a multiple of the lanes. */
  readonly blockSize: number;
  /** Vectors computed at the same time. */
  readonly together: number;
  /** Whole blocks in a row, or in all pieces of a row together. */
  readonly blocks: number;
  /** Elements behind the last block: the first ones of one more. */
  readonly leftover: number;
  /** Rows that are cut into pieces of so many blocks, along that one of the outer axes. */
  readonly pieces: { readonly axis: number; readonly blocks: number } | undefined;
  readonly rowsPerUnit: number;
}

/** Elements in a unit of work: a few microseconds, and small enough for the first-level cache. */
const UNIT = 4096;
/** Nodes of an expression that is hardly more than its reads and writes, and of one that needs all registers. */
const SHORT_GRAPH = 8;
const LONG_GRAPH = 256;
/** Rows up to this length are walked several at a time. */
const SHORT_ROW = 32;
const LARGEST_BLOCK_VECTORS = 16;
const LARGEST_BLOCK_NODES = 1500;
/** Columns of a strip that is transposed: as many rows of both sides fit into the first-level cache. */
const STRIP = 64;

/** What is chosen: how the elements of a block lie in the axes. */
interface Layout {
  readonly width: LaneWidth | undefined;
  readonly levels: Levels;
  /** Positions of the axes that a block lies in, outer one first. */
  readonly axes: readonly number[];
}

/** Rows, pieces of rows counted each. */
export const rowsOf = ({ outer }: Schedule): number => outer.reduce((a, b) => a * b, 1);

/** Units of work: whole numbers of rows. */
export const unitsOf = (schedule: Schedule): number => Math.ceil(rowsOf(schedule) / schedule.rowsPerUnit);

/** The boxes a loop is cut into, each with its order. */
export function schedulesOf(nest: Nest, graph: LaneGraph): readonly Schedule[] {
  return tiled(nest, graph) ?? [inRows(nest, graph)];
}

function layoutOf(nest: Nest, graph: LaneGraph, axes: readonly number[]): Layout {
  const levelOf = (stream: number): Level => {
    if (axes.some((axis) => nest.axes[axis]!.steps[stream] !== 0)) return PER_ELEMENT;
    return nest.axes.some(({ steps }) => steps[stream] !== 0) ? PER_ROW : ONCE;
  };
  const levels = levelsOf(graph, nest.writes, (input) => levelOf(nest.reads.get(input)!));
  const single = axes.length === 0;
  const width = single ? undefined : laneWidth(levels.perElement, [...levels.handedOn.flat(), ...levels.constants]);
  return { axes, width, levels };
}

/** Elements per vector. */
export const lanesOf = (width: LaneWidth | undefined): number => (width === undefined ? 1 : 16 / width);

/**
 * How many vectors' worth of operations are woven together: two hide most of the latency of their chains (20 % in tanh),
 * four gain no more; for loads and stores alone, the fewer turns the better.
 */
function together({ perElement }: Levels): number {
  if (perElement.length <= SHORT_GRAPH) return 4;
  return perElement.length < LONG_GRAPH ? 2 : 1;
}

/** Along the innermost axis; along the two innermost where that one is short. */
function inRows(nest: Nest, graph: LaneGraph): Schedule {
  const last = nest.axes.length - 1;
  const short = shortRows(nest, graph);
  if (short !== undefined) return short;
  const layout = layoutOf(nest, graph, last < 0 ? [] : [last]);
  const lanes = lanesOf(layout.width);
  const length = nest.axes[last]?.size ?? 1;
  let vectors = together(layout.levels);
  while (vectors > 1 && vectors * lanes > length) vectors /= 2;
  const blockSize = vectors * lanes;
  const digits = Array.from({ length: blockSize }, (_, e) => [e]);
  return inPieces(nest, layout, digits, length, { axis: last, step: blockSize });
}

/** Rows of a few elements, several at a time, so that vectors are full. */
function shortRows(nest: Nest, graph: LaneGraph): Schedule | undefined {
  const last = nest.axes.length - 1;
  const columns = nest.axes[last]?.size ?? 0;
  if (last < 1 || columns > SHORT_ROW) return undefined;
  const layout = layoutOf(nest, graph, [last - 1, last]);
  const lanes = lanesOf(layout.width);
  const blockSize = leastCommonMultiple(columns, lanes);
  const vectors = blockSize / lanes;
  if (vectors > LARGEST_BLOCK_VECTORS || vectors * layout.levels.perElement.length > LARGEST_BLOCK_NODES)
    return undefined;
  const digits = Array.from({ length: blockSize }, (_, e) => [Math.floor(e / columns), e % columns]);
  const length = nest.axes[last - 1]!.size * columns;
  return inPieces(nest, layout, digits, length, { axis: last - 1, step: blockSize / columns });
}

/** Rows of `length` elements in blocks, cut into pieces where they are long. */
function inPieces(
  nest: Nest,
  layout: Layout,
  digits: readonly (readonly number[])[],
  length: number,
  along: { readonly axis: number; readonly step: number },
): Schedule {
  const blockSize = digits.length;
  const blocks = Math.floor(length / blockSize);
  const perPiece = Math.ceil(UNIT / blockSize);
  const outer = nest.axes.filter((_, i) => !layout.axes.includes(i));
  const advance = nest.streams.map((_, k) => (nest.axes[along.axis]?.steps[k] ?? 0) * along.step);
  const cut = blocks >= 2 * perPiece;
  if (cut) outer.push({ size: Math.ceil(blocks / perPiece), steps: advance.map((step) => step * perPiece) });
  const pieces = cut ? { axis: outer.length - 1, blocks: perPiece } : undefined;
  const elements = cut ? perPiece * blockSize : length;
  return scheduled(nest, layout, digits, outer, advance, { blocks, leftover: length % blockSize, pieces }, elements);
}

function scheduled(
  nest: Nest,
  { width, levels, axes }: Layout,
  digits: readonly (readonly number[])[],
  outer: readonly Axis[],
  advance: readonly number[],
  row: Pick<Schedule, 'blocks' | 'leftover' | 'pieces'>,
  elementsPerRow: number,
): Schedule {
  const courses = nest.streams.map((stream, k): Course => ({
    ...stream,
    outer: outer.map(({ steps }) => steps[k]!),
    offsets: digits.map((at) => at.reduce((sum, digit, i) => sum + digit * (nest.axes[axes[i]!]?.steps[k] ?? 0), 0)),
    advance: advance[k]!,
  }));
  return {
    width,
    levels,
    courses,
    outer: outer.map(({ size }) => size),
    blockSize: digits.length,
    together: together(levels),
    rowsPerUnit: Math.max(1, Math.floor(UNIT / Math.max(1, elementsPerRow))),
    ...row,
  };
}

/** Squares of vectors, where something is read across: transposed in registers. What is left at two sides goes in rows. */
function tiled(nest: Nest, graph: LaneGraph): readonly Schedule[] | undefined {
  const across = axisAcross(nest);
  if (across === undefined) return undefined;
  const last = nest.axes.length - 1;
  const layout = layoutOf(nest, graph, [across, last]);
  const { width } = layout;
  const lanes = lanesOf(width);
  const [rows, columns] = [nest.axes[across]!.size, nest.axes[last]!.size];
  const fits = nest.streams.some((stream, k) => bytesPerElement(stream.dtype) === width && isAcross(nest, k, across));
  if (width === undefined || !fits || rows < lanes || columns < lanes) return undefined;
  if (lanes * layout.levels.perElement.length > LARGEST_BLOCK_NODES) return undefined;
  const square = box(box(nest, across, 0, rows - (rows % lanes)), last, 0, columns - (columns % lanes));
  const out = [squares(square, layout, across, lanes)];
  const right = box(nest, last, columns - (columns % lanes), columns);
  const below = box(box(nest, across, rows - (rows % lanes), rows), last, 0, columns - (columns % lanes));
  for (const rest of [right, below]) {
    const axes = rest.axes.filter(({ size }) => size !== 1);
    if (axes.every(({ size }) => size > 0)) out.push(inRows({ ...rest, axes }, graph));
  }
  return out;
}

function squares(nest: Nest, layout: Layout, across: number, lanes: number): Schedule {
  const last = nest.axes.length - 1;
  const digits = Array.from({ length: lanes * lanes }, (_, e) => [Math.floor(e / lanes), e % lanes]);
  const { size, steps } = nest.axes[last]!;
  const blocks = size / lanes;
  const perPiece = STRIP / lanes;
  const advance = steps.map((step) => step * lanes);
  const outer = nest.axes.filter((_, i) => !layout.axes.includes(i));
  const cut = blocks >= 2 * perPiece;
  if (cut) outer.push({ size: Math.ceil(blocks / perPiece), steps: advance.map((step) => step * perPiece) });
  const pieces = cut ? { axis: outer.length - 1, blocks: perPiece } : undefined;
  const down = nest.axes[across]!;
  outer.push({ size: down.size / lanes, steps: down.steps.map((step) => step * lanes) });
  const elements = lanes * lanes * (cut ? perPiece : blocks);
  return scheduled(nest, layout, digits, outer, advance, { blocks, leftover: 0, pieces }, elements);
}

/** The axis along which a stream that jumps along the innermost axis is contiguous. */
function axisAcross(nest: Nest): number | undefined {
  const last = nest.axes.length - 1;
  for (const k of nest.reads.values()) {
    const found = nest.axes.findIndex((_, i) => i < last && isAcross(nest, k, i));
    if (found >= 0) return found;
  }
  return undefined;
}

function isAcross(nest: Nest, stream: number, axis: number): boolean {
  const step = Math.abs(nest.axes[nest.axes.length - 1]!.steps[stream]!);
  return step > 1 && nest.axes[axis]!.steps[stream] === 1;
}

/** The part of a nest between two indices of an axis. */
function box(nest: Nest, axis: number, from: number, to: number): Nest {
  const { steps } = nest.axes[axis]!;
  return {
    ...nest,
    axes: nest.axes.map((x, i) => (i === axis ? { size: to - from, steps } : x)),
    streams: nest.streams.map((stream, k) => ({ ...stream, start: stream.start + from * steps[k]! })),
  };
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
