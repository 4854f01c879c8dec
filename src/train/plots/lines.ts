/** Rows of numbers as lines. */
import { checkOptions, OptionError } from '../../base/errors.ts';
import { drawLite, plotTheme, type PlotOptions } from './vega.ts';

export interface LinesOptions extends PlotOptions {
  readonly title?: string;
  /** What is counted from left to right, from 1 on; default 'step'. */
  readonly x?: string;
  /** What the numbers are; default 'value'. */
  readonly y?: string;
  /** Whether a step upwards is a factor; numbers that are not positive are then left out. Default false. */
  readonly log?: boolean;
}

const OPTIONS = ['theme', 'title', 'x', 'y', 'log'];

interface Point {
  readonly at: number;
  readonly value: number;
  readonly name: string;
}

/** Where a number cannot be drawn, the line has a gap. */
const pointsOf = (name: string, numbers: readonly number[], log: boolean): Point[] =>
  numbers
    .map((value, i) => ({ at: i + 1, value, name }))
    .filter(({ value }) => Number.isFinite(value) && (!log || value > 0));

/**
 * A line for each row of numbers, named in the legend: runs held against each other, or a quantity layer by layer.
 * @throws OptionError where there is nothing to draw.
 * @example plotLines({ tanh: losses(a), relu: losses(b) }, { title: 'Loss by activation', x: 'epoch', y: 'loss' })
 */
export async function plotLines(
  series: Readonly<Record<string, readonly number[]>>,
  options: LinesOptions = {},
): Promise<string> {
  checkOptions('plotLines', options, OPTIONS);
  const { theme: look, title = '', x = 'step', y = 'value', log = false } = options;
  const theme = plotTheme('plotLines', look === undefined ? {} : { theme: look });
  const names = Object.keys(series);
  const values = names.flatMap((name) => pointsOf(name, series[name]!, log));
  if (values.length === 0) {
    throw new OptionError('there is nothing to draw', {
      op: 'plotLines',
      option: 'series',
      hint: log ? 'A logarithmic axis shows positive numbers only.' : 'Give rows of finite numbers by their names.',
    });
  }
  const spec = {
    title,
    width: 480,
    height: 260,
    data: { values },
    mark: { type: 'line', strokeWidth: 2, point: { size: 24 }, aria: false },
    encoding: {
      x: { field: 'at', type: 'quantitative', title: x, axis: { tickMinStep: 1, format: 'd' }, scale: { nice: false } },
      y: {
        field: 'value',
        type: 'quantitative',
        title: y,
        scale: log ? { type: 'log' } : { zero: false },
        ...(log ? { axis: { format: '.0e', tickCount: 6 } } : {}),
      },
      color: {
        field: 'name',
        type: 'nominal',
        title: null,
        scale: { domain: names, range: theme.classes },
        ...(names.length === 1 ? { legend: null } : {}),
      },
    },
  };
  return drawLite(spec, theme);
}
