/** Activations without options, as modules. */
import type { Value } from '../value/value.ts';
import { Module } from './module.ts';

/**
 * max(x, 0), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU.html
 * @example new ReLU().forward(value([-1, 2])) // [0, 2]
 */
export class ReLU extends Module {
  override forward(x: Value): Value {
    return x.relu();
  }
}

/**
 * x limited to 0 … 6, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.ReLU6.html
 * @example new ReLU6().forward(value([-1, 8])) // [0, 6]
 */
export class ReLU6 extends Module {
  override forward(x: Value): Value {
    return x.relu6();
  }
}

/**
 * The self-normalizing ELU of Klambauer et al. 2017, elementwise; goes with `lecunNormal` and AlphaDropout.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.SELU.html
 * @example new SELU().forward(value([-1, 1])) // [-1.1113, 1.0507]
 */
export class SELU extends Module {
  override forward(x: Value): Value {
    return x.selu();
  }
}

/**
 * x·sigmoid(x), elementwise; also called swish.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.SiLU.html
 * @example new SiLU().forward(value([0, 1])) // [0, 0.7311]
 */
export class SiLU extends Module {
  override forward(x: Value): Value {
    return x.silu();
  }
}

/**
 * x·tanh(softplus(x)), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Mish.html
 * @example new Mish().forward(value([0, 1])) // [0, 0.8651]
 */
export class Mish extends Module {
  override forward(x: Value): Value {
    return x.mish();
  }
}

/**
 * x / (1 + |x|), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Softsign.html
 * @example new Softsign().forward(value([-1, 3])) // [-0.5, 0.75]
 */
export class Softsign extends Module {
  override forward(x: Value): Value {
    return x.softsign();
  }
}

/**
 * The hyperbolic tangent, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanh.html
 * @example new Tanh().forward(value([0, 1])) // [0, 0.7616]
 */
export class Tanh extends Module {
  override forward(x: Value): Value {
    return x.tanh();
  }
}

/**
 * x − tanh(x), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Tanhshrink.html
 * @example new Tanhshrink().forward(value([0, 1])) // [0, 0.2384]
 */
export class Tanhshrink extends Module {
  override forward(x: Value): Value {
    return x.tanhshrink();
  }
}

/**
 * 1 / (1 + e⁻ˣ), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Sigmoid.html
 * @example new Sigmoid().forward(value([0, 1])) // [0.5, 0.7311]
 */
export class Sigmoid extends Module {
  override forward(x: Value): Value {
    return x.sigmoid();
  }
}

/**
 * log(sigmoid(x)) without loss far below 0, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.LogSigmoid.html
 * @example new LogSigmoid().forward(value([0])) // [-0.6931]
 */
export class LogSigmoid extends Module {
  override forward(x: Value): Value {
    return x.logSigmoid();
  }
}

/**
 * A sigmoid of three straight pieces: 0 below −3, 1 above 3, elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardsigmoid.html
 * @example new Hardsigmoid().forward(value([-4, 0, 4])) // [0, 0.5, 1]
 */
export class Hardsigmoid extends Module {
  override forward(x: Value): Value {
    return x.hardsigmoid();
  }
}

/**
 * x·hardsigmoid(x), elementwise.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Hardswish.html
 * @example new Hardswish().forward(value([-4, 1, 4])) // [0, 0.6667, 4]
 */
export class Hardswish extends Module {
  override forward(x: Value): Value {
    return x.hardswish();
  }
}

/**
 * x as it is: where a layer is expected and none is wanted.
 * https://docs.pytorch.org/docs/stable/generated/torch.nn.Identity.html
 * @example new Identity().forward(value([1, 2])) // [1, 2]
 */
export class Identity extends Module {
  override forward(x: Value): Value {
    return x;
  }
}
