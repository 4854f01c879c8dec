/** Files of tensors: what is written is read back bit for bit; what is damaged is named. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { constant, DataError, type Value } from 'chainrule';
import {
  formatNpy,
  formatNpz,
  formatSafetensors,
  parseNpy,
  parseNpz,
  parseSafetensors,
  readNpz,
  readSafetensors,
  writeNpz,
  writeSafetensors,
} from 'chainrule/data';
import { arbitraryValue, equalValues } from 'chainrule/testing';
import fc from 'fast-check';

expect.addEqualityTesters([equalValues]);
const anything = fc.oneof(
  ...(['float64', 'float32', 'int32', 'bool'] as const).map((dtype) => arbitraryValue({ dtype })),
  fc.constantFrom(constant(7.5), constant(-0), constant(NaN), constant(Float32Array.of())),
);
const latin = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'chainrule-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('round trips', () => {
  test('npy, npz (stored and packed) and safetensors keep every bit, dtype and shape', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.string({ minLength: 1 }).filter((s) => s !== '__metadata__' && !s.endsWith('.npy')),
          anything,
        ),
        (tensors) => {
          for (const x of Object.values(tensors)) expect(parseNpy(formatNpy(x))).toEqual(x);
          expect(parseSafetensors(formatSafetensors(tensors)).tensors).toEqual({ ...tensors });
          for (const compress of [false, true])
            expect(parseNpz(formatNpz(tensors, { compress }))).toEqual({ ...tensors });
        },
      ),
      { numRuns: 40 },
    );
  });

  test('files are written whole, with metadata, and nothing stays beside them', () => {
    const path = join(folder, 'model.safetensors');
    writeSafetensors(path, { w: constant([[1, 2]]) }, { metadata: { epoch: '3' } });
    writeNpz(join(folder, 'a.npz'), { w: constant([1]) });
    expect(readSafetensors(path).metadata).toEqual({ epoch: '3' });
    expect(readNpz(join(folder, 'a.npz'))['w']!.toArray()).toEqual([1]);
    expect(readdirSync(folder).sort()).toEqual(['a.npz', 'model.safetensors']);
    expect(() => writeSafetensors(join(folder, 'none', 'x'), {})).toThrow(/cannot write .*none/);
  });
});

describe('element types of others', () => {
  const npy = (descr: string, shape: string, bytes: number[], fortran = 'False'): Uint8Array => {
    const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
    return Uint8Array.from([...latin('\x93NUMPY\x01\x00'), header.length, 0, ...latin(header), ...bytes]);
  };
  const show = (x: Value): unknown => [x.dtype, x.toArray()];

  test('half floats, big-endian, 64-bit and unsigned integers, Fortran order', () => {
    expect(show(parseNpy(npy('<f2', '(4,)', [0, 0x3c, 1, 0, 0, 0xfc, 0, 0xc1])))).toEqual([
      'float32',
      [1, 5.960464477539063e-8, -Infinity, -2.5],
    ]);
    expect(show(parseNpy(npy('>i4', '(1,)', [0, 0, 1, 0])))).toEqual(['int32', [256]]);
    expect(show(parseNpy(npy('<i8', '(1,)', [254, 255, 255, 255, 255, 255, 255, 255])))).toEqual(['int32', [-2]]);
    expect(show(parseNpy(npy('<i8', '(1,)', [0, 0, 0, 0, 1, 0, 0, 0])))).toEqual(['float64', [4294967296]]);
    expect(show(parseNpy(npy('<u4', '(1,)', [255, 255, 255, 255])))).toEqual(['float64', [4294967295]]);
    expect(show(parseNpy(npy('|u1', '(2, 3)', [1, 2, 3, 4, 5, 6], 'True')))).toEqual([
      'int32',
      [
        [1, 3, 5],
        [2, 4, 6],
      ],
    ]);
    expect(() => parseNpy(npy('<c8', '(1,)', [0, 0, 0, 0, 0, 0, 0, 0]))).toThrow(/element type '<c8'/);
    expect(() => parseNpy(npy('<u8', '(1,)', [1, 0, 0, 0, 0, 0, 0, 255]))).toThrow(/64-bit integer/);
  });
});

describe('damaged files', () => {
  const good = formatSafetensors({ w: constant([1, 2]), b: constant([3]) });
  const withHeader = (header: string, data: number[] = []): Uint8Array =>
    Uint8Array.from([header.length, 0, 0, 0, 0, 0, 0, 0, ...latin(header), ...data]);

  test.each([
    [new Uint8Array(3), /cut off: .* at least 8 bytes, this has 3/],
    [good.subarray(0, 40), /cut off or no safetensors file/],
    [good.subarray(0, good.length - 1), /cut off: tensor "w" ends at byte 24 of the data, there are 23/],
    [Uint8Array.from([...good, 0]), /need 24 bytes, there are 25/],
    [withHeader('{"w":'), /no JSON/],
    [withHeader('[]'), /no JSON object/],
    [
      withHeader('{"w":{"dtype":"F9","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      /tensor "w" has element type F9/,
    ],
    [
      withHeader('{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', [0, 0, 0, 0]),
      /needs 8 bytes, its data_offsets \[0, 4\] hold 4/,
    ],
    [withHeader('{"w":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', [0, 0, 0, 0]), /no length/],
    [
      withHeader('{"w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', [0, 0]),
      /starts at byte 1 of the data instead of 0/,
    ],
    [withHeader('{"__metadata__":{"a":1}}'), /__metadata__/],
  ])('safetensors %#', (bytes, message) => {
    const path = join(folder, 'model.safetensors');
    writeFileSync(path, bytes);
    expect(() => readSafetensors(path)).toThrow(DataError);
    expect(() => readSafetensors(path)).toThrow(message);
    expect(() => readSafetensors(path)).toThrow(/model\.safetensors/);
  });

  test('cut anywhere, or with any byte of npz changed, a file gives a DataError or the same arrays', () => {
    const x = { a: constant([1, 2, 3]), b: constant([4]) };
    for (const bytes of [formatNpz(x, { compress: true }), formatNpz(x)]) {
      fc.assert(
        fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
          expect(() => parseNpz(bytes.subarray(0, at))).toThrow(DataError);
          try {
            parseNpz(bytes.map((b, i) => (i === at ? byte : b)));
          } catch (error) {
            expect(error).toBeInstanceOf(DataError);
          }
        }),
      );
    }
    fc.assert(
      fc.property(fc.integer({ min: 0, max: good.length - 1 }), (at) => {
        expect(() => parseSafetensors(good.subarray(0, at))).toThrow(DataError);
      }),
    );
  });

  test('what is no Value is refused before anything is written', () => {
    expect(() => formatSafetensors({ w: 3 as unknown as Value })).toThrow(/entry "w" is number, not a Value/);
    expect(() => formatSafetensors({ __metadata__: constant(1) })).toThrow(/reserved/);
  });
});
