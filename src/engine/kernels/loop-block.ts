/** The elements of one block, vector by vector: read, computed, written. */
import { bytesPerElement } from '../../base/dtypes.ts';
import { emitRoots, type Form } from '../../base/lanes/emit.ts';
import type { LaneGraph, Node } from '../../base/lanes/graph.ts';
import { SCALAR_LOADS, SCALAR_STORES } from '../../base/lanes/scalar-form.ts';
import type { FunctionBody, Local } from '../../base/wasm/index.ts';
import { writeGather, writeScatter, writeTranspose } from './loop-lanes.ts';
import type { Nest } from './loop-nest.ts';
import type { Pointers } from './loop-pointers.ts';
import { lanesOf, type Course, type Schedule } from './loop-schedule.ts';

export type Given = ReadonlyMap<Node, Local>;

/** What blocks read without moving on: the vectors of one row, by stream and places. */
export type StillVectors = ReadonlyMap<string, Local>;

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
    const { width, courses, blocks, blockSize, leftover } = this.schedule;
    if (width === undefined) return vectors;
    for (const k of this.nest.reads.values()) {
      if (courses[k]!.advance !== 0 || isOnePlace(courses[k]!)) continue;
      for (let first = 0; first < (blocks > 0 ? blockSize : leftover); first += this.lanes) {
        const key = stillKey(k, this.placesAt(k, first, this.lanes));
        if (!vectors.has(key))
          vectors.set(
            key,
            this.kept(() => this.loadVector(k, first, this.lanes)),
          );
      }
    }
    return vectors;
  }

  /** The first `count` elements of the block at which the pointers stand. */
  write(given: Given, still: StillVectors, count: number): void {
    const turned = this.turned();
    for (let first = 0; first < count; first += this.lanes) {
      const own = new Map(given);
      for (const [input, vectors] of turned) own.set(input, vectors[first / this.lanes]!);
      this.writeVector(own, still, first, Math.min(this.lanes, count - first));
    }
  }

  private writeVector(given: Given, still: StillVectors, first: number, count: number): void {
    const { body, nest } = this;
    const values = emitRoots(body, this.graph, nest.writes, this.form, given, (input) => {
      const k = nest.reads.get(input)!;
      const known = still.get(stillKey(k, this.placesAt(k, first, this.lanes)));
      if (known !== undefined) body.get(known);
      else if (this.schedule.width === undefined) this.loadScalar(k, first);
      else this.loadVector(k, first, count);
    });
    nest.writes.forEach((value, k) => this.store(k, values.get(value)!, first, count));
  }

  private loadScalar(k: number, element: number): void {
    const { dtype } = this.schedule.courses[k]!;
    const at = this.pointers.places(k)[element]! * bytesPerElement(dtype);
    this.body.get(this.pointers.block(k)).memory(SCALAR_LOADS[dtype], at);
  }

  private loadVector(k: number, first: number, count: number): void {
    const { dtype } = this.schedule.courses[k]!;
    const places = this.placesAt(k, first, count);
    writeGather(this.body, dtype, this.schedule.width!, this.pointers.block(k), places);
  }

  private store(k: number, value: Local, first: number, count: number): void {
    const { body, pointers } = this;
    const { width, courses } = this.schedule;
    const { dtype } = courses[k]!;
    const places = this.placesAt(k, first, count);
    if (width !== undefined) return writeScatter(body, dtype, width, pointers.block(k), places, value);
    body.get(pointers.block(k)).get(value);
    body.memory(SCALAR_STORES[dtype], places[0]! * bytesPerElement(dtype));
  }

  private placesAt(k: number, first: number, count: number): readonly number[] {
    return this.pointers.places(k).slice(first, first + count);
  }

  /** Inputs that lie across the block: its vectors are columns in memory. */
  private turned(): ReadonlyMap<Node, readonly Local[]> {
    const out = new Map<Node, readonly Local[]>();
    const { width, courses } = this.schedule;
    if (width === undefined) return out;
    for (const [input, k] of this.nest.reads) {
      if (!isAcrossBlock(courses[k]!, this.lanes) || bytesPerElement(courses[k]!.dtype) !== width) continue;
      const places = this.pointers.places(k);
      const columns = places.slice(0, this.lanes).map((place) =>
        this.kept(() => {
          this.body.get(this.pointers.block(k)).memory('v128.load', place * width, width === 8 ? 3 : 2);
        }),
      );
      out.set(input, writeTranspose(this.body, width, columns));
    }
    return out;
  }

  private kept(write: () => void): Local {
    write();
    const local = this.body.local('v128');
    this.body.set(local);
    return local;
  }
}

const stillKey = (k: number, places: readonly number[]): string => `${k}: ${places.join()}`;

const isOnePlace = ({ offsets }: Course): boolean => offsets.every((offset) => offset === offsets[0]);

/** A square of which element j of vector v is v + j·step, step being more than 1. */
function isAcrossBlock({ offsets }: Course, lanes: number): boolean {
  if (offsets.length !== lanes * lanes || Math.abs(offsets[1]!) <= 1) return false;
  return offsets.every((offset, e) => offset === Math.floor(e / lanes) + (e % lanes) * offsets[1]!);
}
