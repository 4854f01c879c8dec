/** Text files: whole, and line by line without holding them. */
import { builtin } from '../base/node.ts';
import { DataError } from '../base/errors.ts';
import { notUtf8, readText as readWhole } from './files.ts';

/** Text in pieces of any size: a file's path, or what fetch and streams give. */
export type TextSource = string | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>;

/** A text file, packed with gzip or not. @throws DataError naming the file. @example readText('shakespeare.txt').length */
export const readText = (path: string): string => readWhole(path, 'readText');

/** A text file's lines, without their ends; the last line end ends no line. @throws DataError naming the file. @example readLines('names.txt')[0] */
export function readLines(path: string): string[] {
  const lines = readWhole(path, 'readLines').split(/\r\n|\n|\r/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The pieces of a file (unpacked if it ends in .gz) or of a stream, as text. */
export async function* textPieces(source: TextSource, op: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (piece?: Uint8Array): string => {
    try {
      return decoder.decode(piece, { stream: piece !== undefined });
    } catch (error) {
      throw notUtf8(typeof source === 'string' ? source : 'the stream', op, error);
    }
  };
  try {
    for await (const piece of typeof source === 'string' ? openFile(source, op) : source) {
      yield typeof piece === 'string' ? piece : decode(piece);
    }
    yield decode();
  } catch (error) {
    if (typeof source !== 'string' || error instanceof DataError) throw error;
    throw new DataError(`cannot read ${source}: ${error instanceof Error ? error.message : String(error)}`, {
      op,
      cause: error,
    });
  }
}

function openFile(path: string, op: string): AsyncIterable<Uint8Array> {
  const file = builtin('node:fs', op).createReadStream(path, { highWaterMark: 1 << 16 });
  if (!path.endsWith('.gz')) return file as AsyncIterable<Uint8Array>;
  const unpacked = builtin('node:zlib', op).createGunzip();
  file.on('error', (error) => unpacked.destroy(error));
  // Whoever stops early closes the file, too.
  unpacked.on('close', () => file.destroy());
  return file.pipe(unpacked) as AsyncIterable<Uint8Array>;
}

/**
 * A text's lines one after the other, in memory that does not grow with it.
 * @throws DataError naming a file that cannot be read.
 * @example for await (const line of streamLines('corpus.txt.gz')) …
 */
export async function* streamLines(source: TextSource): AsyncGenerator<string, void, undefined> {
  let rest = '';
  for await (const piece of textPieces(source, 'streamLines')) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line;
  }
  if (rest !== '') yield rest;
}
