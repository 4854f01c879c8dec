/** One layer of a Transformer: attention, then a small network for each position, each with a shortcut around it. */
import { checkOptions } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { activationOf, type Activation, type ActivationOption } from './activation.ts';
import { checkCount, checkFlag, requireNumber, type ParameterDType } from './arguments.ts';
import { MultiheadAttention } from './attention.ts';
import type { AttentionMasks } from './attention-masks.ts';
import { checkCallOptions, requireInputs } from './call-arguments.ts';
import { Dropout } from './dropout.ts';
import { Linear } from './linear.ts';
import { castTo, Module, type AnyModule } from './module.ts';
import { LayerNorm } from './normalisation-features.ts';

export interface TransformerLayerOptions {
  /** Width of the hidden layer of the feed-forward network; default 2048. */
  readonly dimFeedforward?: number;
  /** While training, of attention weights, hidden units and what shortcuts go around; default 0.1. */
  readonly dropout?: number;
  /** Of the feed-forward network; default relu. */
  readonly activation?: ActivationOption;
  /** Default 1e-5. */
  readonly layerNormEps?: number;
  /** Inputs and output are [N, T, E] instead of [T, N, E]; default false. */
  readonly batchFirst?: boolean;
  /** Normalises what enters attention and network (more stable when deep) and not what leaves them; default false. */
  readonly normFirst?: boolean;
  /** Of projections, linear layers and norms; default true. */
  readonly bias?: boolean;
  /** Of the parameters; default float32. */
  readonly dtype?: ParameterDType;
}

/** Their meaning is that of MultiheadAttention's masks. */
export interface EncoderMasks {
  /** [S, S] or [N·heads, S, S]. */
  readonly srcMask?: Value | null;
  /** [N, S]. */
  readonly srcKeyPaddingMask?: Value | null;
  /** Position i looks at 0 … i only; needs no mask. Default false. */
  readonly isCausal?: boolean;
}

/** Their meaning is that of MultiheadAttention's masks. */
export interface DecoderMasks {
  /** [T, T] or [N·heads, T, T]. */
  readonly tgtMask?: Value | null;
  /** [T, S] or [N·heads, T, S]. */
  readonly memoryMask?: Value | null;
  /** [N, T]. */
  readonly tgtKeyPaddingMask?: Value | null;
  /** [N, S]. */
  readonly memoryKeyPaddingMask?: Value | null;
  /** Position i looks at 0 … i of tgt only; needs no mask. Default false. */
  readonly tgtIsCausal?: boolean;
  /** The same for the memory; default false. */
  readonly memoryIsCausal?: boolean;
}

const OPTIONS = [
  'dimFeedforward',
  'dropout',
  'activation',
  'layerNormEps',
  'batchFirst',
  'normFirst',
  'bias',
  'dtype',
] as const;

/** What a sublayer does, between its norm and its shortcut. */
type Sublayer = (x: Value) => Value;

/** What both kinds of layers have. */
abstract class TransformerLayer<Inputs extends readonly unknown[]> extends Module<Inputs> {
  readonly dModel: number;
  readonly nhead: number;
  readonly normFirst: boolean;
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly dropout: Dropout;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout1: Dropout;
  readonly dropout2: Dropout;
  readonly #activation: Activation;

  constructor(layer: string, dModel: number, nhead: number, options: TransformerLayerOptions) {
    super(dModel, nhead, options);
    checkOptions(layer, options, OPTIONS);
    this.dModel = checkCount(layer, 'dModel', dModel);
    this.nhead = checkCount(layer, 'nhead', nhead);
    this.normFirst = checkFlag(layer, 'normFirst', options.normFirst, false);
    this.#activation = activationOf(layer, options.activation ?? 'relu');
    const width = checkCount(layer, 'dimFeedforward', options.dimFeedforward ?? 2048);
    requireNumber(layer, 'layerNormEps', options.layerNormEps ?? 1e-5);
    const { bias = true, dtype = 'float32' } = options;
    this.selfAttn = this.attention(options);
    this.linear1 = new Linear(dModel, width, { bias, dtype });
    this.dropout = this.newDropout(options);
    this.linear2 = new Linear(width, dModel, { bias, dtype });
    this.norm1 = this.norm(options);
    this.norm2 = this.norm(options);
    this.dropout1 = this.newDropout(options);
    this.dropout2 = this.newDropout(options);
  }

  protected attention({ dropout = 0.1, bias, batchFirst, dtype }: TransformerLayerOptions): MultiheadAttention {
    const given = { bias, batchFirst, dtype };
    const rest = Object.fromEntries(Object.entries(given).filter(([, x]) => x !== undefined));
    return new MultiheadAttention(this.dModel, this.nhead, { dropout, ...rest });
  }

  protected norm({ layerNormEps: eps = 1e-5, bias = true, dtype = 'float32' }: TransformerLayerOptions): LayerNorm {
    return new LayerNorm(this.dModel, { eps, bias, dtype });
  }

  protected newDropout({ dropout = 0.1 }: TransformerLayerOptions): Dropout {
    return new Dropout(dropout);
  }

  /** What the shortcut goes around with is the layer's, too. */
  protected cast(x: Value): Value {
    return castTo(x, this.linear1.weight.dtype);
  }

  /** A sublayer with its norm, dropout and a shortcut around it. */
  protected around(x: Value, norm: LayerNorm, dropout: Dropout, sublayer: Sublayer): Value {
    if (this.normFirst) return x.add(dropout.forward(sublayer(norm.forward(x))));
    return norm.forward(x.add(dropout.forward(sublayer(x))));
  }

  protected attend(attention: MultiheadAttention, memory: Value | null, masks: AttentionMasks): Sublayer {
    return (x) => {
      const keys = memory ?? x;
      return attention.forward(x, keys, keys, { ...masks, needWeights: false }).output;
    };
  }

  protected feedForward(): Sublayer {
    return (x) => this.linear2.forward(this.dropout.forward(this.#activation(this.linear1.forward(x))));
  }

  override extraRepr(): string {
    return this.normFirst ? 'normFirst' : '';
  }
}

/**
 * Self-attention and a feed-forward network, x [S, N, dModel] ([N, S, dModel] with batchFirst; [S, dModel] for one
 * example) to the same shape. With `isCausal` it is a layer of a GPT.
 * Vaswani et al. 2017, https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and masks that do not fit.
 * @example new TransformerEncoderLayer(64, 4, { batchFirst: true, normFirst: true }).forward(tokens, { isCausal: true })
 */
export class TransformerEncoderLayer extends TransformerLayer<[src: Value, masks?: EncoderMasks]> {
  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super('TransformerEncoderLayer', dModel, nhead, options);
  }

  override namedChildren(): [string, AnyModule][] {
    const { linear1, dropout, linear2, norm1, norm2, dropout1, dropout2 } = this;
    return [
      ['self_attn', this.selfAttn],
      ...Object.entries({ linear1, dropout, linear2, norm1, norm2, dropout1, dropout2 }),
    ];
  }

  override forward(src: Value, masks: EncoderMasks = {}): Value {
    requireInputs('TransformerEncoderLayer', { src }, 'forward(src, { … })');
    checkCallOptions('TransformerEncoderLayer', masks, ['srcMask', 'srcKeyPaddingMask', 'isCausal']);
    const { srcMask = null, srcKeyPaddingMask = null, isCausal = false } = masks;
    const own = this.attend(this.selfAttn, null, {
      attnMask: srcMask,
      keyPaddingMask: srcKeyPaddingMask,
      isCausal,
    });
    const x = this.around(this.cast(src), this.norm1, this.dropout1, own);
    return this.around(x, this.norm2, this.dropout2, this.feedForward());
  }
}

/**
 * Self-attention over tgt [T, N, dModel], attention from there to a memory [S, N, dModel], and a feed-forward network;
 * batches come first with batchFirst, one example needs none. Gives the shape of tgt.
 * Vaswani et al. 2017, https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and masks that do not fit.
 * @example new TransformerDecoderLayer(64, 4, { batchFirst: true }).forward(tgt, memory, { tgtIsCausal: true })
 */
export class TransformerDecoderLayer extends TransformerLayer<[tgt: Value, memory: Value, masks?: DecoderMasks]> {
  readonly multiheadAttn: MultiheadAttention;
  readonly norm3: LayerNorm;
  readonly dropout3: Dropout;

  constructor(dModel: number, nhead: number, options: TransformerLayerOptions = {}) {
    super('TransformerDecoderLayer', dModel, nhead, options);
    this.multiheadAttn = this.attention(options);
    this.norm3 = this.norm(options);
    this.dropout3 = this.newDropout(options);
  }

  override namedChildren(): [string, AnyModule][] {
    const { linear1, dropout, linear2, norm1, norm2, norm3, dropout1, dropout2, dropout3 } = this;
    return [
      ['self_attn', this.selfAttn],
      ['multihead_attn', this.multiheadAttn],
      ...Object.entries({ linear1, dropout, linear2, norm1, norm2, norm3, dropout1, dropout2, dropout3 }),
    ];
  }

  override forward(tgt: Value, memory: Value, masks: DecoderMasks = {}): Value {
    requireInputs('TransformerDecoderLayer', { tgt, memory }, 'forward(tgt, memory, { … })');
    checkCallOptions('TransformerDecoderLayer', masks, DECODER_MASKS);
    const own = this.attend(this.selfAttn, null, {
      attnMask: masks.tgtMask ?? null,
      keyPaddingMask: masks.tgtKeyPaddingMask ?? null,
      isCausal: masks.tgtIsCausal ?? false,
    });
    const other = this.attend(this.multiheadAttn, memory, {
      attnMask: masks.memoryMask ?? null,
      keyPaddingMask: masks.memoryKeyPaddingMask ?? null,
      isCausal: masks.memoryIsCausal ?? false,
    });
    const x = this.around(this.cast(tgt), this.norm1, this.dropout1, own);
    const y = this.around(x, this.norm2, this.dropout2, other);
    return this.around(y, this.norm3, this.dropout3, this.feedForward());
  }
}

export const DECODER_MASKS: readonly (keyof DecoderMasks)[] = [
  'tgtMask',
  'memoryMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'tgtIsCausal',
  'memoryIsCausal',
];
