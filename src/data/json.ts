/** JSON files: one document, or one a line. */
import { DataError } from '../base/errors.ts';
import { readText } from './files.ts';
import { streamLines, type TextSource } from './lines.ts';

/** @throws DataError naming the file and the line. */
function parse(text: string, where: string, op: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DataError(`${where} is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      op,
      cause: error,
    });
  }
}

/** What a JSON file says, packed with gzip or not. @throws DataError naming the file. @example readJson('cars.json') */
export const readJson = (path: string): unknown =>
  parse(readText(path, 'readJson').replace(/^\uFEFF/, ''), path, 'readJson');

/**
 * A file or stream of one JSON document a line, in constant memory; blank lines are passed over.
 * @throws DataError naming the file and the line.
 * @example for await (const example of streamJsonLines('train.jsonl')) …
 */
export async function* streamJsonLines(source: TextSource): AsyncGenerator<unknown, void, undefined> {
  const name = typeof source === 'string' ? source : 'JSON lines';
  let number = 0;
  for await (const line of streamLines(source)) {
    number++;
    if (line.trim() !== '') yield parse(line, `${name}, line ${number}`, 'streamJsonLines');
  }
}
