import { newStorage, type DType } from '../../../src/base/dtypes.ts';
import { laneKernel } from '../../../src/base/lanes/compile.ts';
import { LaneGraph } from '../../../src/base/lanes/graph.ts';
import type { Expr, LaneFunction } from '../../../src/base/lanes/lanes.ts';
import { differences, randomArray } from './bits.ts';

const D: DType = 'float64';

describe('kernels', () => {
  test('long arrays pass through the scratch memory piece by piece', () => {
    const kernel = laneKernel((k, x, y) => k.mul(k.add(x, y), 0.5), [D, D], D);
    for (const length of [8191, 8192, 8193, 20000, 100001]) {
      const xs = [randomArray(D, length, 1), randomArray(D, length, 2)];
      const out = newStorage(D, length);
      kernel.run(out, xs);
      const wanted = newStorage(D, length);
      for (let i = 0; i < length; i++) wanted[i] = (xs[0]![i]! + xs[1]![i]!) * 0.5;
      expect(differences(out, wanted, xs)).toEqual([]);
    }
  });

  test('operands of different widths share the pieces', () => {
    const f: LaneFunction = (k, p, x, y) => k.select(p, k.to(x, 'f64'), k.add(y, 1));
    const kernel = laneKernel(f, ['bool', 'int32', D], D);
    const n = 30001;
    const xs = [randomArray('bool', n, 1), randomArray('int32', n, 2), randomArray(D, n, 3)];
    const out = newStorage(D, n);
    kernel.run(out, xs);
    const wanted = newStorage(D, n);
    for (let i = 0; i < n; i++) wanted[i] = xs[0]![i]! ? xs[1]![i]! : xs[2]![i]! + 1;
    expect(differences(out, wanted, xs)).toEqual([]);
  });

  test('views into larger buffers, and an output that is one of the operands', () => {
    const kernel = laneKernel((k, x) => k.mul(x, 2), [D], D);
    const buffer = new Float64Array(200).map((_, i) => i);
    const view = buffer.subarray(50, 150);
    kernel.run(view, [view]);
    expect([buffer[49], buffer[50], buffer[149], buffer[150]]).toEqual([49, 100, 298, 150]);
    const few = buffer.subarray(0, 3);
    kernel.run(few, [few]);
    expect([...few]).toEqual([0, 2, 4]);
  });

  test('three operands, some of them numbers', () => {
    const kernel = laneKernel((k, x, y, z) => k.add(k.mul(x, y), z), [D, D, D], D);
    for (const length of [5, 100]) {
      const x = randomArray(D, length, 9);
      const out = newStorage(D, length);
      kernel.run(out, [x, 3, 0.25]);
      expect(
        differences(
          out,
          (x as Float64Array).map((v) => v * 3 + 0.25),
          [x],
        ),
      ).toEqual([]);
      kernel.run(out, [2, 3, 0.25]);
      expect(new Set(out)).toEqual(new Set([6.25]));
    }
  });

  test('no operands: a constant', () => {
    const out = newStorage('int32', 40);
    const kernel = laneKernel((k) => k.number(7), [], 'int32');
    kernel.run(out, []);
    expect(new Set(out)).toEqual(new Set([7]));
    expect(kernel.scalar()).toBe(7);
  });

  test('the scalar form stays valid after it was taken out before compilation', () => {
    const kernel = laneKernel((k, x) => k.add(x, 1), [D], D);
    const { scalar } = kernel;
    expect([scalar(1), kernel.scalar(2), scalar(3)]).toEqual([2, 3, 4]);
  });

  test('many operands: the scratch memory is divided further', () => {
    const count = 40;
    const kernel = laneKernel((k, ...xs) => xs.reduce((sum, x) => k.add(sum, x)), Array<DType>(count).fill(D), D);
    const xs = Array.from({ length: count }, (_, k) => new Float64Array(5000).fill(k));
    const out = new Float64Array(5000);
    kernel.run(out, xs);
    expect(new Set(out)).toEqual(new Set([(count * (count - 1)) / 2]));
  });

  test('very deep expressions do not overflow the stack', () => {
    const kernel = laneKernel(
      (k, x) => {
        let y: Expr = x;
        for (let i = 0; i < 20000; i++) y = k.add(k.mul(y, 1), 1);
        return y;
      },
      [D],
      D,
    );
    expect(kernel.scalar(5)).toBe(20005);
  });
});

describe('the builder', () => {
  const graph = (): LaneGraph => new LaneGraph(['f64', 'i32', 'mask']);

  test('equal subexpressions are one node; −0 and 0 are not equal', () => {
    const k = graph();
    const [x] = k.inputs;
    expect(k.add(k.mul(x!, x!), 1)).toBe(k.add(k.mul(x!, x!), 1));
    expect(k.number(0)).not.toBe(k.number(-0));
    expect(k.shiftLeft(k.bits(x!), 3)).not.toBe(k.shiftLeft(k.bits(x!), 4));
  });

  test('constants fold only to what WebAssembly would compute', () => {
    const k = graph();
    expect(k.add(k.number(0.1), 0.2)).toBe(k.number(0.1 + 0.2));
    expect(k.mul(k.number(0.1, 'f32'), k.number(3, 'f32')).value).toBe(Math.fround(Math.fround(0.1) * 3));
    expect(k.div(k.number(0), 0).op).toBe('div');
    expect(k.neg(k.number(0)).value).toBe(-0);
  });

  test('the type is that of the first number', () => {
    expect(new LaneGraph(['mask', 'f32', 'f64']).type).toBe('f32');
    expect(new LaneGraph(['mask']).type).toBe('i32');
  });

  test('mistakes are refused with the op and both types', () => {
    const k = graph();
    const [x, i, p] = k.inputs;
    expect(() => k.add(x!, i!)).toThrow('add: operands are f64 and i32');
    expect(() => k.select(x!, x!, x!)).toThrow('select: takes mask, got f64');
    expect(() => k.add(p!, p!)).toThrow('add: takes f64 or f32 or i32 or i64, got mask');
    expect(() => k.add(p!, 1)).toThrow('beside a mask');
    expect(() => k.sqrt(i!)).toThrow('sqrt: takes f64 or f32, got i32');
    expect(() => k.shiftLeft(i!, 32)).toThrow('cannot shift by 32');
    expect(() => k.add(i!, 0.5)).toThrow('0.5 is not an int32');
    expect(() => k.bits(i!)).toThrow('bits');
    expect(() => k.fromBits(x!)).toThrow('fromBits');
    expect(() => k.to(k.int64(1n), 'f64')).toThrow('to: takes');
    expect(() => k.add(graph().inputs[0]!, x!)).toThrow('another function');
    expect(() => k.rare(p!, k.lt(x!, 0), (_, y) => y, x!)).toThrow('rare: takes numbers');
  });
});
