/** NumPy's archives of named arrays. https://numpy.org/doc/stable/reference/generated/numpy.savez.html */
import { checkOptions } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { failure } from './elements.ts';
import { readBytes, writeBytes } from './files.ts';
import { formatNpy, parseNpy } from './npy.ts';
import { unzip, zip } from './zip.ts';

export interface NpzOptions {
  /** Pack the arrays (needs Node); default false, as `numpy.savez`. */
  readonly compress?: boolean;
}

/**
 * The arrays in an .npz file's bytes, by name.
 * @throws DataError naming the file (`name`) and the damaged member.
 * @example const { x, y } = parseNpz(bytes)
 */
export function parseNpz(bytes: Uint8Array, name: string = 'npz data'): Record<string, Value> {
  const members = unzip(bytes, 'readNpz', failure('readNpz', name));
  return Object.fromEntries(
    members.map((m) => [m.name.replace(/\.npy$/, ''), parseNpy(m.bytes, `${name}, member ${m.name}`)]),
  );
}

/** Named Values as the bytes of an .npz file. @example formatNpz({ x, y }, { compress: true }) */
export function formatNpz(arrays: Readonly<Record<string, Value>>, options: NpzOptions = {}): Uint8Array {
  checkOptions('formatNpz', options, ['compress']);
  const members = Object.entries(arrays).map(([name, x]) => ({ name: `${name}.npy`, bytes: formatNpy(x) }));
  return zip(members, options.compress ?? false, 'formatNpz');
}

/** Reads an .npz file. @throws DataError naming the file and the member. @example const { x, y } = readNpz('data.npz') */
export const readNpz = (path: string): Record<string, Value> => parseNpz(readBytes(path, 'readNpz'), path);

/** Writes an .npz file, whole or not at all. @throws DataError naming the file. @example writeNpz('data.npz', { x, y }) */
export const writeNpz = (path: string, arrays: Readonly<Record<string, Value>>, options: NpzOptions = {}): void =>
  writeBytes(path, formatNpz(arrays, options), 'writeNpz');
