/** The Transformer: an encoder, and a decoder that looks at what it gives. */
import { checkOptions, ShapeError, showShapes } from '../base/errors.ts';
import { full } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, type ParameterDType } from './arguments.ts';
import { checkCallOptions, requireInputs } from './call-arguments.ts';
import { xavierUniform } from './initialisers.ts';
import { Module } from './module.ts';
import { LayerNorm } from './normalisation-features.ts';
import {
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type DecoderMasks,
  type TransformerLayerOptions,
} from './transformer-layers.ts';
import { TransformerDecoder, TransformerEncoder, type EncoderCallMasks } from './transformer-stacks.ts';

export interface TransformerOptions extends TransformerLayerOptions {
  /** Default 6. */
  readonly numEncoderLayers?: number;
  /** Default 6. */
  readonly numDecoderLayers?: number;
  /** Instead of a TransformerEncoder. */
  readonly customEncoder?: Module<[src: Value, masks?: EncoderCallMasks]> | null;
  /** Instead of a TransformerDecoder. */
  readonly customDecoder?: Module<[tgt: Value, memory: Value, masks?: DecoderMasks]> | null;
}

/** Their meaning is that of MultiheadAttention's masks. */
export interface TransformerMasks extends DecoderMasks {
  /** [S, S] or [N·heads, S, S]. */
  readonly srcMask?: Value | null;
  /** [N, S]. */
  readonly srcKeyPaddingMask?: Value | null;
  /** Position i looks at 0 … i of src only; needs no mask. Default false. */
  readonly srcIsCausal?: boolean;
}

const MASKS = [
  'srcMask',
  'tgtMask',
  'memoryMask',
  'srcKeyPaddingMask',
  'tgtKeyPaddingMask',
  'memoryKeyPaddingMask',
  'srcIsCausal',
  'tgtIsCausal',
  'memoryIsCausal',
] as const;

/**
 * Encodes src [S, N, dModel] and decodes tgt [T, N, dModel] with a look at it, to the shape of tgt; batches come first
 * with batchFirst, one example needs none. Embeddings, positions and the last projection are the model's around it.
 * Matrices start by Xavier's rule.
 * Vaswani et al. 2017, https://docs.pytorch.org/docs/stable/generated/torch.nn.Transformer.html
 * @throws OptionError for bad sizes and options; ShapeError for inputs and masks that do not fit.
 * @example new Transformer(64, 4, { numEncoderLayers: 2, numDecoderLayers: 2 }).forward(src, tgt, { tgtIsCausal: true })
 */
export class Transformer extends Module<[src: Value, tgt: Value, masks?: TransformerMasks]> {
  readonly dModel: number;
  readonly nhead: number;
  readonly encoder: Module<[src: Value, masks?: EncoderCallMasks]>;
  readonly decoder: Module<[tgt: Value, memory: Value, masks?: DecoderMasks]>;

  constructor(dModel: number = 512, nhead: number = 8, options: TransformerOptions = {}) {
    super(dModel, nhead, options);
    const { numEncoderLayers = 6, numDecoderLayers = 6, customEncoder, customDecoder, ...layer } = options;
    this.dModel = checkCount('Transformer', 'dModel', dModel);
    this.nhead = checkCount('Transformer', 'nhead', nhead);
    const norm = (): LayerNorm => {
      const { layerNormEps: eps = 1e-5, bias = true, dtype = 'float32' } = layer;
      return new LayerNorm(dModel, { eps, bias, dtype });
    };
    this.encoder =
      customEncoder ??
      new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, layer), numEncoderLayers, { norm: norm() });
    this.decoder =
      customDecoder ??
      new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, layer), numDecoderLayers, { norm: norm() });
    for (const leaf of this.parameters()) {
      if (leaf.rank > 1) leaf.assign(xavierUniform(leaf.shape, { dtype: leaf.dtype as ParameterDType }));
    }
  }

  override forward(src: Value, tgt: Value, masks: TransformerMasks = {}): Value {
    requireInputs('Transformer', { src, tgt }, 'forward(src, tgt, { … })');
    checkCallOptions('Transformer', masks, MASKS);
    const shapes = [src.shape, tgt.shape];
    if (src.rank !== tgt.rank || shapes.some((shape) => shape.at(-1) !== this.dModel)) {
      throw new ShapeError(`src and tgt end with ${this.dModel} features, got ${showShapes(shapes)}`, {
        op: 'Transformer',
        shapes,
        hint: 'Embed tokens first.',
      });
    }
    const { srcMask = null, srcKeyPaddingMask = null, srcIsCausal = false, ...decoding } = masks;
    const memory = this.encoder.forward(src, { mask: srcMask, srcKeyPaddingMask, isCausal: srcIsCausal });
    return this.decoder.forward(tgt, memory, decoding);
  }

  /**
   * −∞ above the diagonal, 0 elsewhere: [size, size], added to scores it lets position i look at 0 … i only. The masks'
   * `…IsCausal` do the same without one.
   * @example Transformer.generateSquareSubsequentMask(3)
   */
  static generateSquareSubsequentMask(size: number, options: { readonly dtype?: ParameterDType } = {}): Value {
    checkOptions('generateSquareSubsequentMask', options, ['dtype']);
    checkCount('generateSquareSubsequentMask', 'size', size);
    const dtype = checkDType('generateSquareSubsequentMask', options.dtype);
    return full([size, size], -Infinity, { dtype }).triu(1);
  }
}
