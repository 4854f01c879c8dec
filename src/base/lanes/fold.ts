/** Arithmetic on constants, done while building: only where JavaScript gives exactly the bits that WebAssembly would. */
import type { Node, NodeOp } from './graph.ts';
import type { LaneType } from './lanes.ts';

/** The constant that an operation on constants gives, or undefined where it has to be computed at run time. */
export function foldConstants(op: NodeOp, type: LaneType, args: readonly Node[]): number | undefined {
  if ((type !== 'f64' && type !== 'f32') || args.length === 0 || args.some((x) => x.op !== 'constant'))
    return undefined;
  const [x, y] = args.map((arg) => (typeof arg.value === 'number' && arg.type === type ? arg.value : NaN));
  const exact = evaluate(op, x!, y ?? NaN);
  // A NaN's bits are nobody's business, but folding one would hide a mistake in the function.
  if (exact === undefined || Number.isNaN(exact)) return undefined;
  // Rounding a float32 operation's double result to float32 gives the float32 result (Figueroa 1995).
  return type === 'f32' ? Math.fround(exact) : exact;
}

function evaluate(op: NodeOp, x: number, y: number): number | undefined {
  switch (op) {
    case 'add':
      return x + y;
    case 'sub':
      return x - y;
    case 'mul':
      return x * y;
    case 'div':
      return x / y;
    case 'neg':
      return -x;
    case 'abs':
      return Math.abs(x);
    default:
      return undefined;
  }
}
