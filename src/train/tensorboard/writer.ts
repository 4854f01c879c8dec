/** Event files for TensorBoard. */
import { DataError, OptionError } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';
import { constant } from '../../value/create.ts';
import { isValue, type Value } from '../../value/value.ts';
import { distribution } from './distribution.ts';
import { event, fileVersion, histogram, image, record, scalar, sessionStart, type What } from './events.ts';
import { toPng } from './image.ts';
import { joined } from './protobuf.ts';

const OP = 'SummaryWriter';

/** Files of this process: their names must differ. */
let files = 0;

function checkStep(step: number): number {
  if (Number.isSafeInteger(step) && step >= 0) return step;
  throw new OptionError(`step must be a whole number ≥ 0, got ${String(step)}`, { op: OP, option: 'step' });
}

/**
 * Writes what TensorBoard shows: `tensorboard --logdir runs`. Nothing is on the disk before `flush()`. For loops of your
 * own; `fit` takes `tensorBoard({ directory })` as a callback.
 * https://docs.pytorch.org/docs/stable/tensorboard.html
 * @throws DataError naming a file that cannot be written; OptionError for an impossible step.
 * @example
 * const writer = new SummaryWriter('runs/1');
 * writer.addScalar('loss', loss.item(), step);
 * writer.flush();
 */
export class SummaryWriter {
  /** The file's path. */
  readonly path: string;
  readonly #pending: Uint8Array[] = [];

  /** @param purgeStep Where an interrupted run goes on: what earlier files in the folder tell of it and later steps is not shown. */
  constructor(directory: string, options: { readonly purgeStep?: number } = {}) {
    const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
    const host = builtin('node:os', OP).hostname();
    this.path = builtin('node:path', OP).join(
      directory,
      `events.out.tfevents.${seconds}.${host}.${process.pid}.${files++}`,
    );
    try {
      builtin('node:fs', OP).mkdirSync(directory, { recursive: true });
    } catch (error) {
      throw this.#failed(error);
    }
    this.#add(0, fileVersion());
    if (options.purgeStep !== undefined) this.#add(checkStep(options.purgeStep), sessionStart());
    this.flush();
  }

  #failed(error: unknown): DataError {
    const why = error instanceof Error ? error.message : String(error);
    return new DataError(`cannot write ${this.path}: ${why}`, { op: OP, cause: error });
  }

  #add(step: number, what: What): void {
    this.#pending.push(record(event(Date.now() / 1000, checkStep(step), what)));
  }

  /** One number of a curve. @example writer.addScalar('loss/train', 0.25, epoch) */
  addScalar(tag: string, x: number | Value, step: number): this {
    this.#add(step, scalar(tag, isValue(x) ? x.item() : x));
    return this;
  }

  /** How numbers are distributed; those that are not finite are left out. @example writer.addHistogram('weights', layer.weight, epoch) */
  addHistogram(tag: string, x: Value | ArrayLike<number>, step: number): this {
    const found = distribution(isValue(x) ? x.data : x);
    if (found !== null) this.#add(step, histogram(tag, found));
    return this;
  }

  /**
   * A picture [height, width] or [channels, height, width]: floats from 0 to 1, integers from 0 to 255.
   * @throws ShapeError for other shapes.
   * @example writer.addImage('digit', images.at(0), step)
   */
  addImage(tag: string, x: Value | readonly (readonly number[])[], step: number): this {
    this.#add(step, image(tag, toPng(isValue(x) ? x : constant(x))));
    return this;
  }

  /** Puts everything into the file. */
  flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = joined(this.#pending);
    this.#pending.length = 0;
    try {
      builtin('node:fs', OP).appendFileSync(this.path, bytes);
    } catch (error) {
      throw this.#failed(error);
    }
  }
}
