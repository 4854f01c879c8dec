/** How a training run went. */
import type { History } from '../callback.ts';
import { drawLite, plotTheme, type PlotOptions } from './vega.ts';

/**
 * The loss of every batch (faint) and the mean of every epoch.
 * @example writeFileSync('loss.svg', await plotLoss(history))
 */
export async function plotLoss({ epochs, batchLosses }: History, options: PlotOptions = {}): Promise<string> {
  const theme = plotTheme('plotLoss', options);
  const perEpoch = batchLosses.length / Math.max(1, epochs.length);
  const points = batchLosses.map((loss, i) => ({ epoch: (i + 1) / perEpoch, loss }));
  const means = epochs.map(({ epoch, loss }) => ({ epoch, loss }));
  const x = { field: 'epoch', type: 'quantitative', title: 'epoch', axis: { tickMinStep: 1, format: 'd' } };
  const y = { field: 'loss', type: 'quantitative', title: 'loss', scale: { zero: true } };
  const spec = {
    title: 'Loss while training',
    width: 480,
    height: 260,
    layer: [
      {
        data: { values: points },
        mark: { type: 'line', color: theme.faint, opacity: 0.6, strokeWidth: 1, aria: false },
        encoding: { x, y },
      },
      {
        data: { values: means },
        mark: {
          type: 'line',
          color: theme.strong,
          strokeWidth: 2,
          point: { size: 28, color: theme.strong },
          aria: false,
        },
        encoding: { x, y },
      },
    ],
  };
  return drawLite(spec, theme);
}
