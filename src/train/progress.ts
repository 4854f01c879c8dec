/** How far a training run is: a bar on a terminal, a line for each epoch elsewhere. */
import type { SingleBar } from 'cli-progress';

/** What is needed of a terminal; process.stdout is one. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface Progress {
  /** One more batch is done. */
  batch(done: number, loss: number): void;
  /** An epoch is over. */
  epoch(epoch: number, summary: string): void;
  stop(): void;
}

/** Says nothing: libraries and tests. */
export const silent: Progress = { batch: () => undefined, epoch: () => undefined, stop: () => undefined };

/** A line for each epoch. @example trainModel(model, data, { progress: lines(console.log), … }) */
export const lines = (write: (line: string) => void): Progress => ({
  ...silent,
  epoch: (epoch, summary) => write(`epoch ${epoch}  ${summary}`),
});

/**
 * A bar with loss, speed and time left, redrawn in place; finished epochs stay as lines above it. Where the stream is
 * no terminal, lines only.
 * @example const progress = await bar(process.stdout, epochs, Math.ceil(n / batchSize))
 */
export async function bar(stream: Terminal, epochs: number, batchesPerEpoch: number): Promise<Progress> {
  if (!stream.isTTY) return lines((line) => stream.write(`${line}\n`));
  const { default: cliProgress } = await import('cli-progress');
  const progress: SingleBar = new cliProgress.SingleBar(
    {
      format:
        'training {bar} {percentage}%  batch {value}/{total}  loss {loss}  {speed} batches/s  {eta_formatted} left',
      stream: stream as unknown as NodeJS.WritableStream,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 24,
      hideCursor: true,
    },
    cliProgress.Presets.shades_classic,
  );
  progress.start(epochs * batchesPerEpoch, 0, { loss: '–', speed: '–' });
  const started = Date.now();
  let total = 0;
  return {
    batch: (_, loss) => {
      total++;
      const speed = (total * 1000) / Math.max(1, Date.now() - started);
      progress.update(total, { loss: loss.toFixed(4), speed: speed.toFixed(0) });
    },
    epoch: (epoch, summary) => {
      stream.write(`\r\u001b[Kepoch ${epoch}  ${summary}\n`);
    },
    stop: () => progress.stop(),
  };
}
