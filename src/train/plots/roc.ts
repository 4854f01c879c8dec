/** What a threshold gains, and what it costs. */
import { checkOptions, DataError, OptionError, ShapeError, showShapes } from '../../base/errors.ts';
import { isValue, type Value } from '../../value/value.ts';
import { drawLite, plotTheme, type PlotOptions } from './vega.ts';

/** Rates at one threshold. */
interface RocPoint {
  readonly falsePositives: number;
  readonly truePositives: number;
}

const op = 'plotRocCurve';

/** The curve from (0, 0) to (1, 1), and the area under it; equal scores are one point. */
function curveOf(scores: ArrayLike<number>, isPositive: readonly boolean[]): { points: RocPoint[]; area: number } {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const positives = isPositive.filter(Boolean).length;
  const negatives = isPositive.length - positives;
  const points: RocPoint[] = [{ falsePositives: 0, truePositives: 0 }];
  let [right, wrong, area] = [0, 0, 0];
  order.forEach((example, i) => {
    if (isPositive[example]!) right++;
    else wrong++;
    if (i + 1 < order.length && scores[order[i + 1]!] === scores[example]) return;
    const before = points.at(-1)!;
    const point = { falsePositives: wrong / negatives, truePositives: right / positives };
    area += ((point.falsePositives - before.falsePositives) * (point.truePositives + before.truePositives)) / 2;
    points.push(point);
  });
  return { points, area };
}

function checkLabels(scores: Value, labels: Value): void {
  if (isValue(scores) && isValue(labels) && scores.rank === 1 && labels.rank === 1 && scores.size === labels.size)
    return;
  const shapes = [scores, labels].map((x) => (isValue(x) ? x.shape : []));
  throw new ShapeError(`a score and a label for each example: [n] and [n], got ${showShapes(shapes)}`, {
    op,
    shapes,
    hint: 'Of two logits take their difference; of several classes, one at a time.',
  });
}

/**
 * The receiver operating characteristic of scores (the higher, the more likely positive) against labels 0 and 1: the share
 * of positives found over the share of negatives taken for positive, for every threshold; with the area under the curve.
 * https://en.wikipedia.org/wiki/Receiver_operating_characteristic
 * @throws ShapeError unless both are [n]; DataError unless both labels occur.
 * @example await plotRocCurve(logits.narrow(1, 1, 1).sub(logits.narrow(1, 0, 1)).reshape([-1]), y)
 */
export async function plotRocCurve(scores: Value, labels: Value, options: PlotOptions = {}): Promise<string> {
  checkOptions(op, options, ['theme']);
  const theme = plotTheme(op, options);
  checkLabels(scores, labels);
  const isPositive = Array.from(labels.data, (label) => label > 0);
  if (!isPositive.includes(true) || !isPositive.includes(false)) {
    throw new DataError('needs positive and negative examples; all labels are alike', { op });
  }
  if (scores.data.some(Number.isNaN)) throw new OptionError('some scores are NaN', { op, option: 'scores' });
  const { points, area } = curveOf(scores.data, isPositive);
  const rate = (field: string, title: string): object => ({
    field,
    type: 'quantitative',
    title,
    scale: { domain: [0, 1] },
    axis: { tickCount: 5 },
  });
  const encoding = { x: rate('falsePositives', 'false positive rate'), y: rate('truePositives', 'true positive rate') };
  const chance = [0, 1].map((t) => ({ falsePositives: t, truePositives: t }));
  const spec = {
    title: `ROC curve, area ${area.toFixed(3)}`,
    width: 320,
    height: 320,
    encoding,
    layer: [
      {
        data: { values: chance },
        mark: { type: 'line', strokeDash: [4, 4], color: theme.faint, strokeWidth: 1, aria: false },
      },
      {
        data: { values: points.map((point, order) => ({ ...point, order })) },
        mark: { type: 'line', color: theme.strong, strokeWidth: 2, aria: false },
        encoding: { order: { field: 'order', type: 'quantitative' } },
      },
    ],
  };
  return drawLite(spec, theme);
}
