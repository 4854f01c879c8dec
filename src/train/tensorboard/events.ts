/**
 * Events, as TensorBoard reads them.
 * https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto
 */
import { crc32c } from '../../base/crc.ts';
import { bytes, double, doubles, float, joined, text, whole, type Bytes } from './protobuf.ts';

/** How numbers are distributed: how many there are up to each limit, and above the one before. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly count: number;
  readonly sum: number;
  readonly sumOfSquares: number;
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** An event's content. */
export type What = Bytes;

/** The first event of a file. */
export const fileVersion = (): What => text(3, 'brain.Event:2');

/** From here on: what earlier files tell of this step and later ones is void. */
export const sessionStart = (): What => bytes(7, whole(1, 1));

/** A value of a summary, under its tag. */
const summary = (tag: string, content: Bytes): What => bytes(5, bytes(1, joined([text(1, tag), content])));

export const scalar = (tag: string, x: number): What => summary(tag, float(2, x));

export const histogram = (tag: string, h: Histogram): What =>
  summary(
    tag,
    bytes(
      5,
      joined([
        double(1, h.min),
        double(2, h.max),
        double(3, h.count),
        double(4, h.sum),
        double(5, h.sumOfSquares),
        doubles(6, h.limits),
        doubles(7, h.counts),
      ]),
    ),
  );

export interface Picture {
  readonly height: number;
  readonly width: number;
  /** 1 grey, 2 grey with alpha, 3 RGB, 4 RGBA. */
  readonly channels: number;
  readonly png: Bytes;
}

export const image = (tag: string, { height, width, channels, png }: Picture): What =>
  summary(tag, bytes(4, joined([whole(1, height), whole(2, width), whole(3, channels), bytes(4, png)])));

/** @param seconds Since 1970. */
export const event = (seconds: number, step: number, what: What): Bytes =>
  joined([double(1, seconds), whole(2, step), what]);

/** So that a checksum of data that hold checksums is a good one. */
const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** An event in its frame: length and checksum, content and checksum. https://www.tensorflow.org/tutorials/load_data/tfrecord */
export function record(content: Bytes): Bytes {
  const out = new Uint8Array(content.length + 16);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, masked(crc32c(out.subarray(0, 8))), true);
  out.set(content, 12);
  view.setUint32(12 + content.length, masked(crc32c(content)), true);
  return out;
}
