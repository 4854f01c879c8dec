/** Images read at other places: where each pixel of the result comes from is an affine function of where it is. */
import { isFloat, type Storage } from '../base/dtypes.ts';
import type { Value } from '../value/value.ts';
import { blank, type Pixels } from './images.ts';

export type Interpolation = 'bilinear' | 'nearest';

export interface WarpOptions {
  /** Default 'bilinear'. */
  readonly interpolation?: Interpolation;
  /** What lies outside the image; default 0. */
  readonly fill?: number;
}

/** To the nearest whole number; halves to the even one, as IEEE 754 and PyTorch round. */
export function roundHalfEven(x: number): number {
  const down = Math.floor(x);
  const above = x - down;
  return above > 0.5 || (above === 0.5 && down % 2 !== 0) ? down + 1 : down;
}

interface Plane {
  readonly from: Storage;
  readonly to: Storage;
  readonly height: number;
  readonly width: number;
  readonly fill: number;
  /** Whether the numbers are whole ones. */
  readonly whole: boolean;
}

/** (m₀x + m₁y + m₂, m₃x + m₄y + m₅) */
type Map2d = readonly [number, number, number, number, number, number];

/** Fills the plane that starts at `base`; the map takes places counted from the upper left pixel's middle. */
type Fill = (plane: Plane, base: number, map: Map2d) => void;

const fillNearest: Fill = ({ from, to, height, width, fill }, base, [m0, m1, m2, m3, m4, m5]) => {
  for (let row = 0, at = base; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      const x = roundHalfEven(m0 * column + m1 * row + m2);
      const y = roundHalfEven(m3 * column + m4 * row + m5);
      to[at] = x >= 0 && x < width && y >= 0 && y < height ? from[base + y * width + x]! : fill;
    }
  }
};

const fillBilinear: Fill = (plane, base, [m0, m1, m2, m3, m4, m5]) => {
  const { from, to, height, width, whole } = plane;
  for (let row = 0, at = base; row < height; row++) {
    for (let column = 0; column < width; column++, at++) {
      const x = m0 * column + m1 * row + m2;
      const y = m3 * column + m4 * row + m5;
      const [left, top] = [Math.floor(x), Math.floor(y)];
      const [wx, wy] = [x - left, y - top];
      let mixed: number;
      if (left >= 0 && left + 1 < width && top >= 0 && top + 1 < height) {
        const i = base + top * width + left;
        mixed = mix(from[i]!, from[i + 1]!, from[i + width]!, from[i + width + 1]!, wx, wy);
      } else {
        mixed = mixAtBorder(plane, base, left, top, wx, wy);
      }
      to[at] = whole ? roundHalfEven(mixed) : mixed;
    }
  }
};

const mix = (a: number, b: number, c: number, d: number, wx: number, wy: number): number =>
  a * (1 - wy) * (1 - wx) + b * (1 - wy) * wx + c * wy * (1 - wx) + d * wy * wx;

function mixAtBorder(plane: Plane, base: number, left: number, top: number, wx: number, wy: number): number {
  const { height, width, fill } = plane;
  if (left < -1 || left >= width || top < -1 || top >= height) return fill;
  const [a, b] = [pixel(plane, base, top, left), pixel(plane, base, top, left + 1)];
  const [c, d] = [pixel(plane, base, top + 1, left), pixel(plane, base, top + 1, left + 1)];
  return mix(a, b, c, d, wx, wy);
}

const pixel = ({ from, height, width, fill }: Plane, base: number, row: number, column: number): number =>
  row >= 0 && row < height && column >= 0 && column < width ? from[base + row * width + column]! : fill;

/**
 * For every pixel of image i at (x, y), counted from the image's middle, what lies in the original at
 * (m₀x + m₁y + m₂, m₃x + m₄y + m₅), m being row i of the matrices [n, 6].
 */
export function warp(images: Pixels, matrices: ArrayLike<number>, options: WarpOptions): Value {
  const { height, width, channels, count } = images;
  const { data, done } = blank(images, height, width);
  const whole = !isFloat(images.value.dtype);
  const plane: Plane = { from: images.data, to: data, height, width, fill: options.fill ?? 0, whole };
  const fill = (options.interpolation ?? 'bilinear') === 'nearest' ? fillNearest : fillBilinear;
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  for (let i = 0; i < count; i++) {
    const [m0, m1, m2, m3, m4, m5] = Array.from({ length: 6 }, (_, k) => matrices[6 * i + k]!) as unknown as Map2d;
    const x = m2 + middleX - m0 * middleX - m1 * middleY;
    const y = m5 + middleY - m3 * middleX - m4 * middleY;
    for (let c = 0; c < channels; c++) fill(plane, (i * channels + c) * height * width, [m0, m1, x, m3, m4, y]);
  }
  return done();
}
