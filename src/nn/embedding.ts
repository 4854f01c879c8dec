/** Embedding: a learnt vector for each of n things. */
import { checkOptions } from '../base/errors.ts';
import { lift } from '../value/lift.ts';
import { full } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, type ParameterDType } from './arguments.ts';
import { asIndices, checkPadding, limitNorms, requireTable, rowsOf, type NormLimit } from './embedding-rows.ts';
import { normal } from './initialisers.ts';
import { Module } from './module.ts';

export interface EmbeddingCallOptions extends NormLimit {
  /** The row of this index gets no gradient; negative ones count from the end. */
  readonly paddingIdx?: number | null;
}

export interface EmbeddingOptions extends EmbeddingCallOptions {
  readonly dtype?: ParameterDType;
}

/**
 * Rows of `weight` [n, width] by whole numbers [...]: [..., width].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 * @throws AxisError for an index out of range; DataError for fractions; ShapeError unless the weight is a matrix.
 * @example embedding(constant([0, 2]), weight) // rows 0 and 2
 */
export function embedding(input: Value, weight: Value, options: EmbeddingCallOptions = {}): Value {
  checkOptions('embedding', options, ['paddingIdx', 'maxNorm', 'normType']);
  const table = lift(weight, 'embedding');
  const [n] = requireTable('embedding', table);
  const padding = checkPadding('embedding', options.paddingIdx, n);
  const indices = asIndices('embedding', 'indices', input);
  limitNorms('embedding', table, indices, options);
  const rows = rowsOf('embedding', table, indices);
  if (padding === null) return rows;
  const isPadding = indices.eq(padding).unsqueeze(-1);
  return rows.stopGradient().where(isPadding, rows);
}

/** The first content: normal, and zeros for padding. */
export function startTable(n: number, width: number, padding: number | null, dtype: ParameterDType): Value {
  const table = normal([n, width], 0, 1, { dtype });
  if (padding === null) return table;
  const row = full([1], padding, { dtype: 'int32' });
  return table.indexCopy(0, row, full([1, width], 0, { dtype })).detach();
}

/**
 * A learnt vector for each of `numEmbeddings` things: whole numbers [...] → [..., embeddingDim]. `weight` is
 * [numEmbeddings, embeddingDim]; the row at `paddingIdx` starts as zeros and is never trained.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 * @throws OptionError for sizes and paddings that are impossible; AxisError (from forward) for an index out of range.
 * @example new Embedding(1000, 64, { paddingIdx: 0 }).forward(tokens)
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly weight: Value;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingOptions = {}) {
    super(numEmbeddings, embeddingDim, options);
    checkOptions('Embedding', options, ['paddingIdx', 'maxNorm', 'normType', 'dtype']);
    this.numEmbeddings = checkCount('Embedding', 'numEmbeddings', numEmbeddings);
    this.embeddingDim = checkCount('Embedding', 'embeddingDim', embeddingDim);
    this.paddingIdx = checkPadding('Embedding', options.paddingIdx, numEmbeddings);
    this.maxNorm = options.maxNorm ?? null;
    this.normType = options.normType ?? 2;
    const dtype = checkDType('Embedding', options.dtype);
    this.weight = this.parameter('weight', startTable(numEmbeddings, embeddingDim, this.paddingIdx, dtype));
  }

  override forward(input: Value): Value {
    const { paddingIdx, maxNorm, normType } = this;
    return embedding(input, this.weight, { paddingIdx, maxNorm, normType });
  }

  override extraRepr(): string {
    return this.paddingIdx === null ? '' : `paddingIdx=${this.paddingIdx}`;
  }
}
