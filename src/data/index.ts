/** chainrule/data: reading, making and batching data. */
import '../value/install.ts';

export { ColumnTable, fromArrow, type ArrowTable } from './arrow.ts';
export { readArrow } from './arrow-file.ts';
export { batches, permutation, type BatchOptions } from './batches.ts';
export { BytePairTokenizer, type BytePairJson, type BytePairOptions } from './byte-pair.ts';
export { collate, type Collated } from './collate.ts';
export { isMissing, numericColumn, parseCsv, readCsv, type CsvOptions, type Table } from './csv.ts';
export { streamCsv, type CsvRow, type CsvStreamOptions } from './csv-stream.ts';
export { Dataset, Subset, TensorDataset, type Indexed } from './dataset.ts';
export {
  LabelEncoder,
  OneHotEncoder,
  type Categories,
  type Category,
  type EncoderJson,
  type OneHotOptions,
} from './encoders.ts';
export { fromJSON, type Preprocessor, type PreprocessorClass } from './from-json.ts';
export { draws, type Draws } from './draws.ts';
export { parseIdx, readIdx } from './idx.ts';
export { Imputer, type ImputeStrategy, type ImputerJson, type ImputerOptions } from './imputer.ts';
export { readJson, streamJsonLines } from './json.ts';
export { readLines, readText, streamLines, type TextSource } from './lines.ts';
export { DataLoader, type DataLoaderOptions, type Source, type Streamed } from './loader.ts';
export {
  blobs,
  booleanGate,
  checkerboard,
  circles,
  linearRegression,
  moons,
  sineRegression,
  spirals,
  xor,
  type BlobsOptions,
  type CirclesOptions,
  type Gate,
  type Labelled,
  type LinearOptions,
  type MakerOptions,
  type OutlierOptions,
  type RegressionData,
  type SineOptions,
  type SpiralsOptions,
} from './makers.ts';
export { formatNpy, parseNpy, readNpy, writeNpy } from './npy.ts';
export { formatNpz, parseNpz, readNpz, writeNpz, type NpzOptions } from './npz.ts';
export { padSequence, type PadOptions } from './pad-sequence.ts';
export {
  formatSafetensors,
  parseSafetensors,
  readSafetensors,
  writeSafetensors,
  type Safetensors,
  type SafetensorsOptions,
} from './safetensors.ts';
export { balancedWeights } from './sampling.ts';
export { MinMaxScaler, StandardScaler, type MinMaxOptions, type ScalerJson } from './scalers.ts';
export {
  splitSequence,
  textBlocks,
  windows,
  type BlockOptions,
  type Sequence,
  type SplitSequenceOptions,
  type WindowOptions,
} from './sequences.ts';
export type { Rows } from './columns.ts';
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
export {
  CharTokenizer,
  WordTokenizer,
  type CharTokenizerJson,
  type WordOptions,
  type WordTokenizerJson,
} from './tokenizers.ts';
export { affine, rotate, shear, translate, zoom, type AffineOptions, type TurnOptions } from './transforms-affine.ts';
export { crop, flipHorizontal, flipVertical, type CropOptions, type FlipOptions } from './transforms-pixels.ts';
export {
  compose,
  noise,
  normalize,
  resize,
  type NoiseOptions,
  type PerChannel,
  type ResizeOptions,
} from './transforms-values.ts';
export type { Amount, ImageTransform } from './images.ts';
export type { Interpolation, WarpOptions } from './warp.ts';
export type { Ids, Tokenizer, TokenizerJson } from './vocabulary.ts';
