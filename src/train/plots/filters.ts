/** What a first layer looks for: its weights as pictures. */
import { checkOptions, OptionError, ShapeError, showShape } from '../../base/errors.ts';
import { requireCount } from '../../data/arguments.ts';
import { Module, type AnyModule } from '../../nn/module.ts';
import { isValue, type Value } from '../../value/value.ts';
import { pngUrl } from '../png.ts';
import { draw, plotTheme, type PlotOptions, type Spec, type Theme } from './vega.ts';

export interface FilterPlotOptions extends PlotOptions {
  /** Of the images that a linear layer sees: [height, width] or [channels, height, width]. Default: a square. */
  readonly shape?: readonly number[];
  /** At most so many filters; default 64. */
  readonly count?: number;
  /** In a row; default 8. */
  readonly columns?: number;
}

const OPTIONS = ['theme', 'shape', 'count', 'columns'];
/** Pixels that the filters of a row share, between them, and that one of theirs may become. */
const ROOM = 520;
const GAP = 4;
const MOST_ZOOM = 16;

type Colour = readonly [number, number, number];

/** Filters as images: [filters, channels, height, width]. */
interface Filters {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  /** The elements of each filter. */
  readonly each: readonly ArrayLike<number>[];
}

const op = 'plotFilters';

function weightOf(from: AnyModule | Value): Value {
  if (isValue(from)) return from;
  if (!(from instanceof Module)) {
    throw new OptionError(`needs a module or a weight, got ${typeof from}`, { op, option: 'from' });
  }
  const found = from.parameters().find(({ rank }) => rank >= 2);
  if (found !== undefined) return found;
  throw new OptionError(`${from.constructor.name} has no weight with filters`, { op, option: 'from' });
}

/** The image that a filter of so many elements is of. */
function imageShape(features: number, shape: readonly number[] | undefined): readonly [number, number, number] {
  const side = Math.round(Math.sqrt(features));
  const found = shape ?? [side, side];
  const [channels, height, width] = found.length === 2 ? [1, ...found] : found;
  if (found.length >= 2 && found.length <= 3 && channels! * height! * width! === features) {
    return [channels!, height!, width!];
  }
  throw new ShapeError(`filters of ${features} elements are no images ${showShape(found)}`, {
    op,
    shapes: [[features], found],
    hint: 'Say the shape of the images: { shape: [height, width] } or { shape: [3, height, width] }.',
  });
}

function filtersOf(weight: Value, shape: readonly number[] | undefined, count: number): Filters {
  if (weight.rank !== 2 && weight.rank !== 4) {
    throw new ShapeError(
      `filters are [filters, features] or [filters, channels, height, width], not ${showShape(weight.shape)}`,
      {
        op,
        shapes: [weight.shape],
      },
    );
  }
  const total = weight.shape[0]!;
  const size = total === 0 ? 0 : weight.size / total;
  const [channels, height, width] =
    weight.rank === 4 ? (weight.shape.slice(1) as [number, number, number]) : imageShape(size, shape);
  const { data } = weight;
  const each = Array.from({ length: Math.min(count, total) }, (_, i) => data.subarray(i * size, (i + 1) * size));
  if (each.length === 0) throw new ShapeError('there are no filters', { op, shapes: [weight.shape] });
  // Of more channels than eyes have, each filter's mean.
  return channels === 1 || channels === 3
    ? { channels, height, width, each }
    : { channels: 1, height, width, each: each.map((filter) => channelMean(filter, channels)) };
}

function channelMean(filter: ArrayLike<number>, channels: number): Float64Array {
  const pixels = filter.length / channels;
  return Float64Array.from({ length: pixels }, (_, i) => {
    let sum = 0;
    for (let c = 0; c < channels; c++) sum += filter[c * pixels + i]!;
    return sum / channels;
  });
}

const rgb = (hex: string): Colour => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)) as unknown as Colour;
const mix = (a: Colour, b: Colour, t: number): Colour =>
  a.map((x, i) => Math.round(x + (b[i]! - x) * t)) as unknown as Colour;

/** From the colour of negative numbers through the background's to that of positive ones. */
function signed(theme: Theme): (x: number) => Colour {
  const [negative, zero, positive] = [theme.classes[0]!, theme.background, theme.strong].map(rgb) as [
    Colour,
    Colour,
    Colour,
  ];
  return (x) => (x < 0 ? mix(zero, negative, -x) : mix(zero, positive, x));
}

/** The colours of a filter, whose largest number sets the scale: of one channel by sign, of three as red, green and blue. */
function painter({ channels, height, width }: Filters, theme: Theme): (filter: ArrayLike<number>, i: number) => Colour {
  const colour = signed(theme);
  const area = height * width;
  const scales = new Map<ArrayLike<number>, number>();
  const scaleOf = (filter: ArrayLike<number>): number => {
    const known = scales.get(filter) ?? Array.from(filter).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    scales.set(filter, known);
    return known || 1;
  };
  if (channels === 1) return (filter, i) => colour(filter[i]! / scaleOf(filter));
  const level = (x: number, scale: number): number => Math.round(127.5 * (1 + x / scale));
  return (filter, i) => [0, 1, 2].map((c) => level(filter[c * area + i]!, scaleOf(filter))) as unknown as Colour;
}

/** Each filter as a picture of its own, at its place. */
function tilesOf(filters: Filters, columns: number, zoom: number, theme: Theme): Spec[] {
  const { height, width, each } = filters;
  const paint = painter(filters, theme);
  return each.map((filter, k) => {
    const data = new Uint8Array(height * width * 3);
    for (let i = 0; i < height * width; i++) data.set(paint(filter, i), 3 * i);
    const [row, column] = [Math.floor(k / columns), k % columns];
    return { url: pngUrl({ width, height, data }), x: column * (zoom * width + GAP), y: row * (zoom * height + GAP) };
  });
}

/**
 * The filters of a convolution, or of a linear layer that sees images, side by side. Of one channel: blue is positive,
 * orange negative, each filter on its own scale; of three channels: in colour; of more: their mean. A module shows the first
 * of its weights.
 * @throws ShapeError where filters are no images.
 * @example writeFileSync('filters.svg', await plotFilters(cnn))
 * @example await plotFilters(mlp, { shape: [28, 28], count: 32 })
 */
export async function plotFilters(from: AnyModule | Value, options: FilterPlotOptions = {}): Promise<string> {
  checkOptions(op, options, OPTIONS);
  const { shape, count = 64, columns = 8, ...rest } = options;
  const theme = plotTheme(op, rest);
  requireCount(op, 'count', count);
  requireCount(op, 'columns', columns);
  const filters = filtersOf(weightOf(from), shape, count);
  const [across, { each }] = [Math.min(columns, filters.each.length), filters];
  const zoom = Math.max(1, Math.min(MOST_ZOOM, Math.floor(ROOM / (across * filters.width))));
  const [tileWidth, tileHeight] = [zoom * filters.width, zoom * filters.height];
  const place = { url: { field: 'url' }, x: { field: 'x' }, y: { field: 'y' } };
  const sharp = { aspect: { value: false }, smooth: { value: false } };
  const enter = { ...place, ...sharp, width: { value: tileWidth }, height: { value: tileHeight } };
  const spec = {
    title: 'Filters',
    width: across * (tileWidth + GAP) - GAP,
    height: Math.ceil(each.length / across) * (tileHeight + GAP) - GAP,
    data: [{ name: 'tiles', values: tilesOf(filters, across, zoom, theme) }],
    marks: [{ type: 'image', aria: false, from: { data: 'tiles' }, encode: { enter } }],
  };
  return draw(spec, theme);
}
