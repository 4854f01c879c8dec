/** Files that appear whole or not at all. */
import { DataError } from '../base/errors.ts';
import { builtin } from '../base/node.ts';

/**
 * Writes a file beside its place and moves it there: what was there before stays until the new one is complete.
 * @throws DataError naming the path and why it cannot be written.
 */
export function writeWhole(path: string, text: string): void {
  const fs = builtin('node:fs', 'write');
  const temporary = `${path}.${String(Date.now())}.part`;
  try {
    fs.writeFileSync(temporary, text);
    fs.renameSync(temporary, path);
  } catch (error) {
    fs.rmSync(temporary, { force: true });
    throw new DataError(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      op: 'write',
      cause: error,
    });
  }
}
