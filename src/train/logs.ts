/** Epochs as rows of a file. */
import { checkOptions, DataError, OptionError } from '../base/errors.ts';
import { builtin } from '../base/node.ts';
import { writeBytes } from '../data/files.ts';
import type { Callback, EpochRecord } from './callback.ts';

/** Records as text: a header, if there is one, and a line for each. */
interface Form {
  header(columns: readonly string[]): string;
  line(record: EpochRecord, columns: readonly string[]): string;
}

function append(path: string, text: string, op: string): void {
  try {
    builtin('node:fs', op).appendFileSync(path, text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new DataError(`cannot write ${path}: ${why}`, { op, cause: error });
  }
}

/**
 * The history of the run as a file. It is written anew at the first epoch, so that an epoch that an interrupted run had
 * told of, and that is trained again, is there once; and where there is a number that the others did not have.
 */
function log(op: string, path: string, form: Form): Callback {
  if (typeof path !== 'string' || path === '') throw new OptionError('path must be a path', { op, option: 'path' });
  let columns: readonly string[] = [];
  let isBegun = false;
  return {
    name: op,
    onTrainBegin() {
      isBegun = false;
    },
    onEpochEnd({ history: { epochs } }, record) {
      if (isBegun && Object.keys(record).every((name) => columns.includes(name))) {
        return append(path, form.line(record, columns), op);
      }
      isBegun = true;
      columns = [...new Set(epochs.flatMap((each) => Object.keys(each)))];
      const lines = epochs.map((each) => form.line(each, columns));
      writeBytes(path, new TextEncoder().encode(form.header(columns) + lines.join('')), op);
    },
  };
}

export interface CsvLogOptions {
  /** Default a comma. */
  readonly delimiter?: string;
}

/**
 * A row for each epoch in a CSV file: epoch, loss, lr, seconds, metrics. A run that is resumed goes on with the file; any
 * other writes it anew.
 * https://keras.io/api/callbacks/csv_logger/
 * @throws OptionError for a delimiter of more than one character; DataError (from fit) naming a file that cannot be written.
 * @example await fit(model, data, { …, callbacks: [csvLog('runs/1.csv')] })
 */
export function csvLog(path: string, options: CsvLogOptions = {}): Callback {
  checkOptions('csvLog', options, ['delimiter']);
  const { delimiter = ',' } = options;
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new OptionError(`delimiter must be one character, got ${JSON.stringify(delimiter)}`, {
      op: 'csvLog',
      option: 'delimiter',
    });
  }
  const field = (text: string): string =>
    text.includes(delimiter) || /["\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  const row = (fields: readonly string[]): string => `${fields.map(field).join(delimiter)}\n`;
  return log('csvLog', path, {
    header: row,
    line: (record, columns) => row(columns.map((name) => (name in record ? String(record[name]) : ''))),
  });
}

/**
 * A JSON object for each epoch in a file, one a line: its record. Numbers that are not finite are null. A run that is
 * resumed goes on with the file; any other writes it anew.
 * https://jsonlines.org
 * @throws DataError (from fit) naming a file that cannot be written.
 * @example await fit(model, data, { …, callbacks: [jsonLog('runs/1.jsonl')] })
 */
export const jsonLog = (path: string): Callback =>
  log('jsonLog', path, { header: () => '', line: (record) => `${JSON.stringify(record)}\n` });
