/** CSV row by row, in memory that does not grow with the file. */
import { DataError } from '../base/errors.ts';
import { checkCsvOptions, scanRows, type CsvOptions } from './csv.ts';
import { textPieces, type TextSource } from './lines.ts';

/** A row by its columns' names. */
export type CsvRow = Readonly<Record<string, string>>;

export interface CsvStreamOptions extends CsvOptions {
  /** For messages, where the source is no path. */
  readonly name?: string;
}

/** Where the text's last complete row ends: the last line end outside quotes; 0 where there is none. */
class RowEnds {
  readonly #delimiter: number;
  #inside: 'field' | 'quotes' | 'start' = 'start';
  #seen = 0;
  #end = 0;

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
  }

  /** Goes on where it stopped: no character is looked at twice. */
  find(text: string): number {
    for (let at = this.#seen; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.#inside === 'quotes') {
        // A doubled quote opens them again at once: what follows a closing one is the start of a field or an error.
        if (code === QUOTE) this.#inside = 'start';
        continue;
      }
      if (code === LINE_FEED) this.#end = at + 1;
      if (code === QUOTE && this.#inside === 'start') this.#inside = 'quotes';
      else if (!this.#isMark(code)) this.#inside = this.#startsField(code) ? 'start' : 'field';
    }
    this.#seen = text.length;
    return this.#end;
  }

  /** A byte-order mark, which may stand before the first field. */
  #isMark(code: number): boolean {
    return code === 0xfeff && this.#inside === 'start';
  }

  #startsField(code: number): boolean {
    return code === this.#delimiter || code === LINE_FEED || code === RETURN;
  }

  /** The first `end` characters are gone. */
  drop(end: number): void {
    this.#seen -= end;
    this.#end = 0;
  }
}

const [QUOTE, LINE_FEED, RETURN] = [34, 10, 13];

/** A row of this many characters is a quote that was never closed. */
const LONGEST_ROW = 1 << 26;

/**
 * The rows of a CSV file (packed if it ends in .gz) or stream, each by its columns' names, in constant memory. Lines end in
 * LF or CRLF. With `header: false` the columns are named '0', '1', …
 * @throws DataError naming file and line of a row with the wrong number of fields or a quote that is never closed.
 * @example
 * const loader = new DataLoader(() => streamCsv('large.csv'), { batchSize: 256, collate: (rows) => … });
 * for await (const batch of loader) …
 */
export async function* streamCsv(
  source: TextSource,
  options: CsvStreamOptions = {},
): AsyncGenerator<CsvRow, void, undefined> {
  const { delimiter, header } = checkCsvOptions('streamCsv', options, ['name']);
  const name = options.name ?? (typeof source === 'string' ? source : 'CSV data');
  let columns: readonly string[] | null = null;
  let line = 1;
  for await (const text of rowsOfText(source, delimiter, name)) {
    const { rows, lines, lineEnds } = scanRows(text, delimiter, name, line);
    line += lineEnds;
    for (const [i, row] of rows.entries()) {
      if (columns === null) {
        columns = header ? row : row.map((_, k) => String(k));
        if (header) continue;
      }
      if (row.length !== columns.length) {
        throw new DataError(
          `${name}, line ${lines[i]}: ${row.length} fields where the ${header ? 'header' : 'first row'} has ${columns.length}`,
          { op: 'streamCsv' },
        );
      }
      yield named(columns, row);
    }
  }
  if (columns === null) throw new DataError(`${name} is empty`, { op: 'streamCsv' });
}

function named(columns: readonly string[], row: readonly string[]): CsvRow {
  const record: Record<string, string> = {};
  for (let k = 0; k < columns.length; k++) record[columns[k]!] = row[k]!;
  return record;
}

/** The text in pieces that end where rows end. */
async function* rowsOfText(
  source: TextSource,
  delimiter: string,
  name: string,
): AsyncGenerator<string, void, undefined> {
  const ends = new RowEnds(delimiter);
  let text = '';
  for await (const piece of textPieces(source, 'streamCsv')) {
    text += piece;
    const end = ends.find(text);
    if (end === 0 && text.length > LONGEST_ROW) {
      throw new DataError(`${name}: a row is longer than ${LONGEST_ROW} characters; is a quote never closed?`, {
        op: 'streamCsv',
      });
    }
    if (end === 0) continue;
    yield text.slice(0, end);
    text = text.slice(end);
    ends.drop(end);
  }
  if (text !== '') yield text;
}
