/** Images as TensorBoard shows them. */
import { isFloat } from '../../base/dtypes.ts';
import { ShapeError, showShape } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';
import type { Value } from '../../value/value.ts';
import { pngOf } from '../png.ts';
import type { Picture } from './events.ts';

const OP = 'SummaryWriter.addImage';

/** The channels of each pixel, side by side, from planes one behind the other. */
function interleaved(x: Value, channels: number): Uint8Array {
  const { data } = x;
  const factor = isFloat(x.dtype) || x.dtype === 'bool' ? 255 : 1;
  const pixels = data.length / channels;
  return Uint8Array.from({ length: data.length }, (_, i) => {
    const level = data[(i % channels) * pixels + Math.floor(i / channels)]! * factor;
    return Math.min(255, Math.max(0, Math.round(level)));
  });
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
  const pixels = { width, height, channels: channels as 1 | 2 | 3 | 4, data: interleaved(x, channels) };
  const png = pngOf(pixels, (bytes) => builtin('node:zlib', OP).deflateSync(bytes));
  return { height, width, channels, png };
}
