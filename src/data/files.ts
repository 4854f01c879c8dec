/** Reading and writing whole files. */
import { DataError } from '../base/errors.ts';
import { builtin } from '../base/node.ts';

type Fs = ReturnType<typeof builtin<'node:fs'>>;

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

const reason = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A file's bytes, unpacked if they are gzip. @throws DataError naming the file. */
export function readBytes(path: string, op: string): Uint8Array {
  const fs = builtin('node:fs', op);
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(path);
  } catch (error) {
    throw new DataError(`cannot read ${path}: ${reason(error)}`, { op, cause: error });
  }
  if (!isGzip(bytes)) {
    if (path.endsWith('.gz'))
      throw new DataError(`${path} is damaged: its name ends in .gz, and it is no gzip file`, { op });
    return bytes;
  }
  try {
    return builtin('node:zlib', op).gunzipSync(bytes);
  } catch (error) {
    throw new DataError(`${path} is damaged: ${reason(error)}`, { op, cause: error });
  }
}

export const notUtf8 = (name: string, op: string, cause: unknown): DataError =>
  new DataError(`${name} is no text in UTF-8`, {
    op,
    hint: "Another encoding is read by new TextDecoder('windows-1252').decode(bytes), and parsed from there.",
    cause,
  });

/** A file's text. @throws DataError naming the file. */
export function readText(path: string, op: string): string {
  const bytes = readBytes(path, op);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw notUtf8(path, op, error);
  }
}

/** Puts a folder's entries on the disk: a file that was moved survives a loss of power. Not every system can. */
function flushFolder(fs: Fs, path: string): void {
  let folder: number;
  try {
    folder = fs.openSync(builtin('node:path', 'writeBytes').dirname(path), 'r');
  } catch {
    return;
  }
  try {
    fs.fsyncSync(folder);
  } catch {
    return;
  } finally {
    fs.closeSync(folder);
  }
}

/**
 * Writes a file beside its place and moves it there: an interruption, at any time, leaves the old one or the new one.
 * @throws DataError naming the file.
 */
export function writeBytes(path: string, bytes: Uint8Array, op: string): void {
  const fs = builtin('node:fs', op);
  const beside = `${path}.part`;
  try {
    fs.writeFileSync(beside, bytes, { flush: true });
    fs.renameSync(beside, path);
    flushFolder(fs, path);
  } catch (error) {
    fs.rmSync(beside, { force: true });
    throw new DataError(`cannot write ${path}: ${reason(error)}`, { op, cause: error });
  }
}
