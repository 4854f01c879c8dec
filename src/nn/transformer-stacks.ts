/** Transformer layers, one on top of the other. */
import { checkOptions, OptionError } from '../base/errors.ts';
import type { Value } from '../value/value.ts';
import { checkCount } from './arguments.ts';
import { checkCallOptions, requireInputs } from './call-arguments.ts';
import { ModuleList } from './containers.ts';
import { copyOf } from './copy-module.ts';
import { Module } from './module.ts';
import { DECODER_MASKS, type DecoderMasks, type EncoderMasks } from './transformer-layers.ts';

/** What an encoder is made of: a TransformerEncoderLayer, or a module of your own that is called as it is. */
export type EncoderLayer = Module<[src: Value, masks?: EncoderMasks]>;
/** What a decoder is made of: a TransformerDecoderLayer, or a module of your own that is called as it is. */
export type DecoderLayer = Module<[tgt: Value, memory: Value, masks?: DecoderMasks]>;

export interface TransformerStackOptions {
  /** Behind the last layer: a LayerNorm, where layers normalise first. Default none. */
  readonly norm?: Module | null;
}

export interface EncoderCallMasks {
  /** For all layers; [S, S] or [N·heads, S, S]. */
  readonly mask?: Value | null;
  /** [N, S]. */
  readonly srcKeyPaddingMask?: Value | null;
  /** Position i looks at 0 … i only; needs no mask. Default false. */
  readonly isCausal?: boolean;
}

type NormArgument = Module | TransformerStackOptions | null;

function normOf(stack: string, given: NormArgument): Module | null {
  if (given === null || given instanceof Module) return given;
  checkOptions(stack, given, ['norm']);
  const { norm = null } = given;
  if (norm === null || norm instanceof Module) return norm;
  throw new OptionError(`norm is no Module but ${typeof norm}`, { op: stack, option: 'norm' });
}

/** The first layer is a copy, too: what was given stays what it is. */
function layersOf<M extends EncoderLayer | DecoderLayer>(stack: string, option: string, layer: M, n: number): M[] {
  checkCount(stack, 'numLayers', n);
  return Array.from({ length: n }, () => copyOf(stack, option, layer));
}

/**
 * `numLayers` copies of an encoder layer, one on top of the other, and perhaps a norm. All copies start with the same
 * numbers: initialise them anew where that matters (`new Transformer(…)` does).
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 * @throws OptionError for something that is no layer, or a count that is no whole number ≥ 1.
 * @example new TransformerEncoder(new TransformerEncoderLayer(64, 4), 6, { norm: new LayerNorm(64) }).forward(src)
 */
export class TransformerEncoder extends Module<[src: Value, masks?: EncoderCallMasks]> {
  readonly layers: ModuleList<EncoderLayer>;
  readonly norm: Module | null;

  constructor(encoderLayer: EncoderLayer, numLayers: number, options: NormArgument = {}) {
    super(encoderLayer, numLayers, options);
    this.layers = new ModuleList(layersOf('TransformerEncoder', 'encoderLayer', encoderLayer, numLayers));
    this.norm = normOf('TransformerEncoder', options);
  }

  override forward(src: Value, masks: EncoderCallMasks = {}): Value {
    requireInputs('TransformerEncoder', { src }, 'forward(src, { … })');
    checkCallOptions('TransformerEncoder', masks, ['mask', 'srcKeyPaddingMask', 'isCausal']);
    const { mask = null, srcKeyPaddingMask = null, isCausal = false } = masks;
    let x = src;
    for (const layer of this.layers) x = layer.forward(x, { srcMask: mask, srcKeyPaddingMask, isCausal });
    return this.norm === null ? x : this.norm.forward(x);
  }
}

/**
 * `numLayers` copies of a decoder layer, one on top of the other, and perhaps a norm; all look at the same memory.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
 * @throws OptionError for something that is no layer, or a count that is no whole number ≥ 1.
 * @example new TransformerDecoder(new TransformerDecoderLayer(64, 4), 6).forward(tgt, memory, { tgtIsCausal: true })
 */
export class TransformerDecoder extends Module<[tgt: Value, memory: Value, masks?: DecoderMasks]> {
  readonly layers: ModuleList<DecoderLayer>;
  readonly norm: Module | null;

  constructor(decoderLayer: DecoderLayer, numLayers: number, options: NormArgument = {}) {
    super(decoderLayer, numLayers, options);
    this.layers = new ModuleList(layersOf('TransformerDecoder', 'decoderLayer', decoderLayer, numLayers));
    this.norm = normOf('TransformerDecoder', options);
  }

  override forward(tgt: Value, memory: Value, masks: DecoderMasks = {}): Value {
    requireInputs('TransformerDecoder', { tgt, memory }, 'forward(tgt, memory, { … })');
    checkCallOptions('TransformerDecoder', masks, DECODER_MASKS);
    let x = tgt;
    for (const layer of this.layers) x = layer.forward(x, memory, masks);
    return this.norm === null ? x : this.norm.forward(x);
  }
}
