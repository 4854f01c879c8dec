/** One schedule as a WebAssembly function: rows, in them blocks. */
import { bytesPerElement } from '../../base/dtypes.ts';
import { emitRoots } from '../../base/lanes/emit.ts';
import type { LaneGraph, Node } from '../../base/lanes/graph.ts';
import { SCALAR_LOADS, ScalarForm, type SlowFunctions } from '../../base/lanes/scalar-form.ts';
import { VectorForm, writeSignMasks, writeSplat, writeSpread } from '../../base/lanes/vector-form.ts';
import type { FunctionBody, Local } from '../../base/wasm/index.ts';
import { BlockWriter, type Given } from './loop-block.ts';
import { ONCE, PER_ROW } from './loop-levels.ts';
import type { Nest } from './loop-nest.ts';
import { addressOf, Pointers } from './loop-pointers.ts';
import { rowsOf, type Schedule } from './loop-schedule.ts';

/** Writes units `first` … `last` − 1 of a schedule (the function's first two parameters). */
export function writeLoop(
  body: FunctionBody,
  schedule: Schedule,
  nest: Nest,
  graph: LaneGraph,
  slow: SlowFunctions,
): void {
  new LoopWriter(body, schedule, nest, graph, slow).write();
}

class LoopWriter {
  private readonly body: FunctionBody;
  private readonly schedule: Schedule;
  private readonly nest: Nest;
  private readonly graph: LaneGraph;
  private readonly scalars: ScalarForm;
  private readonly pointers: Pointers;
  private readonly block: BlockWriter;
  /** Along each outer axis. */
  private readonly indices: readonly Local[];

  constructor(body: FunctionBody, schedule: Schedule, nest: Nest, graph: LaneGraph, slow: SlowFunctions) {
    this.body = body;
    this.schedule = schedule;
    this.nest = nest;
    this.graph = graph;
    this.scalars = new ScalarForm(slow);
    this.pointers = new Pointers(body, schedule.courses);
    this.indices = schedule.outer.map(() => body.local('i32'));
    const { width, levels } = schedule;
    const form =
      width === undefined ? this.scalars : new VectorForm(slow, width, writeSignMasks(body, levels.perElement));
    this.block = new BlockWriter(body, schedule, nest, graph, form, this.pointers);
  }

  write(): void {
    const { body, schedule } = this;
    const { rowsPerUnit } = schedule;
    const rows = rowsOf(schedule);
    const [first, last] = body.params as [Local, Local];
    const scalars = this.once();
    const given = this.inForm(schedule.levels.handedOn[ONCE], scalars);
    if (schedule.width !== undefined) this.constants(given);
    const row = body.local('i32');
    const end = body.local('i32');
    body.get(first).i32(rowsPerUnit).op('i32.mul').set(row);
    body.get(last).i32(rowsPerUnit).op('i32.mul').set(end);
    body.get(end).i32(rows).get(end).i32(rows).op('i32.lt_s').select('i32').set(end);
    this.findIndices(row);
    this.pointers.place(this.indices);
    this.repeatUntil(rows === 1, row, end, () => {
      this.row(scalars, given);
      if (rows > 1) this.nextRow(schedule.outer.length - 1);
    });
  }

  private repeatUntil(single: boolean, row: Local, end: Local, inside: () => void): void {
    if (single) return inside();
    const { body } = this;
    body.loop([], (again) => {
      inside();
      body.get(row).i32(1).op('i32.add').tee(row).get(end).op('i32.lt_s').brIf(again);
    });
  }

  private findIndices(row: Local): void {
    const { body, indices } = this;
    const { outer } = this.schedule;
    if (outer.length === 0) return;
    const rest = body.local('i32');
    body.get(row).set(rest);
    for (let axis = outer.length - 1; axis > 0; axis--) {
      body.get(rest).i32(outer[axis]!).op('i32.rem_u').set(indices[axis]!);
      body.get(rest).i32(outer[axis]!).op('i32.div_u').set(rest);
    }
    body.get(rest).set(indices[0]!);
  }

  /** One step along an outer axis; from its end on to the next one outward. */
  private nextRow(axis: number): void {
    const { body, pointers } = this;
    const index = this.indices[axis]!;
    const size = this.schedule.outer[axis]!;
    pointers.alongAxis(axis, 1);
    body.get(index).i32(1).op('i32.add').tee(index);
    if (axis === 0) return void body.drop();
    body
      .i32(size)
      .op('i32.eq')
      .if([], () => {
        body.i32(0).set(index);
        pointers.alongAxis(axis, -size);
        this.nextRow(axis - 1);
      });
  }

  private row(scalars: Given, once: Given): void {
    const { schedule, block, body } = this;
    const { blockSize, leftover } = schedule;
    const given = this.perRow(scalars, once);
    const still = block.still();
    this.pointers.startRow();
    this.blocks(() => {
      block.write(given, still, blockSize);
      this.pointers.nextBlock();
    });
    if (leftover === 0) return;
    if (schedule.pieces === undefined) return block.write(given, still, leftover);
    this.isLastPiece(schedule.pieces.axis);
    body.if([], () => block.write(given, still, leftover));
  }

  private blocks(inside: () => void): void {
    const { body, schedule } = this;
    const { blocks, pieces } = schedule;
    if (pieces === undefined && blocks < 2) {
      if (blocks === 1) inside();
      return;
    }
    const left = body.local('i32');
    if (pieces === undefined) body.i32(blocks);
    else {
      body.i32(blocks - (schedule.outer[pieces.axis]! - 1) * pieces.blocks).i32(pieces.blocks);
      this.isLastPiece(pieces.axis);
      body.select('i32');
    }
    body.set(left).loop([], (again) => {
      inside();
      body.get(left).i32(1).op('i32.sub').tee(left).brIf(again);
    });
  }

  private isLastPiece(axis: number): void {
    const count = this.schedule.outer[axis]!;
    this.body
      .get(this.indices[axis]!)
      .i32(count - 1)
      .op('i32.eq');
  }

  // What does not change with the element ----------------------------------------------------------------------------

  /** Once for all rows, as single numbers. */
  private once(): Given {
    const { body, schedule, nest } = this;
    return emitRoots(body, this.graph, schedule.levels.handedOn[ONCE], this.scalars, new Map(), (input) => {
      const { arg, dtype, start } = schedule.courses[nest.reads.get(input)!]!;
      body.get(addressOf(body, arg)).memory(SCALAR_LOADS[dtype], start * bytesPerElement(dtype));
    });
  }

  private perRow(scalars: Given, once: Given): Given {
    const { body, schedule, nest } = this;
    const own = schedule.levels.handedOn[PER_ROW];
    if (own.length === 0) return once;
    const computed = emitRoots(body, this.graph, own, this.scalars, scalars, (input) => {
      const k = nest.reads.get(input)!;
      body.get(this.pointers.block(k)).memory(SCALAR_LOADS[schedule.courses[k]!.dtype]);
    });
    return new Map([...once, ...this.inForm(own, computed)]);
  }

  /** Single numbers in the form in which blocks take them. */
  private inForm(nodes: readonly Node[], scalars: Given): Map<Node, Local> {
    const { width } = this.schedule;
    const given = new Map<Node, Local>();
    for (const node of nodes) {
      if (width === undefined) {
        given.set(node, scalars.get(node)!);
        continue;
      }
      this.body.get(scalars.get(node)!);
      writeSpread(this.body, node.type, width);
      this.keep(given, node);
    }
    return given;
  }

  /** Constants as vectors: inside the blocks they would be built anew each time. */
  private constants(given: Map<Node, Local>): void {
    for (const node of this.schedule.levels.constants) {
      writeSplat(this.body, node);
      this.keep(given, node);
    }
  }

  private keep(given: Map<Node, Local>, node: Node): void {
    const vector = this.body.local('v128');
    this.body.set(vector);
    given.set(node, vector);
  }
}
