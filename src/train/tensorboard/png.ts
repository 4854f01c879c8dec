/** Pictures as PNG. https://www.w3.org/TR/png-3/ */
import { crc32 } from '../../base/crc.ts';
import { isFloat } from '../../base/dtypes.ts';
import { ShapeError, showShape } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';
import type { Value } from '../../value/value.ts';
import type { Picture } from './events.ts';
import { joined } from './protobuf.ts';

const OP = 'SummaryWriter.addImage';
const SIGNATURE = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** By channels: grey, grey with alpha, RGB, RGBA. */
const COLOUR_TYPES = [0, 4, 2, 6];

function word(n: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, n);
  return out;
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = joined([new TextEncoder().encode(type), data]);
  return joined([word(data.length), body, word(crc32(body))]);
}

/** Rows of pixels, each behind the number of its filter: none. */
function scanLines(x: Value, channels: number, height: number, width: number): Uint8Array {
  const { data } = x;
  const factor = isFloat(x.dtype) || x.dtype === 'bool' ? 255 : 1;
  const out = new Uint8Array(height * (1 + width * channels));
  let to = 0;
  for (let i = 0; i < height; i++) {
    to++;
    for (let j = 0; j < width; j++)
      for (let c = 0; c < channels; c++) {
        const level = data[(c * height + i) * width + j]! * factor;
        out[to++] = Math.min(255, Math.max(0, Math.round(level)));
      }
  }
  return out;
}

/**
 * An image [height, width] or [channels, height, width]: floats from 0 to 1, integers from 0 to 255; others are cut off.
 * @throws ShapeError for another rank or more than 4 channels.
 */
export function toPng(x: Value): Picture {
  const [channels, height, width] = (x.rank === 2 ? [1, ...x.shape] : x.shape) as [number, number, number];
  if ((x.rank !== 2 && x.rank !== 3) || channels < 1 || channels > 4 || x.size === 0) {
    throw new ShapeError(`takes [height, width] or [1 to 4 channels, height, width], got ${showShape(x.shape)}`, {
      op: OP,
      shapes: [x.shape],
      hint: 'Channels come first; use permute.',
    });
  }
  const head = joined([word(width), word(height), Uint8Array.from([8, COLOUR_TYPES[channels - 1]!, 0, 0, 0])]);
  const pixels = builtin('node:zlib', OP).deflateSync(scanLines(x, channels, height, width));
  const png = joined([SIGNATURE, chunk('IHDR', head), chunk('IDAT', pixels), chunk('IEND', new Uint8Array(0))]);
  return { height, width, channels, png };
}
