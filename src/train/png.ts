/** Pictures of pixels as PNG. https://www.w3.org/TR/png-3/ */
import { crc32 } from '../base/crc.ts';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Grey, grey and opacity, red, green and blue (the default), or these and opacity. */
  readonly channels?: 1 | 2 | 3 | 4;
  /** The channels of each pixel, row by row. */
  readonly data: Uint8Array;
}

/** By the number of channels. */
const COLOUR_TYPES = { 1: 0, 2: 4, 3: 2, 4: 6 } as const;

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

const bigEndian = (n: number): number[] => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];

function chunk(name: string, data: ArrayLike<number>): number[] {
  const named = Uint8Array.from([...Array.from(name, (c) => c.charCodeAt(0)), ...Array.from(data)]);
  return [...bigEndian(data.length), ...named, ...bigEndian(crc32(named))];
}

/** The check of zlib streams. */
function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
  return ((b << 16) | a) >>> 0;
}

const LARGEST_BLOCK = 65535;

/** A zlib stream that stores: small pictures need no compression, and it has the same bytes everywhere. */
function stored(bytes: Uint8Array): ArrayLike<number> {
  const out = [0x78, 0x01];
  for (let at = 0; at < bytes.length; at += LARGEST_BLOCK) {
    const block = bytes.subarray(at, at + LARGEST_BLOCK);
    const [low, high] = [block.length & 255, block.length >>> 8];
    out.push(at + LARGEST_BLOCK >= bytes.length ? 1 : 0, low, high, low ^ 255, high ^ 255);
    for (const byte of block) out.push(byte);
  }
  return [...out, ...bigEndian(adler32(bytes))];
}

/** The rows, each behind the number of its filter: none. */
function scanlines({ width, height, channels = 3, data }: Pixels): Uint8Array {
  const line = channels * width;
  const out = new Uint8Array(height * (line + 1));
  for (let row = 0; row < height; row++) out.set(data.subarray(row * line, (row + 1) * line), row * (line + 1) + 1);
  return out;
}

/** The bytes of a PNG file; `pack` makes a zlib stream, which is larger than need be unless something better is given. */
export function pngOf(pixels: Pixels, pack: (bytes: Uint8Array) => ArrayLike<number> = stored): Uint8Array {
  const type = COLOUR_TYPES[pixels.channels ?? 3];
  const header = [...bigEndian(pixels.width), ...bigEndian(pixels.height), 8, type, 0, 0, 0];
  const parts = [chunk('IHDR', header), chunk('IDAT', pack(scanlines(pixels))), chunk('IEND', [])];
  return Uint8Array.from([...SIGNATURE, ...parts.flat()]);
}

/** The same as a URL, for pages and SVG. */
export const pngUrl = (pixels: Pixels): string =>
  `data:image/png;base64,${btoa(Array.from(pngOf(pixels), (byte) => String.fromCharCode(byte)).join(''))}`;
