/** Multi-head attention. */
import { checkOptions, OptionError, ShapeError, showShapes } from '../base/errors.ts';
import { concat } from '../ops/joining.ts';
import { attend } from '../ops/families/attention.ts';
import { contract } from '../ops/families/contraction.ts';
import { linear } from '../ops/products-affine.ts';
import { zeros } from '../value/create.ts';
import { withScope } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, checkFlag, checkProbability, type ParameterDType } from './arguments.ts';
import { masksOf, type AttentionMasks } from './attention-masks.ts';
import { xavierNormal, xavierUniform } from './initialisers.ts';
import { checkCallOptions, requireInputs } from './call-arguments.ts';
import { Linear } from './linear.ts';
import { castTo, Module, type AnyModule } from './module.ts';

export interface MultiheadAttentionOptions {
  /** While training, of the weights; default 0. */
  readonly dropout?: number;
  /** Of all projections; default true. */
  readonly bias?: boolean;
  /** One more key and value, which are learnt; default false. */
  readonly addBiasKv?: boolean;
  /** One more key and value of zeros: a query may look at nothing. Default false. */
  readonly addZeroAttn?: boolean;
  /** Features of keys; default embedDim. */
  readonly kdim?: number;
  /** Features of values; default embedDim. */
  readonly vdim?: number;
  /** Inputs and the output are [N, T, E] instead of [T, N, E]; default false. */
  readonly batchFirst?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

export interface AttentionCallOptions extends AttentionMasks {
  /** Whether weights are returned, too; without them it is faster. Default true. */
  readonly needWeights?: boolean;
  /** Weights as the mean over heads, not head by head; default true. */
  readonly averageAttnWeights?: boolean;
}

export interface AttentionResult<W extends Value | null = Value | null> {
  /** Like the query. */
  output: Value;
  /** [N, L, S], or [N, heads, L, S] unless averaged; without N for one example. Null without needWeights. */
  weights: W;
}

type Inputs = [query: Value, key?: Value, value?: Value, options?: AttentionCallOptions];

const NAME = 'MultiheadAttention';
const OPTIONS = ['dropout', 'bias', 'addBiasKv', 'addZeroAttn', 'kdim', 'vdim', 'batchFirst', 'dtype'];
const CALL_OPTIONS = ['keyPaddingMask', 'needWeights', 'attnMask', 'averageAttnWeights', 'isCausal'];

/** Names of axes: examples, heads, queries, keys, features of a head. */
const [N, H, L, S, D] = [0, 1, 2, 3, 4] as const;
const SCORES = [N, H, L, S];

/**
 * Attention with several heads: each projects queries, keys and values to embedDim / numHeads features of its own and
 * averages its values with softmax(query·keyᵀ/√features); the heads' results, joined, are projected once more.
 * Queries are [L, N, embedDim], keys and values [S, N, …] ([N, L, …] and [N, S, …] with batchFirst; without N for one
 * example). One Value for all three, `forward(x)`, is self-attention. Gives { output, weights }.
 *
 * A query whose keys are all masked gets zeros (of its projection) without needWeights, and NaN with it, as in PyTorch.
 * Vaswani et al. 2017, https://docs.pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 * @throws OptionError unless numHeads divides embedDim; ShapeError for inputs and masks that do not fit.
 * @example const { output, weights } = new MultiheadAttention(64, 4, { batchFirst: true }).forward(tokens)
 * @example attention.forward(x, memory, memory, { needWeights: false, keyPaddingMask }).output
 */
export class MultiheadAttention extends Module<Inputs, AttentionResult> {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly kdim: number;
  readonly vdim: number;
  readonly dropout: number;
  readonly addZeroAttn: boolean;
  readonly batchFirst: boolean;
  /** Of queries, keys and values, one below the other: [3·embedDim, embedDim]; null where kdim or vdim differ. */
  readonly inProjWeight: Value | null;
  /** The three apart, [embedDim, …], where kdim or vdim differ. */
  readonly qProjWeight: Value | null;
  readonly kProjWeight: Value | null;
  readonly vProjWeight: Value | null;
  /** [3·embedDim]. */
  readonly inProjBias: Value | null;
  /** The additional key, [1, 1, embedDim]. */
  readonly biasK: Value | null;
  readonly biasV: Value | null;
  readonly outProj: Linear;

  constructor(embedDim: number, numHeads: number, options: MultiheadAttentionOptions = {}) {
    super(embedDim, numHeads, options);
    checkOptions(NAME, options, OPTIONS);
    const e = (this.embedDim = checkCount(NAME, 'embedDim', embedDim));
    this.numHeads = checkHeads(checkCount(NAME, 'numHeads', numHeads), e);
    this.kdim = checkCount(NAME, 'kdim', options.kdim ?? e);
    this.vdim = checkCount(NAME, 'vdim', options.vdim ?? e);
    this.dropout = checkProbability(NAME, 'dropout', options.dropout ?? 0);
    this.addZeroAttn = checkFlag(NAME, 'addZeroAttn', options.addZeroAttn, false);
    this.batchFirst = checkFlag(NAME, 'batchFirst', options.batchFirst, false);
    const bias = checkFlag(NAME, 'bias', options.bias, true);
    const dtype = checkDType(NAME, options.dtype);
    const weight = (name: string, inputs: number, rows: number): Value =>
      this.parameter(name, xavierUniform([rows, inputs], { dtype }));
    const packed = this.kdim === e && this.vdim === e;
    this.inProjWeight = packed ? weight('in_proj_weight', e, 3 * e) : null;
    this.qProjWeight = packed ? null : weight('q_proj_weight', e, e);
    this.kProjWeight = packed ? null : weight('k_proj_weight', this.kdim, e);
    this.vProjWeight = packed ? null : weight('v_proj_weight', this.vdim, e);
    this.inProjBias = bias ? this.parameter('in_proj_bias', zeros([3 * e], { dtype })) : null;
    const extra = checkFlag(NAME, 'addBiasKv', options.addBiasKv, false);
    this.biasK = extra ? this.parameter('bias_k', xavierNormal([1, 1, e], { dtype })) : null;
    this.biasV = extra ? this.parameter('bias_v', xavierNormal([1, 1, e], { dtype })) : null;
    this.outProj = new Linear(e, e, { bias, dtype });
    this.outProj.bias?.assign(0);
  }

  override namedChildren(): [string, AnyModule][] {
    return [['out_proj', this.outProj]];
  }

  override forward(
    query: Value,
    key: Value | undefined,
    value: Value | undefined,
    options: AttentionCallOptions & { readonly needWeights: false },
  ): AttentionResult<null>;
  override forward(
    query: Value,
    key?: Value,
    value?: Value,
    options?: AttentionCallOptions & { readonly needWeights?: true },
  ): AttentionResult<Value>;
  override forward(query: Value, key?: Value, value?: Value, options?: AttentionCallOptions): AttentionResult;
  override forward(
    query: Value,
    key: Value = query,
    value: Value = key,
    options: AttentionCallOptions = {},
  ): AttentionResult {
    requireInputs(NAME, { query, key, value }, 'forward(query, key, value, { … })');
    checkCallOptions(NAME, options, CALL_OPTIONS);
    const single = this.#requireInputs(query, key, value);
    const { needWeights = true } = options;
    const projected = this.#project(query, key, value).map((x) => (single ? x.unsqueeze(this.#batchAxis) : x));
    const [q, k, v] = this.#withAdded(projected as [Value, Value, Value]).map((x) => this.#byHead(x));
    const masks = masksOf(options, {
      batch: q!.shape[this.#batchAxis]!,
      heads: this.numHeads,
      queries: q!.shape[this.#timeAxis]!,
      keys: projected[1]!.shape[this.#timeAxis]!,
      added: (this.biasK === null ? 0 : 1) + (this.addZeroAttn ? 1 : 0),
      single,
    });
    const { output, weights } = this.#attend(q!, k!, v!, masks, !needWeights);
    const joined = output.reshape([...output.shape.slice(0, 2), this.embedDim]);
    return {
      output: this.outProj.forward(single ? joined.squeeze(this.#batchAxis) : joined),
      weights: needWeights ? shownWeights(weights(), single, options.averageAttnWeights ?? true) : null,
    };
  }

  get #batchAxis(): 0 | 1 {
    return this.batchFirst ? 0 : 1;
  }

  get #timeAxis(): 0 | 1 {
    return this.batchFirst ? 1 : 0;
  }

  /** Whether the inputs are one example. @throws ShapeError where they do not fit. */
  #requireInputs(query: Value, key: Value, value: Value): boolean {
    const { rank } = query;
    const features = [this.embedDim, this.kdim, this.vdim];
    const inputs = [query, key, value];
    const fit = inputs.every((x, i) => x.rank === rank && x.shape.at(-1) === features[i]);
    const sameKeys = fit && key.shape.slice(0, -1).every((n, i) => n === value.shape[i]);
    const sameBatch = rank !== 3 || query.shape[this.#batchAxis] === key.shape[this.#batchAxis];
    if ((rank === 2 || rank === 3) && sameKeys && sameBatch) return rank === 2;
    const form = (time: string, n: number): string => `[${this.batchFirst ? `N, ${time}` : `${time}, N`}, ${n}]`;
    const forms = [form('L', features[0]!), form('S', features[1]!), form('S', features[2]!)];
    throw new ShapeError(`takes ${forms.join(', ')}, got ${showShapes(inputs.map((x) => x.shape))}`, {
      op: NAME,
      shapes: inputs.map((x) => x.shape),
      hint: `L are the queries, S the keys, N the examples${this.batchFirst ? '' : '; with { batchFirst: true } examples come first'}.`,
    });
  }

  /** Queries, keys and values of all heads: [.., embedDim] each. Equal inputs are projected in one product. */
  #project(query: Value, key: Value, value: Value): Value[] {
    const e = this.embedDim;
    const cast = (x: Value): Value => castTo(x, this.outProj.weight.dtype);
    const [weight, bias] = [this.inProjWeight, this.inProjBias];
    if (weight !== null && query === key && key === value)
      return linear(cast(query), weight, bias ?? undefined).split(e, -1);
    const biases = bias === null ? [] : bias.split(e);
    if (weight !== null && key === value) {
      const [own, shared] = weight.split([e, 2 * e]);
      const [first, rest] = bias === null ? [] : bias.split([e, 2 * e]);
      return [linear(cast(query), own!, first), ...linear(cast(key), shared!, rest).split(e, -1)];
    }
    const weights = weight === null ? [this.qProjWeight!, this.kProjWeight!, this.vProjWeight!] : weight.split(e);
    return [query, key, value].map((x, i) => linear(cast(x), weights[i]!, biases[i]));
  }

  /** With the layer's own keys and values behind the given ones. */
  #withAdded([q, k, v]: [Value, Value, Value]): [Value, Value, Value] {
    const behind = (x: Value, row: Value): Value =>
      concat([x, row.broadcastTo(x.shape.map((n, i) => (i === this.#timeAxis ? 1 : n)))], this.#timeAxis);
    const withBias = (x: Value, bias: Value | null): Value => (bias === null ? x : behind(x, bias));
    const withZeros = (x: Value): Value => (this.addZeroAttn ? behind(x, zeros([1, 1, 1], { dtype: x.dtype })) : x);
    return [q, withZeros(withBias(k, this.biasK)), withZeros(withBias(v, this.biasV))];
  }

  #byHead(x: Value): Value {
    return x.reshape([...x.shape.slice(0, 2), this.numHeads, this.embedDim / this.numHeads]);
  }

  /** Axes stay where they are: a product finds them by their names. */
  #attend(q: Value, k: Value, v: Value, masks: readonly Value[], safe: boolean): ReturnType<typeof attend> {
    const rows = this.batchFirst ? [N, L, H, D] : [L, N, H, D];
    const columns = this.batchFirst ? [N, S, H, D] : [S, N, H, D];
    const scope = 'scaledDotProductAttention';
    return withScope(scope, () =>
      attend(q, k, v, {
        scale: 1 / Math.sqrt(this.embedDim / this.numHeads),
        masks,
        dropout: this.training ? this.dropout : 0,
        safe,
        scores: (a, b) => contract(a, b, { a: rows, b: columns, out: SCORES, as: 'scores' }),
        average: (a, b) => contract(a, b, { a: SCORES, b: columns, out: rows, as: 'average' }),
        perRow: (sums) => sums.permute(this.batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3]),
      }),
    );
  }

  override extraRepr(): string {
    const shown = [`${this.embedDim}, numHeads=${this.numHeads}`];
    if (this.kdim !== this.embedDim) shown.push(`kdim=${this.kdim}`);
    if (this.vdim !== this.embedDim) shown.push(`vdim=${this.vdim}`);
    if (this.dropout > 0) shown.push(`dropout=${this.dropout}`);
    if (this.addZeroAttn) shown.push('addZeroAttn');
    if (this.batchFirst) shown.push('batchFirst');
    return shown.join(', ');
  }
}

function shownWeights(weights: Value, single: boolean, averaged: boolean): Value {
  const shown = averaged ? weights.mean(1) : weights;
  return single ? shown.squeeze(0) : shown;
}

function checkHeads(numHeads: number, embedDim: number): number {
  if (embedDim % numHeads === 0) return numHeads;
  throw new OptionError(`${embedDim} features do not split into ${numHeads} heads`, {
    op: NAME,
    option: 'numHeads',
    hint: 'numHeads must divide embedDim.',
  });
}
