/** How far a training run is: a bar on a terminal and in notebooks, a line for each epoch elsewhere. */
import type { SingleBar } from 'cli-progress';
import type { Callback, Run } from '../callback.ts';
import { inNotebook, overwriting } from './notebook.ts';
import { epochOf, Pace, REDRAW, shown, summary } from './text.ts';

/** What is needed of a terminal; process.stdout is one. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * A line for each epoch.
 * @example await fit(model, data, { …, progress: lines(console.log) })
 */
export function lines(write: (line: string) => void): Callback {
  let rate: number | undefined;
  return {
    onTrainBegin: ({ optimizer }) => {
      rate = optimizer.lr;
    },
    onEpochEnd: (run, record) => {
      write(`${epochOf(run)}  ${summary(record, rate)}`);
      rate = record.lr;
    },
    onTrainEnd: ({ history }) => {
      if (history.stopped !== null) write(`stopped: ${history.stopped}`);
    },
  };
}

const withoutLength = ({ batches }: Run): boolean => batches === null;

/** How many batches of the epoch are over. */
const batchOf = ({ step, batches }: Run): number =>
  batches === null || step === 0 ? step : ((step - 1) % batches) + 1;

/**
 * A bar with loss, speed and time left, redrawn in place; finished epochs stay as lines above it. Where the stream is
 * no terminal, lines only.
 * @example await fit(model, data, { …, progress: bar(process.stdout) })
 */
export function bar(stream: Terminal): Callback {
  const line = lines((text) => stream.write(stream.isTTY === true ? `\r\u001b[K${text}\n` : `${text}\n`));
  if (stream.isTTY !== true) return line;
  let drawn: SingleBar | null = null;
  let pace = new Pace(0);
  let last = 0;
  const numbers = (run: Run): Record<string, string> => ({
    where: epochOf(run),
    loss: run.step === 0 ? '–' : shown(run.lastLoss),
    speed: pace.speed(run).toFixed(0),
    left: pace.left(run),
    batches: `batch ${batchOf(run)}${withoutLength(run) ? '' : `/${run.batches}`}`,
  });
  return {
    async onTrainBegin(run) {
      await line.onTrainBegin!(run);
      const { default: cliProgress } = await import('cli-progress');
      pace = new Pace(run.step);
      const bars = withoutLength(run) ? '' : '{bar} {percentage}%  ';
      drawn = new cliProgress.SingleBar(
        {
          format: `${bars}{where}  {batches}  loss {loss}  {speed} batches/s  {left} left`,
          stream: stream as unknown as NodeJS.WritableStream,
          barCompleteChar: '█',
          barIncompleteChar: '░',
          barsize: 24,
          hideCursor: true,
          linewrap: false,
        },
        cliProgress.Presets.shades_classic,
      );
      drawn.start(run.epochs * (run.batches ?? 1), run.step, numbers(run));
    },
    onBatchEnd(run) {
      const now = performance.now();
      if (now - last < REDRAW) return;
      last = now;
      drawn?.update(withoutLength(run) ? run.epoch - 1 : run.step, numbers(run));
    },
    onEpochEnd(run, record) {
      const written = line.onEpochEnd!(run, record);
      drawn?.update(withoutLength(run) ? run.epoch : run.step, numbers(run));
      return written;
    },
    onTrainEnd(run) {
      // It gives the terminal its cursor back.
      drawn?.stop();
      drawn = null;
      return line.onTrainEnd!(run);
    },
  };
}

interface Environment {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly stdout?: Terminal;
}

/** What the environment calls for. */
function byEnvironment(): Callback | null {
  const { env = {}, stdout } = (globalThis as { process?: Environment }).process ?? {};
  if (env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false') return null;
  if (env['NODE_ENV'] === 'test') return null;
  if (stdout !== undefined && inNotebook()) return overwriting((text) => stdout.write(text));
  return stdout?.isTTY === true ? bar(stdout) : lines((text) => console.log(text));
}

/** What shows a run, if anything does. */
export function progressFor(progress: boolean | Callback | undefined): Callback | null {
  if (progress === false) return null;
  return progress === undefined || progress === true ? byEnvironment() : progress;
}
