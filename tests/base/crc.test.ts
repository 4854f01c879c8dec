/** Checksums against what the world agrees on, and against the definition. */
import * as fc from 'fast-check';
import { crc32, crc32c } from '../../src/base/crc.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Bit by bit, as the definition says. */
function slow(polynomial: number, bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? polynomial ^ (c >>> 1) : c >>> 1;
  }
  return ~c >>> 0;
}

describe.each([
  ['crc32', crc32, 0xedb88320, 0xcbf43926],
  ['crc32c', crc32c, 0x82f63b78, 0xe3069283],
])('%s', (_, crc, polynomial, check) => {
  test('gives the check value of the catalogue for 123456789', () => {
    expect(crc(bytesOf('123456789'))).toBe(check);
    expect(crc(new Uint8Array(0))).toBe(0);
  });

  test('is what the definition says, in one piece or several', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.nat(70), (bytes, cut) => {
        expect(crc(bytes)).toBe(slow(polynomial, bytes));
        expect(crc(bytes.subarray(cut), crc(bytes.subarray(0, cut)))).toBe(crc(bytes));
      }),
    );
  });
});
