import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newStorage, type DType } from '../../../src/base/dtypes.ts';
import * as elementary from '../../../src/base/elementary/index.ts';
import { laneKernel } from '../../../src/base/lanes/compile.ts';
import type { LaneFunction } from '../../../src/base/lanes/lanes.ts';

/** Made by scripts/elementary-references.py: [x…, nearest double, rest in units of its last place] and [x…, y]. */
type References = Readonly<Record<string, Readonly<Record<'float64' | 'float32', readonly (readonly number[])[]>>>>;
const references = JSON.parse(readFileSync(join(__dirname, 'references.json'), 'utf8')) as References;

function named(name: string): LaneFunction {
  const order = /^polygamma(\d+)$/.exec(name);
  if (order !== null) return elementary.polygamma(Number(order[1]));
  return (elementary as unknown as Readonly<Record<string, LaneFunction>>)[name]!;
}

/** In units of the last place; the functions not listed promise an error below 1e-13·max(1, |y|) in float64. */
const ULPS64: Readonly<Record<string, number>> = { erf: 1.5, erfc: 4 };
const ABSOLUTE = ['lgamma', 'digamma', 'trigamma', 'polygamma2', 'polygamma5', 'polygamma12'];

/** The distance between neighbouring numbers of a dtype at y. */
function ulp(y: number, dtype: DType): number {
  const digits = dtype === 'float64' ? 52 : 23;
  const lowest = dtype === 'float64' ? -1074 : -149;
  const exponent = Number((new BigUint64Array(new Float64Array([y]).buffer)[0]! >> 52n) & 0x7ffn) - 1023;
  return 2 ** Math.max(exponent - digits, lowest);
}

function results(name: string, dtype: 'float64' | 'float32', arity: number): ArrayLike<number> {
  const rows = references[name]![dtype];
  const xs = Array.from({ length: arity }, (_, k) => {
    const x = newStorage(dtype, rows.length);
    rows.forEach((row, i) => (x[i] = row[k]!));
    return x;
  });
  const out = newStorage(dtype, rows.length);
  laneKernel(named(name), Array<DType>(arity).fill(dtype), dtype).run(out, xs);
  return out;
}

describe.each(Object.keys(references))('%s', (name) => {
  const arity = references[name]!.float64[0]!.length - 2;

  test('float64', () => {
    const found = results(name, 'float64', arity);
    const wrong = references[name]!.float64.flatMap((row, i) => {
      const [y, rest] = row.slice(arity) as [number, number];
      const y64 = found[i]!;
      const absolute = Math.abs(y64 - y) / Math.max(1, Math.abs(y));
      const units = Math.abs((y64 - y) / ulp(y, 'float64') - rest);
      const good = ABSOLUTE.includes(name) ? absolute < 1e-13 : units <= (ULPS64[name] ?? 1);
      return good ? [] : [`(${row.slice(0, arity).join(', ')}): ${y64}, off by ${units} ulp`];
    });
    expect(wrong.slice(0, 5)).toEqual([]);
  });

  test('float32', () => {
    const found = results(name, 'float32', arity);
    const wrong = references[name]!.float32.flatMap((row, i) => {
      const units = Math.abs(found[i]! - row[arity]!) / ulp(row[arity]!, 'float32');
      return units <= 2 ? [] : [`(${row.slice(0, arity).join(', ')}): ${found[i]!}, off by ${units} ulp`];
    });
    expect(wrong.slice(0, 5)).toEqual([]);
  });
});

test('powers of two and of ten are exact', () => {
  const exp2 = laneKernel(elementary.exp2, ['float64'], 'float64');
  const log2 = laneKernel(elementary.log2, ['float64'], 'float64');
  for (let n = -1074; n < 1024; n++) expect([exp2.scalar(n), log2.scalar(2 ** n)]).toEqual([2 ** n, n]);
  const log10 = laneKernel(elementary.log10, ['float64'], 'float64');
  for (let n = 0; n < 23; n++) expect(log10.scalar(Number(`1e${n}`))).toBe(n);
  const pow = laneKernel(elementary.pow, ['float64', 'float64'], 'float64');
  for (let n = 0; n < 23; n++) expect(pow.scalar(10, n)).toBe(Number(`1e${n}`));
});

test('erfc in float32: within 2 ulp at half a million places, those where it is worst among them', () => {
  const places = Float32Array.from({ length: 1 << 19 }, (_, i) => -4 + (i * 14.2) / (1 << 19));
  places.set([1.7099498510360718, 2.046273946762085, 8.774627685546875, 0.7788503170013428]);
  const [y, exact] = [newStorage('float32', places.length), newStorage('float64', places.length)];
  laneKernel(elementary.erfc, ['float32'], 'float32').run(y, [places]);
  laneKernel(elementary.erfc, ['float64'], 'float64').run(exact, [Float64Array.from(places)]);
  const wrong = places.filter((_, i) => !(Math.abs(y[i]! - exact[i]!) <= 2 * ulp(exact[i]!, 'float32')));
  expect([...wrong]).toEqual([]);
});
