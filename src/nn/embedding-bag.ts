/** EmbeddingBag: sums, means or maxima of bags of embeddings. */
import { checkOptions, OptionError, ShapeError, showShape, showShapes } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { concat } from '../ops/joining.ts';
import { arange, full } from '../value/create.ts';
import { lift } from '../value/lift.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, type ParameterDType } from './arguments.ts';
import { asIndices, checkPadding, limitNorms, requireTable, rowsOf, type NormLimit } from './embedding-rows.ts';
import { startTable } from './embedding.ts';
import { Module } from './module.ts';

export type BagMode = 'sum' | 'mean' | 'max';

interface BagSettings extends NormLimit {
  /** Default mean. */
  readonly mode?: BagMode;
  /** Things of this index do not count; negative ones count from the end. */
  readonly paddingIdx?: number | null;
  /** Whether the last offset is the end of the last bag; default false. */
  readonly includeLastOffset?: boolean;
}

export interface EmbeddingBagCallOptions extends BagSettings {
  /** Where each bag starts, for indices in one row. */
  readonly offsets?: Value | null;
  /** A factor for each index; mode 'sum' only. */
  readonly perSampleWeights?: Value | null;
}

export interface EmbeddingBagOptions extends BagSettings {
  readonly dtype?: ParameterDType;
}

const OP = 'embeddingBag';
const SETTINGS = ['mode', 'paddingIdx', 'includeLastOffset', 'maxNorm', 'normType'];

function checkMode(op: string, mode: unknown = 'mean'): BagMode {
  if (mode === 'sum' || mode === 'mean' || mode === 'max') return mode;
  throw new OptionError(`mode must be 'sum', 'mean' or 'max', got ${JSON.stringify(mode)}`, { op, option: 'mode' });
}

/** Whether thing i lies in bag b: [bags, things]. */
function membership(things: number, offsets: Value, includeLast: boolean): Value {
  const starts = asIndices(OP, 'offsets', offsets);
  const bags = starts.rank === 1 ? starts.size - (includeLast ? 1 : 0) : 0;
  if (bags < 1) {
    throw new ShapeError(`offsets must be a row of bag starts, got ${showShape(starts.shape)}`, {
      op: OP,
      shapes: [starts.shape],
      hint: includeLast ? 'With includeLastOffset there is one more than there are bags.' : 'One for each bag.',
    });
  }
  const ends = includeLast ? starts : concat([starts, full([1], things, { dtype: 'int32' })]);
  const places = arange(0, things, 1, { dtype: 'int32' }).unsqueeze(0);
  const begun = places.ge(starts.narrow(0, 0, bags).unsqueeze(1));
  return begun.logicalAnd(places.lt(ends.narrow(0, 1, bags).unsqueeze(1)));
}

interface Bags {
  /** [bags, things, width]. */
  readonly rows: Value;
  /** Which of the things count: [bags, things, 1]. */
  readonly counts: Value;
}

function bagsOf(indices: Value, rows: Value, options: EmbeddingBagCallOptions, padding: number | null): Bags {
  const { offsets = null } = options;
  if (indices.rank !== 1 && indices.rank !== 2) {
    throw new ShapeError(`takes indices [bags, things], or [things] with offsets, got ${showShape(indices.shape)}`, {
      op: OP,
      shapes: [indices.shape],
    });
  }
  if ((indices.rank === 1) !== (offsets !== null)) {
    throw new OptionError('offsets go with indices in one row, and only with those', { op: OP, option: 'offsets' });
  }
  const counted = padding === null ? full(indices.shape, true) : indices.ne(padding);
  if (offsets === null) return { rows, counts: counted.unsqueeze(-1) };
  const member = membership(indices.size, offsets, options.includeLastOffset ?? false);
  const [bags, things] = member.shape as [number, number];
  return {
    rows: rows.unsqueeze(0).broadcastTo([bags, things, rows.shape[1]!]),
    counts: member.logicalAnd(counted.unsqueeze(0)).unsqueeze(-1),
  };
}

function weighted(rows: Value, indices: Value, mode: BagMode, weights: Value | null | undefined): Value {
  if (weights === null || weights === undefined) return rows;
  if (mode !== 'sum') {
    throw new OptionError(`perSampleWeights go with mode 'sum', not '${mode}'`, { op: OP, option: 'perSampleWeights' });
  }
  if (!sameShape(weights.shape, indices.shape)) {
    throw new ShapeError(`perSampleWeights and indices have shapes ${showShapes([weights.shape, indices.shape])}`, {
      op: OP,
      shapes: [weights.shape, indices.shape],
    });
  }
  return rows.mul(weights.to(rows.dtype).unsqueeze(-1));
}

function reduced({ rows, counts }: Bags, mode: BagMode): Value {
  if (mode === 'max') {
    const largest = rows.where(counts, -Infinity).amax(1);
    return largest.where(counts.to('int32').sum(1).gt(0), 0);
  }
  const sum = rows.where(counts, 0).sum(1);
  if (mode === 'sum') return sum;
  return sum.div(counts.to('int32').sum(1).clamp(1).to(rows.dtype));
}

/**
 * The sum, mean (default) or maximum of the rows of `weight` [n, width] in each bag: indices [bags, things], or one row of
 * them cut at `offsets` [bags], give [bags, width]. An empty bag gives zeros.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 * @throws AxisError for an index out of range; ShapeError and OptionError for arguments that do not go together.
 * @example embeddingBag(constant([1, 2, 4]), weight, { offsets: constant([0, 2]), mode: 'sum' }) // [2, width]
 */
export function embeddingBag(input: Value, weight: Value, options: EmbeddingBagCallOptions = {}): Value {
  checkOptions(OP, options, [...SETTINGS, 'offsets', 'perSampleWeights']);
  const mode = checkMode(OP, options.mode);
  const table = lift(weight, OP);
  const padding = checkPadding(OP, options.paddingIdx, requireTable(OP, table)[0]);
  const indices = asIndices(OP, 'indices', input);
  limitNorms(OP, table, indices, options);
  const rows = weighted(rowsOf(OP, table, indices), indices, mode, options.perSampleWeights);
  return reduced(bagsOf(indices, rows, options, padding), mode);
}

/**
 * Sums, means or maxima of bags of embeddings: as Embedding and a reduction. `weight` is [numEmbeddings, embeddingDim].
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 * @throws OptionError for impossible sizes and modes; AxisError (from forward) for an index out of range.
 * @example new EmbeddingBag(1000, 64, { mode: 'sum' }).forward(tokens, offsets)
 */
export class EmbeddingBag extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly weight: Value;
  readonly #settings: BagSettings;

  constructor(numEmbeddings: number, embeddingDim: number, options: EmbeddingBagOptions = {}) {
    super(numEmbeddings, embeddingDim, options);
    checkOptions('EmbeddingBag', options, [...SETTINGS, 'dtype']);
    this.numEmbeddings = checkCount('EmbeddingBag', 'numEmbeddings', numEmbeddings);
    this.embeddingDim = checkCount('EmbeddingBag', 'embeddingDim', embeddingDim);
    const { dtype, ...settings } = options;
    const paddingIdx = checkPadding('EmbeddingBag', options.paddingIdx, numEmbeddings);
    this.#settings = { ...settings, mode: checkMode('EmbeddingBag', options.mode), paddingIdx };
    const start = startTable(numEmbeddings, embeddingDim, paddingIdx, checkDType('EmbeddingBag', dtype));
    this.weight = this.parameter('weight', start);
  }

  override forward(input: Value, offsets?: Value | null, perSampleWeights?: Value | null): Value {
    const given = { offsets: offsets ?? null, perSampleWeights: perSampleWeights ?? null };
    return embeddingBag(input, this.weight, { ...this.#settings, ...given });
  }

  override extraRepr(): string {
    return `mode=${this.#settings.mode}`;
  }
}
