/** Contents that live elsewhere: a cell's newest numbers in an engine's memory, brought here when someone reads them. */
import { archive, extraFor, remoteOf, Value, type Remote } from './value.ts';

export type { Remote } from './value.ts';

/**
 * Says that a cell's newest content is in `remote`: whoever reads it first fetches it, once, and from then on it is kept
 * here. What was read before stays as it was.
 */
export function setRemoteContent(cell: Value, remote: Remote): void {
  if (remoteOf(cell) === remote) return;
  // Graphs that hold a scalar cell itself find what it held.
  archive(cell);
  extraFor(cell).remote = remote;
  cell._content = null;
  cell._twin = null;
}

/** Where a cell's newest content is, if nobody has read or replaced it since; else null: it is here. */
export const remoteContentOf = (cell: Value): Remote | null => remoteOf(cell);

/** Says that a leaf's gradient is in `remote`, in the same way. */
export function setRemoteGrad(leaf: Value, remote: Remote): void {
  leaf._grad = remote;
}

/** Where a leaf's gradient is, if nobody has read or replaced it since; else null. */
export const remoteGradOf = (leaf: Value): Remote | null =>
  leaf._grad === null || leaf._grad instanceof Value ? null : leaf._grad;
