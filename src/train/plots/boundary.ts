/** Where a classifier of two features changes its mind. */
import { checkOptions, OptionError, ShapeError, showShape } from '../../base/errors.ts';
import { requireOneOf } from '../../data/arguments.ts';
import type { AnyModule } from '../../nn/module.ts';
import { concat } from '../../ops/joining.ts';
import { constant } from '../../value/create.ts';
import type { Value } from '../../value/value.ts';
import { predict } from '../predict.ts';
import { draw, plotTheme, type PlotOptions, type Spec } from './vega.ts';

const WIDTH = 480;
const HEIGHT = 340;
/** Cells along each side of the drawn plane; one more on every side keeps contours from closing inside the frame. */
const CELLS = 64;
const GRID = CELLS + 2;
/** How far the most likely class is ahead of the next: a band of colour begins at each. */
const LEADS = [0, 0.25, 0.5, 0.75, 0.95];

interface Extent {
  readonly low: number;
  readonly high: number;
}

function extentOf(column: readonly number[]): Extent {
  const finite = column.filter(Number.isFinite);
  const low = finite.reduce((a, b) => Math.min(a, b), Infinity);
  const high = finite.reduce((a, b) => Math.max(a, b), -Infinity);
  const margin = 0.08 * (high - low || 1);
  return { low: low - margin, high: high + margin };
}

/** The centres of the grid's cells, rows from the top. */
function centresOf(across: Extent, along: Extent): number[][] {
  const at = ({ low, high }: Extent, i: number): number => low + ((high - low) * (i - 0.5)) / CELLS;
  return Array.from({ length: GRID * GRID }, (_, i) => [
    at(across, i % GRID),
    at(along, GRID - 1 - Math.floor(i / GRID)),
  ]);
}

export interface BoundaryPlotOptions extends PlotOptions {
  /** What the model gives: logits (default), or probabilities, as after a sigmoid or a softmax. */
  readonly output?: 'logits' | 'probabilities';
}

/** The classes' probabilities at every point, [points, classes]; one output tells two classes apart. */
function probabilitiesOf(output: Value, kind: 'logits' | 'probabilities'): Value {
  const [points, columns] = output.rank === 1 ? [output.shape[0]!, 1] : [output.shape[0]!, output.shape[1]!];
  const isFlat = output.rank === 1 || output.rank === 2;
  if (!isFlat || points !== GRID * GRID || columns === 0) {
    throw new ShapeError(
      `a row of class scores is needed for each point, [${GRID * GRID}, classes], got ${showShape(output.shape)}`,
      { op: 'plotDecisionBoundary', shapes: [output.shape] },
    );
  }
  const scores = output.to('float64');
  if (columns > 1) return kind === 'logits' ? scores.softmax(1) : scores;
  const one = scores.reshape([points, 1]);
  const second = kind === 'logits' ? one.sigmoid() : one;
  return concat([second.neg().add(1), second], 1);
}

/** For each class the grid of its lead: its probability less the largest of the others. */
function leadsOf(probabilities: Value, names: readonly string[]): { class: string; grid: Spec }[] {
  const rows = probabilities.toArray() as number[][];
  const lead = (row: readonly number[], k: number): number =>
    row[k]! - Math.max(...row.map((p, other) => (other === k ? 0 : p)));
  const [sx, sy] = [WIDTH / CELLS, HEIGHT / CELLS];
  const place = { width: GRID, height: GRID, scale: [sx, sy], translate: [-sx, -sy] };
  return Array.from({ length: probabilities.shape[1]! }, (_, k) => ({
    class: names[k] ?? String(k),
    grid: { ...place, values: rows.map((row) => lead(row, k)) },
  }));
}

const axis = (orient: string, scale: string, title: string): Spec => ({
  orient,
  scale,
  title,
  grid: false,
  tickCount: 6,
  zindex: 1,
});

/** Bands of colour, clipped to the plane. */
const BANDS: Spec = {
  type: 'group',
  clip: true,
  encode: { enter: { width: { value: WIDTH }, height: { value: HEIGHT } } },
  marks: [
    {
      type: 'path',
      aria: false,
      from: { data: 'bands' },
      encode: { enter: { fill: { scale: 'class', field: 'class' }, fillOpacity: { value: 0.1 } } },
      transform: [{ type: 'geopath', field: 'datum.contour' }],
    },
  ],
};

/** A dot for each example, outlined in the background's colour. */
const dots = (background: string): Spec => ({
  type: 'symbol',
  aria: false,
  from: { data: 'points' },
  encode: {
    enter: {
      x: { scale: 'x', field: 'x1' },
      y: { scale: 'y', field: 'x2' },
      size: { value: 30 },
      fill: { scale: 'class', field: 'class' },
      stroke: { value: background },
      strokeWidth: { value: 0.75 },
    },
  },
});

/** The classes by their numbers; two that are told apart otherwise, as −1 and 1, by their labels. */
function namesOf(y: Value, classes: number): string[] {
  const labels = [...new Set(y.data)].sort((a, b) => a - b);
  const fit = labels.every((label) => Number.isInteger(label) && label >= 0 && label < classes);
  return fit || labels.length > classes ? Array.from({ length: classes }, (_, k) => String(k)) : labels.map(String);
}

/** Refuses what is no plane, or holds no point to draw. */
function checkPoints(x: Value, y: Value): void {
  if (x.rank !== 2 || x.shape[1] !== 2)
    throw new ShapeError('a plane has two features: x must be [n, 2]', {
      op: 'plotDecisionBoundary',
      shapes: [x.shape],
    });
  if (x.shape[0] === 0) throw new OptionError('there are no points', { op: 'plotDecisionBoundary', option: 'x' });
  if (y.size === x.shape[0]) return;
  throw new ShapeError(`${x.shape[0]} points and ${y.size} labels`, {
    op: 'plotDecisionBoundary',
    shapes: [x.shape, y.shape],
  });
}

/**
 * The plane of two features in the colours of the classes that the model holds most likely, the paler the less it is
 * sure, with the data on top. A model with one output tells two classes apart: its logit is that of the second.
 * @throws ShapeError unless x is [n, 2], y has a label for each of its rows, and the model gives a row of scores for each point.
 * @example writeFileSync('boundary.svg', await plotDecisionBoundary(model, test.x, test.y))
 */
export async function plotDecisionBoundary(
  model: AnyModule,
  x: Value,
  y: Value,
  options: BoundaryPlotOptions = {},
): Promise<string> {
  const op = 'plotDecisionBoundary';
  checkOptions(op, options, ['theme', 'output']);
  const { output = 'logits', ...rest } = options;
  const theme = plotTheme(op, rest);
  requireOneOf(op, 'output', output, ['logits', 'probabilities']);
  checkPoints(x, y);
  const points = (x.toArray() as number[][]).map(([x1, x2], i) => ({ x1, x2, class: String(y.data[i]) }));
  const [across, along] = [extentOf(points.map((p) => p.x1!)), extentOf(points.map((p) => p.x2!))];
  const given = predict(model, constant(centresOf(across, along)));
  const probabilities = probabilitiesOf(given, output);
  const bands = leadsOf(probabilities, namesOf(y, probabilities.shape[1]!));
  const contours = { type: 'isocontour', field: 'grid', thresholds: LEADS };
  const spec = {
    title: 'Decision boundary',
    width: WIDTH,
    height: HEIGHT,
    data: [
      { name: 'points', values: points },
      { name: 'bands', values: bands, transform: [contours] },
    ],
    scales: [
      { name: 'x', domain: [across.low, across.high], range: 'width', zero: false },
      { name: 'y', domain: [along.low, along.high], range: 'height', zero: false },
      { name: 'class', type: 'ordinal', domain: bands.map((band) => band.class), range: theme.classes },
    ],
    axes: [axis('bottom', 'x', 'x₁'), axis('left', 'y', 'x₂')],
    legends: [{ fill: 'class', title: 'class', symbolType: 'circle' }],
    marks: [BANDS, dots(theme.background)],
  };
  return draw(spec, theme);
}
