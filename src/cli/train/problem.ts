/** What there is to learn: data made on the spot, digits from a folder, or a table of the user's own. */
import { newStorage } from '../../base/dtypes.ts';
import { DataError } from '../../base/errors.ts';
import { builtin } from '../../base/node.ts';
import { permutation } from '../../data/batches.ts';
import { isMissing, numericColumn, readCsv, type Table } from '../../data/csv.ts';
import { readIdx } from '../../data/idx.ts';
import { moons } from '../../data/makers.ts';
import { constant } from '../../value/create.ts';
import type { Value } from '../../value/value.ts';

export interface Examples {
  /** [n, features] */
  readonly x: Value;
  /** [n] int32 classes. */
  readonly y: Value;
}

export interface Problem {
  readonly title: string;
  readonly train: Examples;
  readonly test: Examples;
  readonly classes: readonly string[];
  /** What works well for it. */
  readonly defaults: {
    readonly hidden: readonly number[];
    readonly epochs: number;
    readonly batchSize: number;
    readonly lr: number;
  };
}

/** Half of the moons is kept for testing. */
function moonsProblem(): Problem {
  const make = (): Examples => moons(500, { noise: 0.1 });
  return {
    title: 'two moons, made on the spot',
    train: make(),
    test: make(),
    classes: ['upper', 'lower'],
    defaults: { hidden: [32, 32], epochs: 40, batchSize: 32, lr: 0.01 },
  };
}

// Digits -----------------------------------------------------------------------------------------------------------

const listed = (files: readonly string[]): string =>
  files.length === 0 ? 'is empty' : `has ${files.slice(0, 10).join(', ')}${files.length > 10 ? ', …' : ''}`;

/** The one file of a folder that fits; with or without .gz. @throws DataError listing what there is. */
function findFile(folder: string, pattern: RegExp): string {
  const files = builtin('node:fs', 'train').readdirSync(folder);
  const found = files.find((name) => pattern.test(name));
  if (found !== undefined) return builtin('node:path', 'train').join(folder, found);
  throw new DataError(`${folder} holds no file like ${pattern.source.replaceAll('.*', '…')}; it ${listed(files)}`, {
    op: 'train',
  });
}

function readImages(folder: string, part: string): Examples {
  const imagesPath = findFile(folder, new RegExp(`${part}.*images.*idx3`));
  const labelsPath = findFile(folder, new RegExp(`${part}.*labels.*idx1`));
  const images = readIdx(imagesPath);
  const labels = readIdx(labelsPath);
  const n = images.shape[0]!;
  if (labels.shape[0] !== n) {
    throw new DataError(`${imagesPath} has ${n} images, ${labelsPath} ${String(labels.shape[0])} labels`, {
      op: 'train',
    });
  }
  const pixels = images.size / Math.max(1, n);
  return { x: images.reshape([n, pixels]).to('float32').div(255).detach(), y: labels };
}

/** Images and labels in IDX files: `train-images-idx3-ubyte.gz` and its three companions (`t10k` or `test`). */
function digitsProblem(folder: string): Problem {
  const train = readImages(folder, 'train');
  const test = readImages(folder, '(t10k|test)');
  const classes = 1 + Math.max(...train.y.data);
  return {
    title: `${train.x.shape[0]} images of ${train.x.shape[1]} pixels from ${folder}`,
    train,
    test,
    classes: Array.from({ length: classes }, (_, i) => String(i)),
    defaults: { hidden: [256], epochs: 8, batchSize: 64, lr: 3e-3 },
  };
}

// Tables -----------------------------------------------------------------------------------------------------------

/** One row in five is kept for testing. */
const TEST_SHARE = 0.2;

const isNumeric = (table: Table, column: number): boolean =>
  table.rows.every((row) => isMissing(row[column]!) || !Number.isNaN(Number(row[column]))) &&
  table.rows.some((row) => !isMissing(row[column]!));

/** Columns to zero mean and unit spread by the training rows; a constant column becomes zero. */
function standardise(columns: readonly Float64Array[], trainRows: Int32Array): Float64Array[] {
  return columns.map((column) => {
    let mean = 0;
    for (const i of trainRows) mean += column[i]! / trainRows.length;
    let variance = 0;
    for (const i of trainRows) variance += ((column[i]! - mean) * (column[i]! - mean)) / trainRows.length;
    const spread = Math.sqrt(variance);
    return column.map((x) => (spread > 0 ? (x - mean) / spread : 0));
  });
}

function take(columns: readonly Float64Array[], labels: Int32Array, rows: Int32Array): Examples {
  const data = newStorage('float64', rows.length * columns.length);
  rows.forEach((row, i) => columns.forEach((column, j) => (data[i * columns.length + j] = column[row]!)));
  return {
    x: constant(data, { shape: [rows.length, columns.length] }),
    y: constant(Int32Array.from(rows, (row) => labels[row]!)),
  };
}

/** The column that holds the classes: the one named, or the only one of text, or the last. */
function targetColumn(table: Table, target: string | undefined): number {
  if (target !== undefined) {
    const at = table.columns.indexOf(target);
    if (at >= 0) return at;
    throw new DataError(`${table.name} has no column ${JSON.stringify(target)}; it has ${table.columns.join(', ')}`, {
      op: 'train',
    });
  }
  const texts = table.columns.map((_, i) => i).filter((i) => !isNumeric(table, i));
  return texts[0] ?? table.columns.length - 1;
}

/** A CSV file with a header: numeric columns are features, rows with missing ones are left out. */
function tableProblem(path: string, target: string | undefined): Problem {
  const table = readCsv(path);
  if (table.rows.length === 0) throw new DataError(`${path} has a header and no rows`, { op: 'train' });
  const at = targetColumn(table, target);
  const features = table.columns.map((_, i) => i).filter((i) => i !== at && isNumeric(table, i));
  if (features.length === 0)
    throw new DataError(`${path} has no numeric column beside ${table.columns[at]!}`, { op: 'train' });
  const all = features.map((i) => numericColumn(table, table.columns[i]!));
  const whole = table.rows.flatMap((row, i) =>
    isMissing(row[at]!) || all.some((column) => Number.isNaN(column[i])) ? [] : [i],
  );
  const classes = [...new Set(whole.map((i) => table.rows[i]![at]!))].sort();
  if (classes.length < 2)
    throw new DataError(
      `${path}: column ${table.columns[at]!} holds ${classes.length} class(es); at least two are needed`,
      { op: 'train' },
    );
  if (classes.length > whole.length / 2) {
    throw new DataError(
      `${path}: column ${table.columns[at]!} holds ${classes.length} different values in ${whole.length} rows; it is no class`,
      { op: 'train', hint: 'Name the column of classes with --target.' },
    );
  }
  const labels = new Int32Array(table.rows.length);
  for (const i of whole) labels[i] = classes.indexOf(table.rows[i]![at]!);
  const shuffled = permutation(whole.length).map((i) => whole[i]!);
  const testCount = Math.max(1, Math.round(whole.length * TEST_SHARE));
  const [testRows, trainRows] = [shuffled.subarray(0, testCount), shuffled.subarray(testCount)];
  const columns = standardise(all, trainRows);
  return {
    title: `${whole.length} rows of ${path}: ${table.columns[at]!} from ${features.map((i) => table.columns[i]!).join(', ')}`,
    train: take(columns, labels, trainRows),
    test: take(columns, labels, testRows),
    classes,
    defaults: { hidden: [32], epochs: 60, batchSize: 16, lr: 0.01 },
  };
}

/** Moons without data, digits for a folder, a table for a file. */
export function problemFor(data: string | undefined, target: string | undefined): Problem {
  if (data === undefined) return moonsProblem();
  const stat = builtin('node:fs', 'train').statSync(data, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new DataError(`there is no ${data}`, {
      op: 'train',
      hint: '--data takes a folder with IDX files, or a CSV file.',
    });
  return stat.isDirectory() ? digitsProblem(data) : tableProblem(data, target);
}
