/** The lower or upper triangle of matrices. */
import { OptionError, ShapeError, showShape } from '../base/errors.ts';
import { stridesOf, type Shape } from '../base/shapes.ts';
import type { Dense } from '../base/storage.ts';
import type { Value } from '../value/value.ts';
import { linear } from './families/linear.ts';
import { box } from './families/maps.ts';
import type { AnyOperand, Of } from './families/signatures.ts';
import type { Lowering, Part } from './lowering.ts';
import { op, type Call, type Op, type OpFacts } from './op.ts';
import type { Primitive } from './primitive.ts';
import { runtime, type Operand } from './runtime.ts';

type Side = 'lower' | 'upper';

interface TriangleAttributes extends Record<string, unknown> {
  /** Kept are the elements on this diagonal (0: the main one, 1: the one above it) and on one side of it. */
  readonly diagonal: number;
  readonly side: Side;
}

/** The columns of row i that are kept: from the first up to, not including, the second. */
function keptColumns(i: number, columns: number, { diagonal, side }: TriangleAttributes): readonly [number, number] {
  const border = Math.min(Math.max(i + diagonal + (side === 'lower' ? 1 : 0), 0), columns);
  return side === 'lower' ? [0, border] : [border, columns];
}

function runTriangle(out: Dense, x: Dense, attrs: TriangleAttributes): void {
  const rank = x.shape.length;
  const [rows, columns] = [x.shape[rank - 2]!, x.shape[rank - 1]!];
  for (let row = 0, start = 0; start < x.data.length; row++, start += columns) {
    const [from, to] = keptColumns(row % rows, columns, attrs);
    for (let j = start + from; j < start + to; j++) out.data[j] = x.data[j]!;
  }
}

/** Rows that are worth a part each: beyond them one pass of the kernel is shorter. */
const MOST_PARTS = 64;

/** Rows of matrices that keep the same columns, as one box over all matrices. */
function rowsOf(shape: Shape, attrs: TriangleAttributes): Lowering | null {
  const rank = shape.length;
  const [rows, columns] = [shape[rank - 2]!, shape[rank - 1]!];
  const strides = stridesOf(shape);
  const parts: Part[] = [];
  for (let row = 0; row < rows;) {
    const [from, to] = keptColumns(row, columns, attrs);
    let end = row + 1;
    while (end < rows && keptColumns(end, columns, attrs).every((column, i) => column === [from, to][i])) end++;
    const at = [...shape.slice(0, -2).fill(0), row, from];
    parts.push(...box(at, [...shape.slice(0, -2), end - row, to - from], strides, row * columns + from));
    row = end;
  }
  return parts.length > MOST_PARTS ? null : { kind: 'map', parts };
}

// Selection by copying: what is left out may be NaN or ∞ and still becomes 0.
const trianglePrimitive: Primitive<TriangleAttributes> = linear<TriangleAttributes>({
  name: 'triangle',
  glyph: '◺',
  title: ({ side }) => (side === 'lower' ? 'tril' : 'triu'),
  infer: (x) => ({ shape: x.shape, dtype: x.dtype }),
  run: runTriangle,
  lower: (x, attrs) => rowsOf(x.shape, attrs),
  adjoint: (g, _, attrs) => runtime.applyOne(trianglePrimitive, [g], attrs),
  batch: (x, _, attrs) => runtime.applyOne(trianglePrimitive, [x], attrs),
});

const triangle =
  (name: string, side: Side): Call =>
  (operand: Operand, diagonal = 0): Value => {
    const x = runtime.lift(operand, name);
    if (x.rank < 2) {
      throw new ShapeError(`needs matrices, got ${showShape(x.shape)}`, {
        op: name,
        shapes: [x.shape],
        hint: 'The last two axes are rows and columns.',
      });
    }
    if (!Number.isInteger(diagonal)) {
      throw new OptionError(`the diagonal is a whole number, got ${String(diagonal)}`, {
        op: name,
        option: 'diagonal',
      });
    }
    return runtime.applyOne(trianglePrimitive, [x], { diagonal: diagonal as number, side });
  };

interface Triangle {
  method<V extends Value>(this: V, diagonal?: number): Value<Of<V>>;
  free<V extends AnyOperand>(x: V, diagonal?: number): Value<Of<V>>;
}

const facts = (name: 'tril' | 'triu'): OpFacts => ({
  glyph: name === 'tril' ? '◺' : '◹',
  samples: [
    { inputs: [{ shape: [3, 3] }], call: (x) => x[name]() },
    { inputs: [{ shape: [2, 3, 4] }], call: (x) => x[name](1) },
    { inputs: [{ shape: [4, 2] }], call: (x) => x[name](-2) },
    { inputs: [{ shape: [2, 2] }], call: (x) => x[name](-9) },
    { inputs: [{ shape: [0, 3] }], call: (x) => x[name]() },
  ],
  errors: [
    {
      call: () => runtime.fill([3], 0, 'float64')[name](),
      error: 'ShapeError',
      message: /tri.: needs matrices, got \[3\]/,
    },
    {
      call: () => runtime.fill([2, 2], 0, 'float64')[name](0.5),
      error: 'OptionError',
      message: /tri.: the diagonal.*0\.5/,
    },
  ],
  gold: name,
});

/**
 * Matrices (the last two axes) with zeros above a diagonal: 0 is the main one, positive ones lie above it.
 * https://docs.pytorch.org/docs/stable/generated/torch.tril.html
 * @throws ShapeError for fewer than two axes.
 * @example ones([2, 2]).tril() // [[1, 0], [1, 1]]
 */
export const tril: Op<Triangle> = op<Triangle>('tril', trianglePrimitive, triangle('tril', 'lower'), facts('tril'));

/**
 * Matrices (the last two axes) with zeros below a diagonal: 0 is the main one, positive ones lie above it.
 * https://docs.pytorch.org/docs/stable/generated/torch.triu.html
 * @throws ShapeError for fewer than two axes.
 * @example ones([2, 2]).triu() // [[1, 1], [0, 1]]
 */
export const triu: Op<Triangle> = op<Triangle>('triu', trianglePrimitive, triangle('triu', 'upper'), facts('triu'));
