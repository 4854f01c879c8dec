/**
 * Convolution as a relation between three arrays,
 *
 *     input  [N, G, C, …i]     weight [G, O, C, …k]     output [N, G, O, …j]     with  i = j·stride + k·dilation − padding,
 *
 * N the batch, G the groups, C and O the channels in a group. Any two of the three give the third: input and weight the
 * output (a convolution), output and weight the input (a transposed convolution), input and output the weight. Each is
 * linear in both operands, and its derivatives are the other two: one primitive, closed under transposition.
 */
import { DtypeError, ShapeError, showShapes } from '../../base/errors.ts';
import { sizeOf, type Shape } from '../../base/shapes.ts';
import type { Dense } from '../../base/storage.ts';
import type { Value } from '../../value/value.ts';
import { convolveInput, convolveOutput, convolveWeight, type Channels, type Windows } from '../kernels/convolution.ts';
import { primitive, type Aval, type Primitive } from '../primitive.ts';
import { runtime } from '../runtime.ts';

export type Role = 'input' | 'weight' | 'output';

export interface ConvolutionAttributes extends Record<string, unknown> {
  /** Which of the three is computed. */
  readonly result: Role;
  /** Its spatial sizes, which the operands' do not determine. */
  readonly size: Shape;
  readonly stride: readonly number[];
  /** In front of every spatial axis of the input. */
  readonly padding: readonly number[];
  readonly dilation: readonly number[];
}

/** The operands that give each result, in order. */
const OPERANDS: Readonly<Record<Role, readonly [Role, Role]>> = {
  output: ['input', 'weight'],
  input: ['output', 'weight'],
  weight: ['input', 'output'],
};

type Letter = 'N' | 'G' | 'C' | 'O';

/** The axes in front of the spatial ones. Every letter but G stands in two of the three. */
const LETTERS: Readonly<Record<Role, readonly [Letter, Letter, Letter]>> = {
  input: ['N', 'G', 'C'],
  weight: ['G', 'O', 'C'],
  output: ['N', 'G', 'O'],
};

const LEADING = 3;

function lettersOf(inputs: readonly Aval[], attrs: ConvolutionAttributes): Map<Letter, number> {
  const sizes = new Map<Letter, number>();
  OPERANDS[attrs.result].forEach((role, i) => {
    const shape = inputs[i]!.shape;
    LETTERS[role].forEach((letter, axis) => {
      const known = sizes.get(letter);
      if (known !== undefined && known !== shape[axis]) {
        const shapes = inputs.map((x) => x.shape);
        throw new ShapeError(`${showShapes(shapes)} differ in ${letter}: ${known} against ${shape[axis]}`, {
          op: 'convolution',
          shapes,
        });
      }
      sizes.set(letter, shape[axis]!);
    });
  });
  return sizes;
}

/** The three spatial shapes by role. */
function windowsOf(
  inputs: readonly Aval[],
  { result, size, stride, padding, dilation }: ConvolutionAttributes,
): Windows {
  const spatial = new Map<Role, Shape>([[result, size]]);
  OPERANDS[result].forEach((role, i) => spatial.set(role, inputs[i]!.shape.slice(LEADING)));
  const of = (role: Role): Shape => spatial.get(role)!;
  return { input: of('input'), taps: of('weight'), output: of('output'), stride, padding, dilation };
}

const KERNELS = { output: convolveOutput, input: convolveInput, weight: convolveWeight } as const;

function channelsOf(inputs: readonly Aval[], attrs: ConvolutionAttributes): Channels {
  const sizes = lettersOf(inputs, attrs);
  const count = (letter: Letter): number => sizes.get(letter) ?? 0;
  return { batch: count('N'), groups: count('G'), incoming: count('C'), outgoing: count('O') };
}

const run = (out: Dense, a: Dense, b: Dense, attrs: ConvolutionAttributes): void =>
  KERNELS[attrs.result](out.data, a.data, b.data, out.dtype, channelsOf([a, b], attrs), windowsOf([a, b], attrs));

/** The part of the relation that `role` plays, from the other two. */
function solve(role: Role, size: Shape, known: Partial<Record<Role, Value>>, attrs: ConvolutionAttributes): Value {
  const [a, b] = OPERANDS[role];
  return convolve(known[a]!, known[b]!, { ...attrs, result: role, size });
}

// Batching ---------------------------------------------------------------------------------------------------------

/** The batch axis, which is in front, moved into the axis `letter`. */
function absorb(x: Value, role: Role, letter: Letter): Value {
  const place = LETTERS[role].indexOf(letter);
  const [size, ...own] = x.shape as [number, ...number[]];
  const axes = [...own.keys()].map((axis) => axis + 1);
  const moved = x.permute([...axes.slice(0, place), 0, ...axes.slice(place)]);
  return moved.reshape(own.map((n, axis) => (axis === place ? size * n : n)));
}

/** The batch axis taken out of `letter` again, to the front. */
function release(y: Value, role: Role, letter: Letter, size: number, length: number): Value {
  const place = LETTERS[role].indexOf(letter);
  const split = y.shape.flatMap((n, axis) => (axis === place ? [size, length] : [n]));
  const axes = [...split.keys()];
  return y.reshape(split).permute([place, ...axes.filter((axis) => axis !== place)]);
}

/** The letter that the batched arrays have in common and the other one lacks; G where all three are batched. */
function sharedLetter(roles: readonly Role[], all: readonly Role[]): Letter {
  const others = all.filter((role) => !roles.includes(role));
  return (['N', 'O', 'C', 'G'] as const).find(
    (letter) =>
      roles.every((role) => LETTERS[role].includes(letter)) && !others.some((role) => LETTERS[role].includes(letter)),
  )!;
}

function batch(
  inputs: readonly Value[],
  batched: readonly boolean[],
  size: number,
  attrs: ConvolutionAttributes,
): readonly Value[] {
  const operands = OPERANDS[attrs.result];
  const roles = [attrs.result, ...operands.filter((_, i) => batched[i])];
  const letter = sharedLetter(roles, [attrs.result, ...operands]);
  const [a, b] = inputs.map((x, i) => (batched[i] ? absorb(x, operands[i]!, letter) : x));
  const source = batched.indexOf(true);
  const length = inputs[source]!.shape[1 + LETTERS[operands[source]!].indexOf(letter)]!;
  return [release(convolve(a!, b!, attrs), attrs.result, letter, size, length)];
}

// The primitive ----------------------------------------------------------------------------------------------------

const title = ({ result, stride }: ConvolutionAttributes): string => {
  const rank = `${stride.length}d`;
  if (result === 'output') return `conv${rank}`;
  return result === 'input' ? `convTranspose${rank}` : `conv${rank}Weight`;
};

export const convolutionPrimitive: Primitive<ConvolutionAttributes> = primitive<ConvolutionAttributes>({
  name: 'convolution',
  glyph: '∗',
  title,
  infer: (inputs, attrs) => {
    const { dtype } = inputs[0]!;
    if (dtype === 'bool')
      throw new DtypeError('is not defined for bool', { op: title(attrs), hint: `Cast first: x.to('int32').` });
    const sizes = lettersOf(inputs, attrs);
    return [{ shape: [...LETTERS[attrs.result].map((letter) => sizes.get(letter)!), ...attrs.size], dtype }];
  },
  compute: { kind: 'kernel', run: ([out], [a, b], attrs) => run(out!, a!, b!, attrs) },
  lower: (inputs, attrs) => ({
    kind: 'convolution',
    result: attrs.result,
    operands: OPERANDS[attrs.result],
    channels: channelsOf(inputs, attrs),
    windows: windowsOf(inputs, attrs),
  }),
  // Every tap at every place of the output; padding counts as if it were there.
  flops: (inputs, attrs) => {
    const { taps, output } = windowsOf(inputs, attrs);
    return 2 * sizeOf([...lettersOf(inputs, attrs).values(), ...taps, ...output]);
  },
  derivatives: {
    kind: 'each',
    jvp: ([ta, tb], { inputs: [a, b], attrs }) => {
      const left = ta && convolve(ta, b!, attrs);
      const right = tb && convolve(a!, tb, attrs);
      return left !== undefined && right !== undefined ? left.add(right) : (left ?? right);
    },
    vjp: (g, operand, { inputs, attrs }) => {
      const roles = OPERANDS[attrs.result];
      const other = 1 - operand;
      const known = { [attrs.result]: g, [roles[other]!]: inputs[other]! };
      return solve(roles[operand]!, inputs[operand]!.shape.slice(LEADING), known, attrs);
    },
  },
  batch,
});

/** The result from its two operands, which have one dtype. */
export const convolve = (a: Value, b: Value, attrs: ConvolutionAttributes): Value =>
  runtime.applyOne(convolutionPrimitive, [a, b], attrs);

/** The axis at `axis` split into groups and the channels of each, or joined again. */
export const splitGroups = (x: Value, axis: number, groups: number): Value =>
  x.reshape(x.shape.flatMap((n, i) => (i === axis ? [groups, n / groups] : [n])));

export const joinGroups = (x: Value, axis: number): Value =>
  x.reshape([...x.shape.slice(0, axis), sizeOf(x.shape.slice(axis, axis + 2)), ...x.shape.slice(axis + 2)]);
