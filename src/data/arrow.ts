/** Tables of Apache Arrow, as columns of numbers and text. https://arrow.apache.org/docs/js/ */
import { DataError } from '../base/errors.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';

interface ArrowType {
  readonly typeId: number;
  readonly dictionary?: ArrowType;
  toString(): string;
}

/** A stretch of a column. */
interface Chunk {
  readonly length: number;
  readonly values?: ArrayLike<unknown>;
  readonly valueOffsets?: ArrayLike<unknown>;
}

/** What of a `Table` of apache-arrow is used here. */
export interface ArrowTable {
  readonly numRows: number;
  readonly schema: { readonly fields: readonly { readonly name: string; readonly type: ArrowType }[] };
  getChildAt(index: number): (Iterable<unknown> & { readonly data?: readonly unknown[] }) | null;
}

type Cell = number | string | boolean | null;

interface Column {
  readonly name: string;
  readonly type: string;
  /** Whether the numbers are integers by their type. */
  readonly whole: boolean;
  readonly cells: readonly Cell[];
}

type Fail = (message: string, hint?: string) => never;

const failure =
  (name: string): Fail =>
  (message, hint) => {
    throw new DataError(`${name}: ${message}`, { op: 'fromArrow', ...(hint === undefined ? {} : { hint }) });
  };

/** The numbers that `Type.Int` and `Type.Bool` are in apache-arrow. */
const [INTEGER, BOOLEAN] = [2, 6];

/** Whether a stretch's buffers hold as many rows as it says: what lies beyond them would read as missing. */
function holdsRows({ length, values, valueOffsets }: Chunk, { typeId }: ArrowType): boolean {
  if (valueOffsets !== undefined) return valueOffsets.length > length || length === 0;
  return values === undefined || (typeId === BOOLEAN ? 8 : 1) * values.length >= length;
}

/** A cell as a number, text or boolean; moments are milliseconds since 1970. */
function cellOf(x: unknown, fail: (what: string) => never): Cell {
  if (x === null || x === undefined) return null;
  if (typeof x === 'number' || typeof x === 'string' || typeof x === 'boolean') return x;
  if (x instanceof Date) return x.getTime();
  if (typeof x !== 'bigint') return fail('values that are neither numbers nor text');
  const number = Number(x);
  return Number.isSafeInteger(number) ? number : fail(`${x}, a 64-bit integer that float64 cannot hold exactly`);
}

/**
 * The columns of a table: whole numbers, floats, moments (milliseconds since 1970), booleans and text. `fromArrow` and
 * `readArrow` make one.
 * @throws DataError for a column that is not there, or holds something else than asked for.
 * @example
 * const table = fromArrow(tableFromIPC(bytes));
 * const data = new TensorDataset(table.values(['mass', 'length']), new LabelEncoder().fitTransform(table.texts('species')));
 */
export class ColumnTable {
  /** For messages. */
  readonly name: string;
  /** How many rows there are. */
  readonly length: number;
  readonly #columns: ReadonlyMap<string, Column>;

  constructor(name: string, length: number, columns: readonly Column[]) {
    this.name = name;
    this.length = length;
    this.#columns = new Map(columns.map((c) => [c.name, c]));
  }

  /** The columns' names. */
  get columns(): readonly string[] {
    return [...this.#columns.keys()];
  }

  #column(name: string): Column {
    const column = this.#columns.get(name);
    if (column !== undefined) return column;
    return failure(this.name)(`there is no column ${JSON.stringify(name)}; it has ${this.columns.join(', ')}`);
  }

  /** A column as numbers: missing ones are NaN, booleans 0 and 1. @example table.numbers('mass') */
  numbers(column: string): Float64Array {
    const { cells, type } = this.#column(column);
    return Float64Array.from(cells, (cell, row) => {
      if (cell === null) return NaN;
      if (typeof cell !== 'string') return Number(cell);
      return failure(this.name)(
        `column ${column} is ${type} and holds ${JSON.stringify(cell)} in row ${row}, not a number`,
        'LabelEncoder and OneHotEncoder make numbers of texts(column).',
      );
    });
  }

  /** A column as text; numbers are written out. `missing` stands for what is not there. @example table.texts('species') */
  texts(column: string, missing?: string): string[] {
    return this.#column(column).cells.map((cell, row) => {
      if (cell !== null) return String(cell);
      if (missing !== undefined) return missing;
      return failure(this.name)(
        `column ${column} has nothing in row ${row}`,
        `Say what stands for it: texts(column, '')`,
      );
    });
  }

  /** A column [n]: bool or int32 where it is one and nothing is missing, else float64. @example table.value('label') */
  value(column: string): Value {
    const { cells, whole } = this.#column(column);
    if (cells.length > 0 && cells.every((cell) => typeof cell === 'boolean')) return constant(cells);
    const numbers = this.numbers(column);
    return constant(whole && numbers.every((x) => (x | 0) === x) ? Int32Array.from(numbers) : numbers);
  }

  /** Columns side by side [n, columns] float64; default all. Missing numbers are NaN. @example table.values(['a', 'b']) */
  values(columns: readonly string[] = this.columns): Value {
    const numbers = columns.map((column) => this.numbers(column));
    const data = new Float64Array(this.length * columns.length);
    numbers.forEach((list, k) => list.forEach((x, i) => (data[i * columns.length + k] = x)));
    return constant(data).reshape([this.length, columns.length]).detach();
  }
}

/**
 * The columns of a `Table` of the package apache-arrow, dictionary-encoded ones included.
 * @throws DataError for a column of lists, structs or anything else that is neither numbers nor text.
 * @example
 * import { tableFromIPC } from 'apache-arrow';
 * const table = fromArrow(tableFromIPC(await fetch('penguins.arrow')));
 * table.numbers('body_mass_g')
 */
export function fromArrow(table: ArrowTable, name: string = 'the Arrow table'): ColumnTable {
  const columns = table.schema.fields.map((field, index): Column => {
    const type = field.type.toString();
    const fail = (what: string): never => failure(name)(`column ${field.name} is ${type} and holds ${what}`);
    const vector = table.getChildAt(index);
    const chunks = (vector?.data ?? []) as readonly Chunk[];
    if (!chunks.every((chunk) => holdsRows(chunk, field.type))) fail('fewer values than rows');
    const cells = Array.from(vector ?? [], (x) => cellOf(x, fail));
    if (cells.length !== table.numRows) fail(`${cells.length} rows where the table has ${table.numRows}`);
    return { name: field.name, type, whole: (field.type.dictionary ?? field.type).typeId === INTEGER, cells };
  });
  const twice = columns.find((c, i) => columns.findIndex((d) => d.name === c.name) !== i);
  if (twice !== undefined) failure(name)(`there are two columns ${JSON.stringify(twice.name)}`);
  return new ColumnTable(name, table.numRows, columns);
}
