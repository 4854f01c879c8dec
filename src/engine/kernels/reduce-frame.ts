/** What the generators of reductions share: the loop over units, where elements lie, and the expression of what is read. */
import { emitGraph, type Form } from '../../base/lanes/emit.ts';
import type { LaneGraph, Node } from '../../base/lanes/graph.ts';
import { ScalarForm, type SlowFunctions } from '../../base/lanes/scalar-form.ts';
import { VectorForm, writeSignMasks, writeSplat, type LaneWidth } from '../../base/lanes/vector-form.ts';
import type { FunctionBody, Local } from '../../base/wasm/index.ts';
import { writeLoad, writeLoadVector } from './elements.ts';
import { bytesOf, lanesOf, type Layout, type Read } from './reduce-layout.ts';
import { writeDigits, writeLoop, writeOffset } from './places.ts';

/** Of a task's function: first unit, the unit behind the last, scratch bytes; then the buffers. */
const BUFFERS = 3;

/** Where in the reduced axes an element is looked for: the index along each, in locals. */
export type Place = readonly Local[];

export class Frame {
  readonly body: FunctionBody;
  readonly layout: Layout;
  readonly lanes: number;
  readonly scratch: Local;
  /** For each read the address of its element 0 for the unit at hand, and for the result. */
  private readonly sources: readonly Local[];
  readonly target: Local;
  private readonly graph: LaneGraph;
  private readonly slow: SlowFunctions;
  private readonly vectorForm: VectorForm | undefined;
  private readonly constants: Map<Node, Local> = new Map();
  /** Reads that stay the same while a result is computed. */
  private readonly steady: readonly Read[];

  constructor(body: FunctionBody, layout: Layout, graph: LaneGraph, slow: SlowFunctions) {
    this.body = body;
    this.layout = layout;
    this.graph = graph;
    this.slow = slow;
    this.lanes = lanesOf(layout.width);
    this.scratch = body.params[2]!;
    this.sources = layout.reads.map(() => body.local('i32'));
    this.target = body.local('i32');
    this.steady = layout.reads.filter((read) => read.inner.every((stride) => stride === 0));
    this.vectorForm = layout.width === undefined ? undefined : this.prepareVectors(layout.width);
  }

  /** For every unit: its tile along the columns (`from` … `to`), with the addresses set to the unit's first element. */
  eachUnit(tile: number, inside: (from: Local, to: Local) => void): void {
    const { body, layout } = this;
    const [first, end] = body.params as [Local, Local];
    const tiles = Math.max(1, Math.ceil(layout.columns / tile));
    const u = body.local('i32');
    const from = body.local('i32');
    const to = body.local('i32');
    body.get(first).set(u);
    writeLoop(body, u, end, 1, () => {
      const digits = writeDigits(body, u, tiles === 1 ? layout.units : [...layout.units, tiles]);
      layout.reads.forEach((read, k) => {
        this.writeStart(BUFFERS + k, read, read.units, digits);
        body.set(this.sources[k]!);
      });
      this.writeStart(BUFFERS + layout.reads.length, layout.to, layout.to.units, digits);
      body.set(this.target);
      if (tiles > 1) {
        const last = digits[digits.length - 1]!;
        body.get(last).i32(tile).op('i32.mul').tee(from).i32(tile).op('i32.add').set(to);
        body.get(to).i32(layout.columns).get(to).i32(layout.columns).op('i32.lt_s').select('i32').set(to);
      } else {
        body.i32(0).set(from).i32(layout.columns).set(to);
      }
      inside(from, to);
    });
  }

  private writeStart(
    param: number,
    access: { readonly dtype: Read['dtype']; readonly start: number },
    strides: readonly number[],
    digits: readonly Local[],
  ): void {
    const { body } = this;
    body.get(body.params[param]!);
    if (access.start !== 0) body.i32((access.start * bytesOf(access)) | 0).op('i32.add');
    writeOffset(body, digits, strides, bytesOf(access));
  }

  /** What does not change inside of the reduction, `shift` lanes behind `column`, read once: the expression's `given`. */
  writeSteady(column: Local | undefined, shift: number, vectors: boolean): ReadonlyMap<Node, Local> {
    const given = new Map<Node, Local>(vectors ? this.constants : []);
    for (const read of this.steady) {
      this.writeRead(read, column, [], shift, this.lanes, vectors);
      const type = vectors ? 'v128' : new ScalarForm(this.slow).typeOf(read.input);
      const local = this.body.local(type);
      this.body.set(local);
      given.set(read.input, local);
    }
    return given;
  }

  /** Leaves the reduced expression on the stack: the element at `place`, `shift` further along the lanes. */
  writeElement(given: ReadonlyMap<Node, Local>, column: Local | undefined, place: Place, shift: number): void {
    this.writeExpression(new ScalarForm(this.slow), given, column, place, shift, 1, false);
  }

  /** The same as a vector; of the lanes from `count` on the value means nothing. */
  writeVector(
    given: ReadonlyMap<Node, Local>,
    column: Local | undefined,
    place: Place,
    shift: number,
    count: number = this.lanes,
  ): void {
    this.writeExpression(this.vectorForm!, given, column, place, shift, count, true);
  }

  private writeExpression(
    form: Form,
    given: ReadonlyMap<Node, Local>,
    column: Local | undefined,
    place: Place,
    shift: number,
    count: number,
    vectors: boolean,
  ): void {
    emitGraph(this.body, this.graph, this.layout.value, form, given, (input) => {
      const read = this.layout.reads.find((r) => r.input === input)!;
      this.writeRead(read, column, place, shift, count, vectors);
    });
  }

  private writeRead(
    read: Read,
    column: Local | undefined,
    place: Place,
    shift: number,
    count: number,
    vectors: boolean,
  ): void {
    const { body } = this;
    const bytes = bytesOf(read);
    const source = this.sources[this.layout.reads.indexOf(read)]!;
    let address = source;
    const moves = (column !== undefined && read.lane !== 0) || place.some((_, axis) => read.inner[axis] !== 0);
    if (moves) {
      address = body.local('i32');
      body.get(source);
      if (column !== undefined) writeOffset(body, [column], [read.lane], bytes);
      writeOffset(body, place, read.inner, bytes);
      body.set(address);
    }
    const offset = shift * read.lane * bytes;
    if (!vectors) writeLoad(body, read.dtype, address, offset);
    else writeLoadVector(body, read.dtype, this.layout.width!, address, offset, read.lane, count);
  }

  private prepareVectors(width: LaneWidth): VectorForm {
    const { body, layout } = this;
    for (const node of layout.order) {
      if (node.op !== 'constant') continue;
      const vector = body.local('v128');
      writeSplat(body, node);
      body.set(vector);
      this.constants.set(node, vector);
    }
    return new VectorForm(this.slow, width, writeSignMasks(body, layout.order));
  }
}
