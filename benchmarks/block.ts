/** A transformer block as one writes it with this library. */
import { full, softmax, triu, value, type Value } from 'chainrule';
import { Linear, Module } from 'chainrule/nn';

/** Normalises the last axis to mean 0 and variance 1, then scales and shifts it. */
class LayerNorm extends Module {
  readonly weight: Value;
  readonly bias: Value;

  constructor(width: number) {
    super();
    this.weight = this.parameter('weight', value(new Float32Array(width).fill(1)));
    this.bias = this.parameter('bias', value(new Float32Array(width)));
  }

  override forward(x: Value): Value {
    const centred = x.sub(x.mean(-1, { keepDims: true }));
    const variance = centred.mul(centred).mean(-1, { keepDims: true });
    return centred.div(variance.add(1e-5).sqrt()).mul(this.weight).add(this.bias);
  }
}

/** Pre-norm: x + attention(norm(x)), then the same with two layers and gelu; heads look at themselves and the past. [batch, time, width]. */
export class Block extends Module {
  readonly heads: number;
  readonly norm1: LayerNorm;
  readonly qkv: Linear;
  readonly out: Linear;
  readonly norm2: LayerNorm;
  readonly up: Linear;
  readonly down: Linear;
  /** −∞ where a row would look ahead. [time, time] */
  readonly mask: Value;

  constructor(time: number, width: number, heads: number) {
    super();
    this.heads = heads;
    this.norm1 = new LayerNorm(width);
    this.qkv = new Linear(width, 3 * width);
    this.out = new Linear(width, width);
    this.norm2 = new LayerNorm(width);
    this.up = new Linear(width, 4 * width);
    this.down = new Linear(4 * width, width);
    this.mask = this.buffer('mask', value(triu(full([time, time], -Infinity, { dtype: 'float32' }), 1)));
  }

  override forward(x: Value): Value {
    const y = x.add(this.out.forward(this.#attention(this.qkv.forward(this.norm1.forward(x)))));
    return y.add(this.down.forward(this.up.forward(this.norm2.forward(y)).gelu()));
  }

  /** [batch, time, 3·width] → [batch, time, width] */
  #attention(qkv: Value): Value {
    const [batch, time, joint] = qkv.shape as readonly [number, number, number];
    const size = joint / 3 / this.heads;
    const apart = (part: Value): Value => part.reshape([batch, time, this.heads, size]).permute([0, 2, 1, 3]);
    const [q, k, v] = qkv.split(joint / 3, -1).map(apart) as [Value, Value, Value];
    const scores = q
      .matmul(k.permute([0, 1, 3, 2]))
      .div(Math.sqrt(size))
      .add(this.mask);
    return softmax(scores, -1)
      .matmul(v)
      .permute([0, 2, 1, 3])
      .reshape([batch, time, joint / 3]);
  }
}
