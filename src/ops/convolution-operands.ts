/** What convolutions and their transposes have in common: checked operands, bias, batch axis, type of the result. */
import { DtypeError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import type { Value } from '../value/value.ts';
import { perAxis, requireImage, spatialOf, type PerAxis } from './convolution-arguments.ts';
import { convolve, joinGroups, splitGroups, type ConvolutionAttributes } from './families/convolution.ts';
import { runtime, type Operand } from './runtime.ts';

/** The operands as the family takes them, with what the options say of every axis. */
export interface Prepared {
  readonly x: Value;
  readonly w: Value;
  readonly bias: Value | null;
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

/** The options that both kinds take. */
export interface SharedOptions {
  readonly bias?: Value | null;
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  readonly groups?: number;
}

/** @throws ShapeError, DtypeError or OptionError where an operand or option cannot be right whatever the others are. */
export function prepare(
  name: string,
  rank: number,
  operand: Operand,
  weight: Operand,
  options: SharedOptions,
): Prepared {
  const bias = options.bias ?? null;
  const [x, w, b] = runtime.promoteAll(name, bias === null ? [operand, weight] : [operand, weight, bias]) as [
    Value,
    Value,
    Value | undefined,
  ];
  if (x.dtype === 'bool')
    throw new DtypeError('is not defined for bool', { op: name, hint: `Cast first: x.to('int32').` });
  requireImage(name, x, rank);
  if (w.rank !== rank + 2 || spatialOf(w, rank).includes(0)) {
    throw new ShapeError(`the weight needs ${rank + 2} axes, two of channels and a kernel, got ${showShape(w.shape)}`, {
      op: name,
      shapes: [x.shape, w.shape],
    });
  }
  const groups = options.groups ?? 1;
  if (!Number.isInteger(groups) || groups < 1)
    throw new OptionError(`groups must be a whole number ≥ 1, got ${String(groups)}`, { op: name, option: 'groups' });
  return {
    x,
    w,
    bias: b ?? null,
    stride: perAxis(name, 'stride', options.stride ?? 1, rank, 1),
    dilation: perAxis(name, 'dilation', options.dilation ?? 1, rank, 1),
    groups,
  };
}

export function refuseChannels(name: string, text: string, { x, w }: Prepared, hint: string): never {
  throw new ShapeError(`${text}: x ${showShape(x.shape)}, weight ${showShape(w.shape)}`, {
    op: name,
    shapes: [x.shape, w.shape],
    hint,
  });
}

function addBias(name: string, y: Value, bias: Value | null, rank: number): Value {
  if (bias === null) return y;
  const channels = y.shape[1]!;
  if (bias.rank !== 1 || bias.shape[0] !== channels) {
    throw new ShapeError(`bias must be [${channels}], one for each output channel, got ${showShape(bias.shape)}`, {
      op: name,
      option: 'bias',
      shapes: [bias.shape],
    });
  }
  return y.add(bias.reshape([channels, ...new Array<number>(rank).fill(1)]) as never);
}

/** Runs the primitive, adds the bias, and takes the batch axis away again where x had none. */
export function runConvolution(name: string, rank: number, given: Prepared, attrs: ConvolutionAttributes): Value {
  const { x, w, groups, bias } = given;
  const batched = x.rank === rank + 2;
  const image = batched ? x : x.reshape([1, ...x.shape]);
  const product = convolve(splitGroups(image, 1, groups), splitGroups(w, 0, groups), attrs);
  const y = addBias(name, joinGroups(product, 1), bias, rank);
  return batched ? y : y.reshape(y.shape.slice(1));
}

type Numbers<S extends Shape, Out extends readonly number[] = []> = S extends readonly [
  number,
  ...infer Rest extends Shape,
]
  ? Numbers<Rest, [...Out, number]>
  : Out;

/** Batch and output channels are known; spatial sizes are numbers. `O` is the output channels' type. */
export type ConvolutionResult<S extends Shape, Kernel extends Shape, O extends number> = number extends S['length']
  ? Shape
  : S extends readonly [infer N extends number, number, ...infer Spatial extends Shape]
    ? Spatial['length'] extends Kernel['length']
      ? [N, O, ...Numbers<Kernel>]
      : [O, ...Numbers<Kernel>]
    : Shape;
