/** CSV (RFC 4180): quoted fields, doubled quotes, any line ending. */
import { checkOptions, DataError, OptionError } from '../base/errors.ts';
import { readText } from './files.ts';

export interface CsvOptions {
  /** Default a comma. */
  readonly delimiter?: string;
  /** Whether the first row names the columns; default true. */
  readonly header?: boolean;
}

/** Rows of text by column; numbers are made of them where they are wanted. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The line of the file on which each row starts, counted from 1. */
  readonly lines: readonly number[];
  /** For messages. */
  readonly name: string;
}

interface Scan {
  readonly rows: string[][];
  /** The line on which each row starts. */
  readonly lines: number[];
  readonly lineEnds: number;
}

/** Splits text into rows of fields; quoted fields may hold delimiters and line ends. */
export function scanRows(text: string, delimiter: string, name: string, firstLine: number = 1): Scan {
  const rows: string[][] = [];
  const lines: number[] = [];
  let [at, line] = [text.startsWith('\uFEFF') ? 1 : 0, firstLine];
  while (at < text.length) {
    const row: string[] = [];
    lines.push(line);
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at, line, name) : plainField(text, at, delimiter);
      row.push(field.text);
      line += field.lineEnds;
      at = field.end;
      if (text[at] !== delimiter) break;
      at++;
    }
    if (at < text.length && text[at] !== '\n' && text[at] !== '\r') {
      throw new DataError(`${name}, line ${line}: text after a closing quote`, { op: 'readCsv' });
    }
    at += text[at] === '\r' && text[at + 1] === '\n' ? 2 : 1;
    line++;
    // A blank line is no row.
    if (row.length === 1 && row[0] === '') lines.pop();
    else rows.push(row);
  }
  return { rows, lines, lineEnds: line - firstLine };
}

interface Field {
  readonly text: string;
  readonly end: number;
  readonly lineEnds: number;
}

function plainField(text: string, start: number, delimiter: string): Field {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
  return { text: text.slice(start, end), end, lineEnds: 0 };
}

function quotedField(text: string, start: number, line: number, name: string): Field {
  let content = '';
  for (let at = start + 1; ;) {
    const quote = text.indexOf('"', at);
    if (quote < 0) throw new DataError(`${name}, line ${line}: a quoted field is never closed`, { op: 'readCsv' });
    content += text.slice(at, quote);
    if (text[quote + 1] !== '"') return { text: content, end: quote + 1, lineEnds: content.split('\n').length - 1 };
    content += '"';
    at = quote + 2;
  }
}

/** The options with their defaults. @throws OptionError */
export function checkCsvOptions(op: string, options: CsvOptions, others: readonly string[] = []): Required<CsvOptions> {
  checkOptions(op, options, ['delimiter', 'header', ...others]);
  const { delimiter = ',', header = true } = options;
  if (typeof delimiter !== 'string' || delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new OptionError(`the delimiter is one character such as , or ;, got ${JSON.stringify(delimiter)}`, {
      op,
      option: 'delimiter',
    });
  }
  return { delimiter, header };
}

/**
 * The table in CSV text.
 * @throws DataError naming the line of a row with the wrong number of fields, or of an unclosed quote; OptionError for a
 * delimiter that is not one character.
 * @example parseCsv('x,y\n1,2').rows // [['1', '2']]
 */
export function parseCsv(text: string, options: CsvOptions = {}, name: string = 'CSV data'): Table {
  const { delimiter, header } = checkCsvOptions('parseCsv', options);
  const { rows, lines } = scanRows(text, delimiter, name);
  const first = rows[0];
  if (first === undefined) throw new DataError(`${name} is empty`, { op: 'readCsv' });
  const columns = header ? first : first.map((_, i) => String(i));
  const [body, bodyLines] = header ? [rows.slice(1), lines.slice(1)] : [rows, lines];
  const wrong = body.findIndex((row) => row.length !== columns.length);
  if (wrong >= 0) {
    throw new DataError(
      `${name}, line ${bodyLines[wrong]}: ${body[wrong]!.length} fields where the ${header ? 'header' : 'first row'} has ${columns.length}`,
      { op: 'readCsv' },
    );
  }
  return { columns, rows: body, lines: bodyLines, name };
}

/**
 * Reads a CSV file, packed with gzip or not.
 * @throws DataError naming file and line.
 * @example numericColumn(readCsv('iris.csv'), 'petal length')
 */
export const readCsv = (path: string, options: CsvOptions = {}): Table =>
  parseCsv(readText(path, 'readCsv'), options, path);

const MISSING = new Set(['', 'NA', 'NaN', 'nan', 'null', 'N/A']);

/** Whether a field says that there is nothing: empty, NA, N/A, NaN, null. @example isMissing(' NA') // true */
export const isMissing = (field: string): boolean => MISSING.has(field.trim());

/**
 * A column as numbers; missing fields are NaN.
 * @throws DataError naming the line of a field that is no number, or listing the columns where there is no such one.
 * @example numericColumn(parseCsv('x,y\n1,2\nNA,3'), 'x') // [1, NaN]
 */
export function numericColumn(table: Table, column: string): Float64Array {
  const at = columnIndex(table, column);
  return Float64Array.from(table.rows, (row, i) => {
    const field = row[at]!;
    if (isMissing(field)) return NaN;
    const x = Number(field);
    if (!Number.isNaN(x)) return x;
    throw new DataError(
      `${table.name}, line ${table.lines[i]}: column ${column} holds ${JSON.stringify(field)}, not a number`,
      { op: 'numericColumn' },
    );
  });
}

/** @throws DataError listing the columns. */
function columnIndex(table: Table, column: string): number {
  const at = table.columns.indexOf(column);
  if (at >= 0) return at;
  throw new DataError(`${table.name} has no column ${JSON.stringify(column)}; it has ${table.columns.join(', ')}`, {
    op: 'numericColumn',
  });
}
