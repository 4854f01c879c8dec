/** What convolution layers share: their arguments, checked, and their parameters. */
import type { DType } from '../base/dtypes.ts';
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sizeOf } from '../base/shapes.ts';
import { perAxis, type PerAxis } from '../ops/convolution-arguments.ts';
import type { Value } from '../value/value.ts';
import { checkCount } from './arguments.ts';
import { defaultUniform } from './init.ts';

export type { PerAxis };

/** A kernel over some axes, checked. */
export interface Geometry {
  readonly layer: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernelSize: readonly number[];
  readonly stride: readonly number[];
  readonly dilation: readonly number[];
  readonly groups: number;
}

interface GeometryOptions {
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  readonly groups?: number;
}

/** @throws OptionError naming what is no whole number, or has the wrong length, or does not split into groups. */
export function geometryOf(
  layer: string,
  rank: number,
  inChannels: number,
  outChannels: number,
  kernelSize: PerAxis,
  options: GeometryOptions,
): Geometry {
  const groups = options.groups ?? 1;
  const geometry: Geometry = {
    layer,
    inChannels: checkCount(layer, 'inChannels', inChannels),
    outChannels: checkCount(layer, 'outChannels', outChannels),
    kernelSize: perAxis(layer, 'kernelSize', kernelSize, rank, 1),
    stride: perAxis(layer, 'stride', options.stride ?? 1, rank, 1),
    dilation: perAxis(layer, 'dilation', options.dilation ?? 1, rank, 1),
    groups: checkCount(layer, 'groups', groups),
  };
  if (inChannels % groups === 0 && outChannels % groups === 0) return geometry;
  throw new OptionError(`${inChannels} input and ${outChannels} output channels do not split into ${groups} groups`, {
    op: layer,
    option: 'groups',
    hint: 'groups must divide both.',
  });
}

/** Weight and bias from PyTorch's default: uniform in ±1/√(weight.shape[1] · kernel's size). */
export function kernelsOf(
  leading: readonly [number, number],
  { kernelSize, outChannels }: Geometry,
  dtype: DType,
  hasBias: boolean,
): { readonly weight: Value; readonly bias: Value | null } {
  const fanIn = leading[1] * sizeOf(kernelSize);
  return {
    weight: defaultUniform([...leading, ...kernelSize], fanIn, dtype),
    bias: hasBias ? defaultUniform([outChannels], fanIn, dtype) : null,
  };
}

const SPATIAL: readonly string[] = ['', 'L', 'H, W', 'D, H, W'];

/** @throws ShapeError unless x is [N, C, …] or [C, …] with these channels and so many axes behind them. */
export function requireChannels(layer: string, x: Value, rank: number, channels: number, shape: Shape): void {
  if ((x.rank === rank + 1 || x.rank === rank + 2) && x.shape[x.rank - rank - 1] === channels) return;
  const axes = SPATIAL[rank]!;
  throw new ShapeError(`takes [N, ${channels}, ${axes}] or [${channels}, ${axes}], got ${showShape(x.shape)}`, {
    op: layer,
    shapes: [x.shape, shape],
    hint: 'Channels come before the spatial axes; use reshape, unsqueeze or permute.',
  });
}
