/** Where a loop's accesses stand: at the start of a row, and at the next block in it. */
import { bytesPerElement } from '../../base/dtypes.ts';
import type { FunctionBody, Local } from '../../base/wasm/index.ts';
import type { Course } from './loop-schedule.ts';

/** Parameters before the addresses: first and last unit, scratch. */
const FIRST_ARG = 3;

export const addressOf = (body: FunctionBody, arg: number): Local => body.params[FIRST_ARG + arg]!;

interface Pointer {
  readonly course: Course;
  readonly row: Local;
  /** The row's own where the course does not move within rows. */
  readonly block: Local;
}

export class Pointers {
  private readonly body: FunctionBody;
  /** One for each course; courses that are alike share. */
  private readonly pointers: readonly Pointer[];
  private readonly distinct: ReadonlySet<Pointer>;

  constructor(body: FunctionBody, courses: readonly Course[]) {
    this.body = body;
    const known = new Map<string, Pointer>();
    this.pointers = courses.map((course) => {
      const key = JSON.stringify(course);
      let pointer = known.get(key);
      if (pointer === undefined) {
        const row = body.local('i32');
        pointer = { course, row, block: course.advance === 0 ? row : body.local('i32') };
        known.set(key, pointer);
      }
      return pointer;
    });
    this.distinct = new Set(this.pointers);
  }

  /** The address of the first element of the next block. */
  block(stream: number): Local {
    return this.pointers[stream]!.block;
  }

  /** To the row with these indices along the outer axes. */
  place(indices: readonly Local[]): void {
    const { body } = this;
    for (const { course, row } of this.distinct) {
      const bytes = bytesPerElement(course.dtype);
      body.get(addressOf(body, course.arg));
      body.i32((course.start * bytes) | 0).op('i32.add');
      course.outer.forEach((step, axis) => {
        if (step === 0) return;
        body.get(indices[axis]!);
        body.i32((step * bytes) | 0).op('i32.mul');
        body.op('i32.add');
      });
      body.set(row);
    }
  }

  /** `times` steps along an outer axis. */
  alongAxis(axis: number, times: number): void {
    for (const { course, row } of this.distinct) this.add(row, course, course.outer[axis]! * times);
  }

  startRow(): void {
    for (const { row, block } of this.distinct) if (block !== row) this.body.get(row).set(block);
  }

  nextBlock(): void {
    for (const { course, block } of this.distinct) this.add(block, course, course.advance);
  }

  private add(pointer: Local, { dtype }: Course, elements: number): void {
    if (elements === 0) return;
    // Memory has 2^32 bytes: distances wrap as addresses do.
    const bytes = (elements * bytesPerElement(dtype)) | 0;
    this.body.get(pointer).i32(bytes).op('i32.add').set(pointer);
  }
}
