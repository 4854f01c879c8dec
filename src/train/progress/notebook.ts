/** How far a run is, in a notebook. */
import type { Callback, Run } from '../callback.ts';
import { epochOf, Pace, REDRAW, shown, summary } from './text.ts';

/** What shows HTML and can show other HTML in its place: `tslab.newDisplay()` is one. */
export interface Display {
  html(text: string): void;
}

/** Whether this is the process of a notebook's TypeScript kernel. */
export function inNotebook(): boolean {
  const { argv } = (globalThis as { process?: { argv?: readonly string[] } }).process ?? {};
  return /[\\/]tslab([\\/]|$)/.test(argv?.[1] ?? '');
}

const statusOf = (run: Run, pace: Pace): string =>
  `${epochOf(run)}  batch ${run.step}${run.batches === null ? '' : `/${run.epochs * run.batches}`}  ` +
  `loss ${shown(run.lastLoss)}  ${pace.speed(run).toFixed(0)} batches/s  ${pace.left(run)} left`;

/** Called with the run whenever there is something new to show, but not more often than anyone can see. */
function watching(draw: (run: Run, pace: Pace) => void, rest: (pace: () => Pace) => Callback): Callback {
  let pace = new Pace(0);
  let last = 0;
  return {
    ...rest(() => pace),
    onTrainBegin(run) {
      pace = new Pace(run.step);
    },
    onBatchEnd(run) {
      const now = performance.now();
      if (now - last < REDRAW) return;
      last = now;
      draw(run, pace);
    },
  };
}

/** A line that overwrites itself, and a line that stays for each epoch: where text goes to a notebook. */
export function overwriting(write: (text: string) => unknown): Callback {
  let width = 0;
  const over = (text: string, end: string): void => {
    write(`\r${text.padEnd(width)}${end}`);
    width = end === '' ? text.length : 0;
  };
  return watching(
    (run, pace) => over(statusOf(run, pace), ''),
    () => ({
      onEpochEnd: (run, record) => over(`${epochOf(run)}  ${summary(record, record.lr)}`, '\n'),
      onTrainEnd: ({ history }) => {
        if (history.stopped !== null) over(`stopped: ${history.stopped}`, '\n');
      },
    }),
  );
}

const cells = (tag: string, texts: readonly string[]): string =>
  `<tr>${texts.map((text) => `<${tag}>${text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</${tag}>`).join('')}</tr>`;

function table({ history }: Run): string {
  const { epochs } = history;
  if (epochs.length === 0) return '';
  const rows = epochs.map((record) =>
    cells(
      'td',
      Object.entries(record).map(([name, x]) => (name === 'epoch' ? String(x) : shown(x))),
    ),
  );
  return `<table>${cells('th', Object.keys(epochs[0]!))}${rows.join('')}</table>`;
}

/**
 * A bar and a table of the epochs in a notebook.
 * @example await fit(model, data, { …, progress: notebook(tslab.newDisplay()) })
 */
export function notebook(display: Display): Callback {
  const draw = (run: Run, status: string): void => {
    const done =
      run.batches === null ? '' : `<progress value="${run.step}" max="${run.epochs * run.batches}"></progress> `;
    display.html(`${done}<code>${status}</code>${table(run)}`);
  };
  return watching(
    (run, pace) => draw(run, statusOf(run, pace)),
    (pace) => ({
      onEpochEnd: (run) => draw(run, statusOf(run, pace())),
      onTrainEnd: (run) => draw(run, run.history.stopped === null ? 'done' : `stopped: ${run.history.stopped}`),
    }),
  );
}
