/** chainrule/data: reading, making and batching data. */
import '../value/install.ts';

export { batches, permutation, type BatchOptions } from './batches.ts';
export { isMissing, numericColumn, parseCsv, readCsv, type CsvOptions, type Table } from './csv.ts';
export { parseIdx, readIdx } from './idx.ts';
export { moons, type Labelled, type MakerOptions } from './makers.ts';
