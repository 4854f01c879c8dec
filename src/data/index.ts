/** chainrule/data: reading, making and batching data. */
import '../value/install.ts';

export { batches, permutation, type BatchOptions } from './batches.ts';
export { collate, type Collated } from './collate.ts';
export { isMissing, numericColumn, parseCsv, readCsv, type CsvOptions, type Table } from './csv.ts';
export { Dataset, Subset, TensorDataset, type Indexed } from './dataset.ts';
export { parseIdx, readIdx } from './idx.ts';
export { DataLoader, type DataLoaderOptions, type Source, type Streamed } from './loader.ts';
export { moons, type Labelled, type MakerOptions } from './makers.ts';
export { balancedWeights } from './sampling.ts';
export {
  kFold,
  split,
  splitIndices,
  type Fold,
  type KFoldOptions,
  type Labels,
  type Parts,
  type SplitOptions,
} from './split.ts';
