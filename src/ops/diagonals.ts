/** Diagonals of matrices: with the matrix seen as one row, every (columns + 1)-th element. */
import { AxisError, OptionError, ShapeError, showShape } from '../base/errors.ts';
import { normalizeAxis } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import type { AnyOperand } from './families/signatures.ts';
import { composite, type Op } from './op.ts';
import { embedPrimitive, slicePrimitive } from './families/slicing.ts';
import { runtime, type Operand } from './runtime.ts';

interface Diagonal {
  method(this: Value, offset?: number, axis1?: number, axis2?: number): Value;
  free(x: AnyOperand, offset?: number, axis1?: number, axis2?: number): Value;
}

/** Two different axes of a shape of this rank. */
function matrixAxes(op: string, axis1: number, axis2: number, rank: number): readonly [number, number] {
  const first = normalizeAxis(op, axis1, rank);
  const second = normalizeAxis(op, axis2, rank);
  if (first !== second) return [first, second];
  throw new AxisError(`rows and columns are both axis ${first}`, { op, axis: first, hint: 'Name two different axes.' });
}

function checkOffset(op: string, offset: number): void {
  if (Number.isInteger(offset)) return;
  throw new OptionError(`the offset is a whole number, got ${String(offset)}`, { op, option: 'offset' });
}

/** Where the diagonal starts in a matrix seen as one row. */
const startOf = (offset: number, columns: number): number => (offset >= 0 ? offset : -offset * columns);

/**
 * The diagonal of the matrices over two axes (default the first two), as a new last axis. `offset` 0 is the main one,
 * positive ones lie above it.
 * https://docs.pytorch.org/docs/stable/generated/torch.diagonal.html
 * @throws AxisError for axes out of range or the same axis twice.
 * @example value([[1, 2], [3, 4]]).diagonal() // [1, 4]
 */
export const diagonal: Op<Diagonal> = composite<Diagonal>(
  'diagonal',
  (operand: Operand, offset = 0, axis1 = 0, axis2 = 1): Value => {
    const x = runtime.lift(operand, 'diagonal');
    checkOffset('diagonal', offset as number);
    const [rowAxis, columnAxis] = matrixAxes('diagonal', axis1 as number, axis2 as number, x.rank);
    const [rows, columns] = [x.shape[rowAxis]!, x.shape[columnAxis]!];
    const lead = x.shape.map((_, i) => i).filter((i) => i !== rowAxis && i !== columnAxis);
    const sizes = lead.map((i) => x.shape[i]!);
    const length = Math.max(0, Math.min(rows + Math.min(offset as number, 0), columns - Math.max(offset as number, 0)));
    const flat = x.permute([...lead, rowAxis, columnAxis]).reshape([...sizes, rows * columns]);
    return runtime.applyOne(slicePrimitive, [flat], {
      starts: [...lead.map(() => 0), length === 0 ? 0 : startOf(offset as number, columns)],
      sizes: [...sizes, length],
      steps: [...lead.map(() => 1), columns + 1],
    });
  },
  {
    glyph: '⟍',
    samples: [
      { inputs: [{ shape: [3, 3] }], call: (x) => x.diagonal() },
      { inputs: [{ shape: [2, 4] }], call: (x) => x.diagonal(1) },
      { inputs: [{ shape: [4, 2] }], call: (x) => x.diagonal(-1) },
      { inputs: [{ shape: [2, 3, 4] }], call: (x) => x.diagonal(1, 2, 0) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.diagonal(5) },
      { inputs: [{ shape: [0, 3] }], call: (x) => x.diagonal() },
    ],
    errors: [
      {
        call: () => runtime.fill([2, 2], 0, 'float64').diagonal(0, 1, -1),
        error: 'AxisError',
        message: /diagonal: rows and columns are both axis 1/,
      },
      { call: () => runtime.fill([2], 0, 'float64').diagonal(), error: 'AxisError', message: /diagonal: axis 1/ },
    ],
    gold: 'diagonal',
  },
);

/**
 * Matrices with the last axis of x on a diagonal and zeros elsewhere. Their rows and columns become the axes `axis1` and
 * `axis2` of the result (default the last two).
 * https://docs.pytorch.org/docs/stable/generated/torch.diag_embed.html
 * @throws ShapeError for a scalar; AxisError for axes out of range or the same axis twice.
 * @example value([1, 2]).diagEmbed() // [[1, 0], [0, 2]]
 */
export const diagEmbed: Op<Diagonal> = composite<Diagonal>(
  'diagEmbed',
  (operand: Operand, offset = 0, axis1 = -2, axis2 = -1): Value => {
    const x = runtime.lift(operand, 'diagEmbed');
    checkOffset('diagEmbed', offset as number);
    if (x.rank === 0) {
      throw new ShapeError(`needs a last axis, got ${showShape(x.shape)}`, {
        op: 'diagEmbed',
        shapes: [x.shape],
        hint: 'Use x.reshape([1]) for a matrix of one element.',
      });
    }
    const [rowAxis, columnAxis] = matrixAxes('diagEmbed', axis1 as number, axis2 as number, x.rank + 1);
    const lead = x.shape.slice(0, -1);
    const side = x.shape[x.rank - 1]! + Math.abs(offset as number);
    const flat = runtime.applyOne(embedPrimitive, [x], {
      starts: [...lead.map(() => 0), startOf(offset as number, side)],
      sizes: x.shape,
      steps: [...lead.map(() => 1), side + 1],
      shape: [...lead, side * side],
    });
    return flat.reshape([...lead, side, side]).movedim([-2, -1], [rowAxis, columnAxis]);
  },
  {
    glyph: '⟍',
    samples: [
      { inputs: [{ shape: [3] }], call: (x) => x.diagEmbed() },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.diagEmbed(-1) },
      { inputs: [{ shape: [2, 3] }], call: (x) => x.diagEmbed(1, 0, -1) },
      { inputs: [{ shape: [0] }], call: (x) => x.diagEmbed() },
    ],
    errors: [
      {
        call: () => runtime.fill([2], 0, 'float64').diagEmbed(0, 1, 1),
        error: 'AxisError',
        message: /diagEmbed: rows and columns are both axis 1/,
      },
      {
        call: () => runtime.fill([], 0, 'float64').diagEmbed(),
        error: 'ShapeError',
        message: /diagEmbed: needs a last axis/,
      },
    ],
    gold: 'diag_embed',
  },
);
