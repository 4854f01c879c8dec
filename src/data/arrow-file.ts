/** Arrow files through apache-arrow, an optional peer. https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format */
import { ChainruleError, DataError } from '../base/errors.ts';
import { checkArrow } from './arrow-messages.ts';
import { fromArrow, type ArrowTable, type ColumnTable } from './arrow.ts';
import { readBytes } from './files.ts';

interface Arrow {
  readonly tableFromIPC: (bytes: Uint8Array) => ArrowTable;
}

/** Loaded when a file is read. */
async function load(): Promise<Arrow> {
  try {
    return await import('apache-arrow');
  } catch (error) {
    throw new ChainruleError('Arrow files need the package apache-arrow', {
      op: 'readArrow',
      hint: 'npm install apache-arrow',
      cause: error,
    });
  }
}

/**
 * Reads an Arrow file (also called Feather, version 2) or a saved Arrow stream, packed with gzip or not. It needs the
 * package apache-arrow. Buffers that are compressed inside the file need a codec registered with it.
 * @throws DataError naming the file and what is wrong with it; ChainruleError without the package.
 * @example const table = await readArrow('penguins.arrow'); table.values(['bill_length_mm', 'body_mass_g'])
 */
export async function readArrow(path: string): Promise<ColumnTable> {
  const { tableFromIPC } = await load();
  const fail = (why: string, cause?: unknown): never => {
    throw new DataError(`${path} is damaged, or no Arrow file: ${why}`, { op: 'readArrow', cause });
  };
  const bytes = readBytes(path, 'readArrow');
  checkArrow(bytes, fail);
  try {
    return fromArrow(tableFromIPC(bytes), path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    return fail(error instanceof Error ? error.message : String(error), error);
  }
}
