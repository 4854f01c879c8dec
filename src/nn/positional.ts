/** Positions in a sequence, told to layers that do not see order. */
import { checkOptions, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { stack } from '../ops/joining.ts';
import { pow } from '../ops/arithmetic-powers.ts';
import { arange } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import type { Value } from '../value/value.ts';
import { checkCount, checkDType, requireNumber, type ParameterDType } from './arguments.ts';
import { normal } from './initialisers.ts';
import { castTo, Module } from './module.ts';

export type PositionalKind = 'sinusoidal' | 'learned' | 'rotary';

export interface PositionalOptions {
  /** Default sinusoidal. */
  readonly kind?: PositionalKind;
  /** The longest sequence; default 5000. */
  readonly maxLen?: number;
  /** Of the slowest wave; default 10000. */
  readonly base?: number;
  /** Default float32. */
  readonly dtype?: ParameterDType;
}

/** position · base^(−2i/width), for i = 0 … width/2 − 1: [length, width/2]. */
function angles(length: number, width: number, base: number): Value {
  const exponents = arange(0, width, 2, { dtype: 'float64' }).mul(-1 / width);
  const rates = pow(base, exponents);
  return arange(0, length, 1, { dtype: 'float64' }).unsqueeze(1).mul(rates.unsqueeze(0));
}

/** Two tables [length, width/2] as the even and the odd columns of one. */
const interleaved = (even: Value, odd: Value): Value => stack([even, odd], -1).flatten(-2, -1);

/**
 * Tells a sequence [..., length, width] its positions. 'sinusoidal' (Vaswani et al. 2017) adds sines to the even and cosines
 * to the odd features; 'learned' adds rows of the parameter `weight` [maxLen, width]; 'rotary' (Su et al. 2021) turns each
 * pair of features 2i, 2i + 1 by an angle that grows with the position, so that products of queries and keys depend on
 * distances.
 * https://arxiv.org/abs/1706.03762, https://arxiv.org/abs/2104.09864
 * @throws OptionError for an odd width (unless learned) or another kind; ShapeError (from forward) for another width or a
 * longer sequence.
 * @example new PositionalEncoding(64, { maxLen: 256 }).forward(zeros([8, 100, 64]))
 */
export class PositionalEncoding extends Module {
  readonly width: number;
  readonly kind: PositionalKind;
  readonly maxLen: number;
  readonly base: number;
  readonly dtype: ParameterDType;
  readonly weight: Value | null;

  constructor(width: number, options: PositionalOptions = {}) {
    super(width, options);
    checkOptions('PositionalEncoding', options, ['kind', 'maxLen', 'base', 'dtype']);
    this.width = checkCount('PositionalEncoding', 'width', width);
    this.kind = checkKind(options.kind, width);
    this.maxLen = checkCount('PositionalEncoding', 'maxLen', options.maxLen ?? 5000);
    this.base = requireNumber('PositionalEncoding', 'base', options.base ?? 10000);
    this.dtype = checkDType('PositionalEncoding', options.dtype);
    this.weight =
      this.kind === 'learned'
        ? this.parameter('weight', normal([this.maxLen, width], 0, 0.02, { dtype: this.dtype }))
        : null;
  }

  override forward(x: Value): Value {
    const [length, width] = x.shape.slice(-2) as [number, number];
    if (x.rank < 2 || width !== this.width || length > this.maxLen) {
      throw new ShapeError(`takes [..., length ≤ ${this.maxLen}, ${this.width}], got ${showShape(x.shape)}`, {
        op: 'PositionalEncoding',
        shapes: [x.shape],
        hint: 'maxLen sets the longest sequence.',
      });
    }
    const y = castTo(x, this.weight?.dtype ?? this.dtype);
    if (this.weight !== null) return y.add(this.weight.narrow(0, 0, length));
    const turns = noGrad(() => angles(length, width, this.base));
    const [sines, cosines] = [turns.sin().to(y.dtype), turns.cos().to(y.dtype)];
    return this.kind === 'rotary' ? rotated(y, sines, cosines) : y.add(interleaved(sines, cosines));
  }

  override extraRepr(): string {
    return `${this.width}, kind=${this.kind}, maxLen=${this.maxLen}`;
  }
}

function rotated(x: Value, sines: Value, cosines: Value): Value {
  const pairs = x.reshape([...x.shape.slice(0, -1), -1, 2]);
  const [even, odd] = [pairs.narrow(-1, 0, 1).squeeze(-1), pairs.narrow(-1, 1, 1).squeeze(-1)];
  return interleaved(even.mul(cosines).sub(odd.mul(sines)), even.mul(sines).add(odd.mul(cosines)));
}

function checkKind(kind: unknown = 'sinusoidal', width: number): PositionalKind {
  if (kind !== 'sinusoidal' && kind !== 'learned' && kind !== 'rotary') {
    throw new OptionError(`kind must be 'sinusoidal', 'learned' or 'rotary', got ${JSON.stringify(kind)}`, {
      op: 'PositionalEncoding',
      option: 'kind',
    });
  }
  if (kind === 'learned' || width % 2 === 0) return kind;
  throw new OptionError(`a ${kind} encoding needs an even width, got ${width}`, {
    op: 'PositionalEncoding',
    option: 'width',
  });
}
