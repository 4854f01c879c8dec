/** The files of a folder of checkpoints. Their names say all: there is no list of them that could be out of date. */
import { DataError } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';

/** Where in a run a file was written: so many epochs over, and so many batches of the next. */
export interface Place {
  readonly epoch: number;
  readonly batch: number;
}

export interface CheckpointFile extends Place {
  readonly path: string;
}

const OP = 'checkpoint';
const NAME = /^epoch-(\d+)(?:-batch-(\d+))?\.safetensors$/;

/** Negative if a comes before b. */
export const inOrder = (a: Place, b: Place): number => a.epoch - b.epoch || a.batch - b.batch;

function nameOf({ epoch, batch }: Place): string {
  const within = batch === 0 ? '' : `-batch-${String(batch).padStart(6, '0')}`;
  return `epoch-${String(epoch).padStart(4, '0')}${within}.safetensors`;
}

export const pathOf = (directory: string, place: Place): string =>
  builtin('node:path', OP).join(directory, nameOf(place));

/** The place that a file's name tells; null for other names. */
export function placeOf(path: string): Place | null {
  const match = NAME.exec(builtin('node:path', OP).basename(path));
  return match === null ? null : { epoch: Number(match[1]), batch: Number(match[2] ?? 0) };
}

/** The folder, made if it is not there. @throws DataError if it cannot be. */
export function prepareFolder(directory: string): void {
  try {
    builtin('node:fs', OP).mkdirSync(directory, { recursive: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(`cannot make the folder ${directory}: ${why}`, { op: OP, cause: error });
  }
}

/** The checkpoints in a folder, the oldest first. */
export function checkpointsIn(directory: string): CheckpointFile[] {
  const fs = builtin('node:fs', OP);
  if (!fs.existsSync(directory)) return [];
  const files = fs.readdirSync(directory).flatMap((name): CheckpointFile[] => {
    const path = builtin('node:path', OP).join(directory, name);
    const place = placeOf(path);
    return place === null ? [] : [{ ...place, path }];
  });
  return files.sort(inOrder);
}

export function remove(files: readonly CheckpointFile[]): void {
  for (const { path } of files) builtin('node:fs', OP).rmSync(path, { force: true });
}

/** Files under other names, where no run takes them for its own; nothing is lost. */
export function setAside(files: readonly CheckpointFile[], suffix: string): void {
  for (const { path } of files) builtin('node:fs', OP).renameSync(path, `${path}.${suffix}`);
}

/** Removes what an interrupted run had half written. */
export function removeParts(directory: string): void {
  const fs = builtin('node:fs', OP);
  const path = builtin('node:path', OP);
  for (const name of fs.readdirSync(directory)) {
    if (name.endsWith('.part') && NAME.test(name.slice(0, -'.part'.length))) fs.rmSync(path.join(directory, name));
  }
}
