/** The elements of one block, vector by vector: read, computed, written. */
import { bytesPerElement } from '../../base/dtypes.ts';
import { emitRoots, type Form } from '../../base/lanes/emit.ts';
import type { LaneGraph, Node } from '../../base/lanes/graph.ts';
import { LANE_TYPES } from '../../base/lanes/program.ts';
import { SCALAR_LOADS, SCALAR_STORES, scalarType } from '../../base/lanes/scalar-form.ts';
import { WasmError, type FunctionBody, type Local } from '../../base/wasm/index.ts';
import { writeAddress } from './elements.ts';
import { writeGather, writeLoadRaw, writeScatter, writeTranspose } from './loop-lanes.ts';
import type { Nest } from './loop-nest.ts';
import type { Pointers } from './loop-pointers.ts';
import { lanesOf, type Course, type Schedule } from './loop-schedule.ts';

export type Given = ReadonlyMap<Node, Local>;

/** What blocks read without moving on: the vectors of one row, by stream and places. */
export type StillVectors = ReadonlyMap<string, Local>;

/** The vectors of inputs that were transposed. */
type Turned = ReadonlyMap<Node, readonly Local[]>;

/** The elements of one vector. */
interface Piece {
  readonly first: number;
  readonly count: number;
}

export class BlockWriter {
  private readonly body: FunctionBody;
  private readonly schedule: Schedule;
  private readonly nest: Nest;
  private readonly graph: LaneGraph;
  private readonly form: Form;
  private readonly pointers: Pointers;
  private readonly lanes: number;

  constructor(body: FunctionBody, schedule: Schedule, nest: Nest, graph: LaneGraph, form: Form, pointers: Pointers) {
    this.body = body;
    this.schedule = schedule;
    this.nest = nest;
    this.graph = graph;
    this.form = form;
    this.pointers = pointers;
    this.lanes = lanesOf(schedule.width);
  }

  /** Loads what stays the same from block to block: a short row that is repeated along an axis. */
  still(): StillVectors {
    const vectors = new Map<string, Local>();
    const { courses, levels, blocks, blockSize, leftover } = this.schedule;
    for (const [input, k] of this.nest.reads) {
      if (!isStill(courses[k]!) || !levels.perElement.includes(input)) continue;
      for (let first = 0; first < (blocks > 0 ? blockSize : leftover); first += this.lanes) {
        const key = stillKey(k, this.placesAt(k, first, this.lanes));
        if (!vectors.has(key)) vectors.set(key, this.load(k, first, this.lanes));
      }
    }
    return vectors;
  }

  /** The first `count` elements of the block at which the pointers stand. */
  write(given: Given, still: StillVectors, count: number): void {
    const turned = this.turned();
    const step = this.schedule.together * this.lanes;
    for (let first = 0; first < count; first += step) {
      this.writeVectors(given, still, turned, first, Math.min(first + step, count));
    }
  }

  /**
   * Elements `start` to `end`. All reads come first and all writes last: between them the vectors do not depend on each
   * other, and the compiler weaves their chains of operations together.
   */
  private writeVectors(given: Given, still: StillVectors, turned: Turned, start: number, end: number): void {
    const { nest } = this;
    const vectors: Piece[] = [];
    for (let first = start; first < end; first += this.lanes) {
      vectors.push({ first, count: Math.min(this.lanes, end - first) });
    }
    const read = vectors.map((piece) => this.read(piece, given, still, turned));
    const computed = read.map((inputs) =>
      emitRoots(this.body, this.graph, nest.writes, this.form, inputs, (input) => {
        throw new WasmError(`a loop has not read its input ${input.value}`);
      }),
    );
    vectors.forEach((piece, i) => {
      nest.writes.forEach((value, k) => this.store(k, computed[i]!.get(value)!, piece));
    });
  }

  /** All that is known of one vector before it is computed. */
  private read({ first, count }: Piece, given: Given, still: StillVectors, turned: Turned): Given {
    const own = new Map(given);
    for (const [input, k] of this.nest.reads) {
      if (isStill(this.schedule.courses[k]!)) {
        const known = still.get(stillKey(k, this.placesAt(k, first, this.lanes)));
        if (known !== undefined) own.set(input, known);
      } else {
        const across = turned.get(input);
        own.set(input, across?.[first / this.lanes] ?? this.load(k, first, count));
      }
    }
    return own;
  }

  private load(k: number, first: number, count: number): Local {
    const { body, pointers } = this;
    const { width, courses } = this.schedule;
    const { dtype } = courses[k]!;
    const places = this.placesAt(k, first, count);
    if (width !== undefined) writeGather(body, dtype, width, pointers.block(k), places);
    else {
      const at = writeAddress(body, pointers.block(k), places[0]! * bytesPerElement(dtype));
      body.memory(SCALAR_LOADS[dtype], at);
    }
    const local = body.local(width === undefined ? scalarType({ type: LANE_TYPES[dtype] }) : 'v128');
    body.set(local);
    return local;
  }

  private store(k: number, value: Local, { first, count }: Piece): void {
    const { body, pointers } = this;
    const { width, courses } = this.schedule;
    const { dtype } = courses[k]!;
    const places = this.placesAt(k, first, count);
    if (width !== undefined) return writeScatter(body, dtype, width, pointers.block(k), places, value);
    const at = writeAddress(body, pointers.block(k), places[0]! * bytesPerElement(dtype));
    body.get(value).memory(SCALAR_STORES[dtype], at);
  }

  private placesAt(k: number, first: number, count: number): readonly number[] {
    return this.schedule.courses[k]!.offsets.slice(first, first + count);
  }

  /** Inputs that lie across the block: its vectors are columns in memory. */
  private turned(): Turned {
    const out = new Map<Node, readonly Local[]>();
    const { body, pointers } = this;
    const { width, courses } = this.schedule;
    if (width === undefined) return out;
    for (const [input, k] of this.nest.reads) {
      if (!isAcrossBlock(courses[k]!, this.lanes) || bytesPerElement(courses[k]!.dtype) !== width) continue;
      const columns = this.placesAt(k, 0, this.lanes).map((place) => {
        const column = body.local('v128');
        writeLoadRaw(body, width, pointers.block(k), place * width);
        body.set(column);
        return column;
      });
      out.set(input, writeTranspose(body, width, columns));
    }
    return out;
  }
}

const stillKey = (k: number, places: readonly number[]): string => `${k}: ${places.join()}`;

/** Whether all blocks of a row find it in the same place. */
const isStill = ({ advance }: Course): boolean => advance === 0;

/** A square of which element j of vector v is v + j·step, step being more than 1. */
function isAcrossBlock({ offsets }: Course, lanes: number): boolean {
  if (offsets.length !== lanes * lanes || Math.abs(offsets[1]!) <= 1) return false;
  return offsets.every((offset, e) => offset === Math.floor(e / lanes) + (e % lanes) * offsets[1]!);
}
