/** Code that fills a plane: a part of an image, channel by channel, in the scratch memory. */
import { advance } from '../../base/products/tile.ts';
import type { FunctionBody, FunctionRef, Local, MemoryOpName } from '../../base/wasm/index.ts';
import type { Emission } from '../emission.ts';
import type { Plane, PlaneAxis } from './convolution-shape.ts';
import { writeLoop } from './places.ts';

/**
 * `fill(plane, source, first, channels)`: the source's channels from its first place along the first axis on, which may
 * be negative. `source` is where the first channel starts.
 */
export function fillFunction(plane: Plane, e: Emission): FunctionRef {
  const numbers = plane.axes.flatMap(({ size, step, front, extent }) => [size, step, front, extent]);
  const key = ['plane', plane.bytes, plane.channelStep, plane.planeStep, plane.marks, ...numbers].join();
  return e.shared(key, () =>
    e.module.function(undefined, ['i32', 'i32', 'i32', 'i32'], [], (body) => new FillWriter(body, plane).write()),
  );
}

/** A range along the first axis of the plane: from, to (not included). */
type Range = readonly [Local, Local];

class FillWriter {
  private readonly body: FunctionBody;
  private readonly plane: Plane;

  constructor(body: FunctionBody, plane: Plane) {
    this.body = body;
    this.plane = plane;
  }

  write(): void {
    const { body, plane } = this;
    const [to, from, first, channels] = body.params as [Local, Local, Local, Local];
    body.get(to).i32(0).get(channels);
    if (plane.marks) body.i32(1).op('i32.add');
    body.i32(plane.planeStep).op('i32.mul').memoryFill();
    const range = this.leadingRange(first);
    // The source's first place that is wanted: where the plane's first one would be.
    body
      .get(from)
      .get(first)
      .i32(plane.axes[0]!.step | 0)
      .op('i32.mul')
      .op('i32.add')
      .set(from);
    const channel = body.local('i32');
    writeLoop(body, channel, channels, 1, () => {
      this.eachRow(0, range, to, from, (t, s, count) => this.copyRow(t, s, count));
      advance(body, to, plane.planeStep);
      advance(body, from, plane.channelStep);
    });
    if (plane.marks) this.eachRow(0, range, to, from, (t, _, count) => this.markRow(t, count));
  }

  /** The places along the first axis that lie within the array, counted in the plane. */
  private leadingRange(first: Local): Range {
    const { body } = this;
    const { size, extent } = this.plane.axes[0]!;
    const [low, high] = [body.local('i32'), body.local('i32')];
    body.i32(0).get(first).op('i32.sub').tee(low).i32(0).get(low).i32(0).op('i32.gt_s').select('i32').set(low);
    body.i32(size).get(first).op('i32.sub').tee(high).i32(extent);
    body.get(high).i32(extent).op('i32.lt_s').select('i32').set(high);
    return [low, high];
  }

  /** Calls `inside` for every run along the last axis: where it goes, where it comes from, how long it is. */
  private eachRow(
    axis: number,
    range: Range,
    to: Local,
    from: Local,
    inside: (to: Local, from: Local, count: Local | number) => void,
  ): void {
    const { body, plane } = this;
    const own = plane.axes[axis]!;
    const planeStep = plane.steps[axis]!;
    const [low, high] = axis === 0 ? range : overlap(own);
    const [t, s, i] = [body.local('i32'), body.local('i32'), body.local('i32')];
    // Along the first axis `from` stands at the plane's first place already.
    const behind = axis === 0 ? 0 : -own.front * own.step;
    const set = (target: Local, base: Local, ahead: number, index: Local | number, step: number): void => {
      body.get(base);
      if (typeof index === 'number') body.i32((ahead + index * step) | 0).op('i32.add');
      else
        body
          .get(index)
          .i32(step | 0)
          .op('i32.mul')
          .op('i32.add');
      body.set(target);
    };
    set(t, to, 0, low, planeStep);
    set(s, from, behind, low, own.step);
    if (axis === plane.axes.length - 1) return this.run(low, high, (count) => inside(t, s, count));
    if (typeof low === 'number') body.i32(low).set(i);
    else body.get(low).set(i);
    writeLoop(body, i, high, 1, () => {
      this.eachRow(axis + 1, range, t, s, inside);
      advance(body, t, planeStep);
      advance(body, s, own.step);
    });
  }

  private run(low: Local | number, high: Local | number, inside: (count: Local | number) => void): void {
    if (typeof low === 'number' && typeof high === 'number') {
      if (high > low) inside(high - low);
      return;
    }
    const { body } = this;
    const count = body.local('i32');
    body
      .get(high as Local)
      .get(low as Local)
      .op('i32.sub')
      .tee(count);
    body
      .i32(0)
      .op('i32.gt_s')
      .if([], () => inside(count));
  }

  private copyRow(to: Local, from: Local, count: Local | number): void {
    const { body } = this;
    const { bytes, axes } = this.plane;
    const step = axes[axes.length - 1]!.step;
    const [t, s, left] = [body.local('i32'), body.local('i32'), body.local('i32')];
    body.get(to).set(t).get(from).set(s);
    if (typeof count === 'number') body.i32(count).set(left);
    else body.get(count).set(left);
    const move = (load: MemoryOpName, store: MemoryOpName, elements: number): void => {
      body.get(t).get(s).memory(load, 0, 2).memory(store, 0, 2);
      advance(body, t, elements * bytes);
      advance(body, s, elements * step);
      advance(body, left, -elements);
    };
    if (step === bytes) {
      const lanes = 16 / bytes;
      this.whileAtLeast(left, lanes, () => move('v128.load', 'v128.store', lanes));
    }
    this.whileAtLeast(left, 1, () => {
      if (bytes === 4) move('i32.load', 'i32.store', 1);
      else move('i64.load', 'i64.store', 1);
    });
  }

  private whileAtLeast(left: Local, least: number, inside: () => void): void {
    const { body } = this;
    body.block([], (done) => {
      body.loop([], (again) => {
        body.get(left).i32(least).op('i32.lt_s').brIf(done);
        inside();
        body.br(again);
      });
    });
  }

  private markRow(to: Local, count: Local | number): void {
    const { body } = this;
    body.get(to).i32(0xff);
    if (typeof count === 'number') body.i32(count * this.plane.bytes);
    else body.get(count).i32(this.plane.bytes).op('i32.mul');
    body.memoryFill();
  }
}

/** The places of an axis that lie within the array, counted in the plane. */
const overlap = ({ size, front, extent }: PlaneAxis): readonly [number, number] => [
  Math.max(0, front),
  Math.min(extent, size + front),
];
