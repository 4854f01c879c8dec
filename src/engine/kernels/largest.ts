/** Where the largest element of each window lies: maximum pooling (ops/kernels/pooling.ts). */
import { bytesPerElement, type DType } from '../../base/dtypes.ts';
import { SCALAR_LOADS } from '../../base/lanes/scalar-form.ts';
import type { FunctionBody, Local, OpName } from '../../base/wasm/index.ts';
import type { AxisWindows } from '../../ops/kernels/pooling.ts';
import type { Emission, Task } from '../emission.ts';
import type { LargestStep } from '../steps.ts';
import { writeLoadVector } from './elements.ts';
import { writeDigits, writeLoop, writeOffset } from './places.ts';

/** Windows that are all alike: `taps` elements, the first of them at first + i·stride. */
interface Regular {
  readonly first: number;
  readonly stride: number;
  readonly taps: number;
}

const tapsOf = ({ starts, stops, step }: AxisWindows, i: number): number => Math.ceil((stops[i]! - starts[i]!) / step);

function regular(windows: AxisWindows): Regular | undefined {
  const { starts } = windows;
  const [first, second] = [starts[0] ?? 0, starts[1] ?? starts[0] ?? 0];
  const [stride, taps] = [second - first, starts.length === 0 ? 0 : tapsOf(windows, 0)];
  const alike = starts.every((start, i) => start === first + i * stride && tapsOf(windows, i) === taps);
  return alike ? { first, stride, taps } : undefined;
}

/** Up to so many elements, a window is written out. */
const WRITTEN_OUT = 16;

/** A unit is a row of windows. */
export function largestTask(step: LargestStep, e: Emission): Task {
  const { rows, columns, planes } = step;
  const [across, down] = [columns.starts.length, rows.starts.length];
  const taps =
    Math.max(...rows.starts.map((_, i) => tapsOf(rows, i)), 0) * (columns.starts.length > 0 ? tapsOf(columns, 0) : 0);
  return {
    function: e.shared(
      `largest ${step.source.dtype} ${JSON.stringify([planes, step.height, step.width, rows, columns])}`,
      () =>
        e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32'], [], (body) =>
          new LargestWriter(body, step).write(),
        ),
    ),
    args: [step.source, step.to],
    units: across === 0 ? 0 : planes * down,
    scratch: Math.ceil((8 * (across + down)) / 16) * 16,
    nanoseconds: planes * down * across * (2 + taps),
  };
}

class LargestWriter {
  private readonly body: FunctionBody;
  private readonly step: LargestStep;
  private readonly dtype: DType;
  private readonly bytes: number;
  private readonly lanes: number;
  private readonly type: 'f32' | 'f64' | 'i32';
  /** The largest so far, its place, and the element that is compared with it. */
  private readonly best: Local;
  private readonly place: Local;
  private readonly x: Local;

  constructor(body: FunctionBody, step: LargestStep) {
    this.body = body;
    this.step = step;
    this.dtype = step.source.dtype;
    this.bytes = bytesPerElement(this.dtype);
    this.lanes = 16 / this.bytes;
    this.type = this.dtype === 'float64' ? 'f64' : this.dtype === 'float32' ? 'f32' : 'i32';
    this.best = body.local(this.type);
    this.place = body.local('i32');
    this.x = body.local(this.type);
  }

  write(): void {
    const { body, step } = this;
    const [first, end, , source, to] = body.params as [Local, Local, Local, Local, Local];
    const across = step.columns.starts.length;
    const down = step.rows.starts.length;
    const [rows, columns] = [regular(step.rows), regular(step.columns)];
    const writtenOut = rows !== undefined && columns !== undefined && rows.taps * columns.taps <= WRITTEN_OUT;
    if (!writtenOut) this.writeTables();
    const [u, base, out, j] = ['i32', 'i32', 'i32', 'i32'].map(() => body.local('i32')) as [Local, Local, Local, Local];
    body.get(first).set(u);
    writeLoop(body, u, end, 1, () => {
      const [plane, i] = writeDigits(body, u, [step.planes, down]) as [Local, Local];
      body.get(source);
      writeOffset(body, [plane], [step.height * step.width], this.bytes);
      body.set(base).get(to);
      writeOffset(body, [u], [across], 4);
      body.set(out).i32(0).set(j);
      if (writtenOut && across >= this.lanes) {
        this.writeVectors(base, i, j, out, rows, columns);
      } else {
        writeLoop(body, j, across, 1, () => {
          if (writtenOut) this.writeRegular(base, i, j, rows, columns);
          else this.writeAny(base, i, j);
          body.get(out);
          writeOffset(body, [j], [1], 4);
          body.get(this.place).memory('i32.store');
        });
      }
    });
  }

  /** Nothing has been found: the place of the first element stands for windows of −∞ alone. */
  private startWindow(): void {
    const { body, type } = this;
    if (type === 'i32') body.i32(-0x80000000);
    else if (type === 'f32') body.f32(-Infinity);
    else body.f64(-Infinity);
    body.set(this.best);
  }

  /** Compares with the element at address + offset; `place` leaves its place on the stack. */
  private compare(address: Local, offset: number, place: () => void): void {
    const { body, type, best, x } = this;
    const op = (name: string): OpName => `${type}.${name}` as OpName;
    const wins = body.local('i32');
    body.get(address).memory(SCALAR_LOADS[this.dtype], offset).tee(x).get(best);
    // A NaN beats every number, and the last one the others.
    if (type === 'i32') body.op('i32.gt_s');
    else body.op(op('gt')).get(x).get(x).op(op('ne')).op('i32.or');
    body.set(wins).get(x).get(best).get(wins).select(type).set(best);
    place();
    body.get(this.place).get(wins).select('i32').set(this.place);
  }

  /** Leaves the place where window (i, j) begins on the stack. */
  private writeStart(i: Local, j: Local, rows: Regular, columns: Regular): void {
    this.body.i32(rows.first * this.step.width + columns.first);
    writeOffset(this.body, [i, j], [rows.stride * this.step.width, columns.stride], 1);
  }

  private writeRegular(base: Local, i: Local, j: Local, rows: Regular, columns: Regular): void {
    const { body, bytes } = this;
    const [start, address] = [body.local('i32'), body.local('i32')];
    this.writeStart(i, j, rows, columns);
    body.tee(start).set(this.place).get(base);
    writeOffset(body, [start], [1], bytes);
    body.set(address);
    this.startWindow();
    this.eachTap(rows, columns, (offset) => {
      this.compare(address, offset * bytes, () => body.get(start).i32(offset).op('i32.add'));
    });
  }

  private eachTap(rows: Regular, columns: Regular, visit: (offset: number) => void): void {
    const { step } = this;
    for (let r = 0; r < rows.taps; r++) {
      for (let c = 0; c < columns.taps; c++) visit(r * step.rows.step * step.width + c * step.columns.step);
    }
  }

  /** As many windows side by side as a vector has lanes; the last vector of a row ends with it. */
  private writeVectors(base: Local, i: Local, j: Local, out: Local, rows: Regular, columns: Regular): void {
    const { body, lanes } = this;
    const across = this.step.columns.starts.length;
    const last = across - lanes;
    writeLoop(body, j, last + 1, lanes, () => this.writeVector(base, i, j, out, rows, columns));
    if (across % lanes === 0) return;
    body.i32(last).set(j);
    this.writeVector(base, i, j, out, rows, columns);
  }

  private writeVector(base: Local, i: Local, j: Local, out: Local, rows: Regular, columns: Regular): void {
    const { body, bytes, type, lanes } = this;
    const shape = type === 'f64' ? 'f64x2' : type === 'f32' ? 'f32x4' : 'i32x4';
    const places = type === 'f64' ? 'i64x2' : 'i32x4';
    const op = (name: string): OpName => `${shape}.${name}` as OpName;
    const [start, address] = [body.local('i32'), body.local('i32')];
    const locals = Array.from({ length: 5 }, () => body.local('v128'));
    const [best, first, at, x, wins] = locals as [Local, Local, Local, Local, Local];
    const splatPlace = (): void => {
      if (type === 'f64') body.op('i64.extend_i32_u');
      body.op(`${places}.splat` as OpName);
    };
    this.writeStart(i, j, rows, columns);
    body.tee(start);
    splatPlace();
    body
      .v128(this.windowStarts(columns.stride))
      .op(`${places}.add` as OpName)
      .tee(first)
      .set(at);
    body.get(base);
    writeOffset(body, [start], [1], bytes);
    body.set(address);
    this.startWindow();
    body.get(this.best).op(op('splat')).set(best);
    this.eachTap(rows, columns, (offset) => {
      writeLoadVector(body, this.dtype, bytes as 4 | 8, address, offset * bytes, columns.stride);
      body.tee(x).get(best);
      if (type === 'i32') body.op('i32x4.gt_s');
      else body.op(op('gt')).get(x).get(x).op(op('ne')).op('v128.or');
      body.set(wins).get(x).get(best).get(wins).op('v128.bitselect').set(best);
      body.get(first).i32(offset);
      splatPlace();
      body
        .op(`${places}.add` as OpName)
        .get(at)
        .get(wins)
        .op('v128.bitselect')
        .set(at);
    });
    const target = body.local('i32');
    body.get(out);
    writeOffset(body, [j], [1], 4);
    body.set(target);
    if (type !== 'f64') return void body.get(target).get(at).memory('v128.store', 0, 2);
    for (let lane = 0; lane < lanes; lane++) {
      body
        .get(target)
        .get(at)
        .lane('i64x2.extract_lane', lane)
        .op('i32.wrap_i64')
        .memory('i32.store', 4 * lane);
    }
  }

  /** How far behind the first of them the windows of a vector begin. */
  private windowStarts(stride: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(16));
    for (let lane = 0; lane < this.lanes; lane++) view.setInt32(lane * this.bytes, lane * stride, true);
    return new Uint8Array(view.buffer);
  }

  private writeAny(base: Local, i: Local, j: Local): void {
    const { body, step, bytes } = this;
    const { rows, columns, width } = step;
    const locals = Array.from({ length: 6 }, () => body.local('i32'));
    const [r, bottom, c, right, at, address] = locals as [Local, Local, Local, Local, Local, Local];
    const down = rows.starts.length;
    const across = columns.starts.length;
    this.startWindow();
    this.entry(0, i);
    body.set(r);
    this.entry(down, i);
    body.set(bottom).get(r).i32(width).op('i32.mul');
    this.entry(2 * down, j);
    body.op('i32.add').set(this.place);
    writeLoop(body, r, bottom, rows.step, () => {
      this.entry(2 * down, j);
      body.set(c);
      this.entry(2 * down + across, j);
      body.set(right);
      writeLoop(body, c, right, columns.step, () => {
        body.get(r).i32(width).op('i32.mul').get(c).op('i32.add').set(at).get(base);
        writeOffset(body, [at], [1], bytes);
        body.set(address);
        this.compare(address, 0, () => body.get(at));
      });
    });
  }

  /** Where windows begin and end, rows first, in the thread's scratch bytes. */
  private writeTables(): void {
    const { body, step } = this;
    const { rows, columns } = step;
    [...rows.starts, ...rows.stops, ...columns.starts, ...columns.stops].forEach((place, k) => {
      body
        .get(body.params[2]!)
        .i32(place)
        .memory('i32.store', 4 * k);
    });
  }

  private entry(table: number, i: Local): void {
    const { body } = this;
    body.get(body.params[2]!);
    writeOffset(body, [i], [1], 4);
    body.memory('i32.load', 4 * table);
  }
}
