/** Which classes are taken for which. */
import { checkOptions, DataError, OptionError, ShapeError, showShape } from '../../base/errors.ts';
import { isValue, type Value } from '../../value/value.ts';
import { drawLite, plotTheme, type PlotOptions } from './vega.ts';

export interface ConfusionPlotOptions extends PlotOptions {
  /** The names of the classes, in order; default their numbers. */
  readonly classes?: readonly string[];
}

/** How many examples of class i (a row) were taken for class j. */
function rowsOf(op: string, matrix: Value | readonly (readonly number[])[]): number[][] {
  const rows = isValue(matrix) ? matrix.toArray() : matrix;
  const isSquare =
    Array.isArray(rows) && rows.length > 0 && rows.every((row) => Array.isArray(row) && row.length === rows.length);
  if (!isSquare) {
    const shape = isValue(matrix) ? matrix.shape : [];
    throw new ShapeError(
      `a confusion matrix is square, [classes, classes]${isValue(matrix) ? `, not ${showShape(shape)}` : ''}`,
      {
        op,
        shapes: [shape],
      },
    );
  }
  const numbers = rows as number[][];
  if (numbers.flat().every((n) => Number.isFinite(n) && n >= 0)) return numbers;
  throw new DataError('counts are numbers ≥ 0', { op });
}

const cellSize = (classes: number): number => Math.max(24, Math.min(72, Math.floor(420 / classes)));

/**
 * A confusion matrix: a row for each true class, a column for each predicted one, every cell as dark as its share of the
 * row, with its count.
 * @throws ShapeError unless it is square; OptionError unless there is a name for each class.
 * @example await plotConfusionMatrix(confusionMatrix(logits, test.y), { classes: ['Adelie', 'Chinstrap', 'Gentoo'] })
 */
export async function plotConfusionMatrix(
  matrix: Value | readonly (readonly number[])[],
  options: ConfusionPlotOptions = {},
): Promise<string> {
  const op = 'plotConfusionMatrix';
  checkOptions(op, options, ['theme', 'classes']);
  const { classes, ...rest } = options;
  const theme = plotTheme(op, rest);
  const rows = rowsOf(op, matrix);
  const names = classes ?? rows.map((_, i) => String(i));
  if (names.length !== rows.length || new Set(names).size !== names.length) {
    throw new OptionError(`${names.length} names for ${rows.length} classes; each class needs a name of its own`, {
      op,
      option: 'classes',
    });
  }
  const values = rows.flatMap((row, i) => {
    const total = row.reduce((a, b) => a + b, 0);
    return row.map((count, j) => ({
      truth: names[i],
      prediction: names[j],
      count,
      share: total === 0 ? 0 : count / total,
    }));
  });
  const size = cellSize(rows.length) * rows.length;
  const band = { type: 'nominal', sort: names, scale: { paddingInner: 0.04, paddingOuter: 0.02 } };
  const spec = {
    title: 'Confusion matrix',
    width: size,
    height: size,
    data: { values },
    encoding: {
      x: {
        ...band,
        field: 'prediction',
        title: 'predicted',
        axis: { labelAngle: names.some((n) => n.length > 3) ? -35 : 0, domain: false, ticks: false },
      },
      y: { ...band, field: 'truth', title: 'true', axis: { domain: false, ticks: false } },
    },
    layer: [
      {
        mark: { type: 'rect', cornerRadius: 3, aria: false },
        encoding: {
          color: {
            field: 'share',
            type: 'quantitative',
            title: 'share of the row',
            scale: { domain: [0, 1], range: [theme.quiet, theme.strong] },
            legend: { format: '.0%', gradientLength: Math.min(160, size) },
          },
        },
      },
      {
        mark: { type: 'text', aria: false, fontSize: rows.length > 12 ? 9 : 12 },
        encoding: {
          text: { field: 'count', type: 'quantitative', format: ',~r' },
          color: { condition: { test: 'datum.share > 0.5', value: '#ffffff' }, value: theme.text },
          opacity: { condition: { test: 'datum.count == 0', value: 0.35 }, value: 1 },
        },
      },
    ],
  };
  return drawLite(spec, theme);
}
