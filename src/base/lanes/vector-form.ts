/** A vector of lanes as SIMD128: two of 64 bits or four of 32; a mask has all bits of a lane set or none. */
import type { FunctionBody, LaneOpName, Local, OpName, ValueType } from '../wasm/index.ts';
import type { Form } from './emit.ts';
import type { Node } from './graph.ts';
import { scalarType, writeConstant, type SlowFunctions } from './scalar-form.ts';
import { writeSplatMask } from './vector-masks.ts';

/** Bytes per lane. */
export type LaneWidth = 4 | 8;

type NumberType = Exclude<Node['type'], 'mask'>;

const SHAPES: Readonly<Record<NumberType, string>> = { f64: 'f64x2', f32: 'f32x4', i32: 'i32x4', i64: 'i64x2' };
const WIDTHS: Readonly<Record<NumberType, LaneWidth>> = { f64: 8, i64: 8, f32: 4, i32: 4 };

const SIGNED_NAMES: Readonly<Partial<Record<Node['op'], string>>> = {
  lt: 'lt_s',
  le: 'le_s',
  gt: 'gt_s',
  ge: 'ge_s',
  shiftLeft: 'shl',
  shiftRight: 'shr_s',
  shiftRightUnsigned: 'shr_u',
};
const BITWISE: Readonly<Partial<Record<Node['op'], OpName>>> = {
  bitAnd: 'v128.and',
  bitOr: 'v128.or',
  bitXor: 'v128.xor',
  and: 'v128.and',
  or: 'v128.or',
  not: 'v128.not',
};
/** Between widths, the narrow elements lie side by side in the lower half of their vector. */
const CONVERSIONS: Readonly<Record<string, OpName>> = {
  'f32 i32': 'i32x4.trunc_sat_f32x4_s',
  'i32 f32': 'f32x4.convert_i32x4_s',
  'f32 f64': 'f64x2.promote_low_f32x4',
  'i32 f64': 'f64x2.convert_low_i32x4_s',
  'f64 f32': 'f32x4.demote_f64x2_zero',
  'f64 i32': 'i32x4.trunc_sat_f64x2_s_zero',
};

/**
 * Bytes per lane of the vectors that can compute these nodes: the widest type's. Narrower numbers take the lower half of
 * their vectors. Undefined where some node has no vector instruction. `given` are nodes of any kind that come in as
 * vectors.
 */
export function laneWidth(order: readonly Node[], given: readonly Node[] = []): LaneWidth | undefined {
  if (order.some((node) => node.op === 'div' && node.type === 'i32')) return undefined;
  return [...order, ...given].some(({ type }) => type !== 'mask' && WIDTHS[type] === 8) ? 8 : 4;
}

/** Leaves a vector with `node`'s constant in every lane. */
export function writeSplat(body: FunctionBody, node: Node): void {
  writeConstant(body, node);
  body.op(splatOp(node.type as NumberType));
}

/** The scalar on the stack, in every lane. */
export function writeSpread(body: FunctionBody, type: Node['type'], width: LaneWidth): void {
  if (type === 'mask') writeSplatMask(body, width);
  else body.op(splatOp(type));
}

const splatOp = (type: NumberType): OpName => `${SHAPES[type]}.splat` as OpName;

/** Locals with all bits of each lane but its sign, by the bytes of the numbers whose signs are copied. */
export type SignMasks = ReadonlyMap<LaneWidth, Local>;

/** Those that the nodes need. */
export function writeSignMasks(body: FunctionBody, order: readonly Node[]): SignMasks {
  const masks = new Map<LaneWidth, Local>();
  for (const { op, type } of order) {
    if (op !== 'copySign' || masks.has(WIDTHS[type as NumberType])) continue;
    const mask = body.local('v128');
    if (type === 'f64') body.i64(0x7fffffffffffffffn).op('i64x2.splat');
    else body.i32(0x7fffffff).op('i32x4.splat');
    body.set(mask);
    masks.set(WIDTHS[type as NumberType], mask);
  }
  return masks;
}

/** Every other 32 bits: a mask of 64-bit lanes, for numbers in the lower half. */
const LOWER_HALF = [0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11];

/** Masks have the width of the form whatever is compared or selected: they are widened and narrowed at once. */
export class VectorForm implements Form {
  private readonly slow: SlowFunctions;
  private readonly width: LaneWidth;
  private readonly signMasks: SignMasks;

  constructor(slow: SlowFunctions, width: LaneWidth, signMasks: SignMasks) {
    this.slow = slow;
    this.width = width;
    this.signMasks = signMasks;
  }

  typeOf(): ValueType {
    return 'v128';
  }

  repeatsArguments(node: Node): boolean {
    return node.op === 'rare';
  }

  write(body: FunctionBody, node: Node, operand: (x: Node) => void): void {
    const [a, b] = node.args as [Node, Node];
    switch (node.op) {
      case 'input':
      case 'constant':
        return;
      case 'bits':
      case 'fromBits':
        return operand(a);
      case 'select':
        return void body.op(writeSelect(node, (x) => this.sideOfSelect(body, x, node, operand)));
      case 'copySign':
        operand(a);
        operand(b);
        return void body.get(this.signMasks.get(WIDTHS[node.type as NumberType])!).op('v128.bitselect');
      case 'rare':
        return this.writeRare(body, node, operand);
      default:
        node.args.forEach(operand);
        if (node.op.startsWith('shift')) body.i32(node.value as number);
        body.op(this.vectorOp(node));
        if (node.type === 'mask' && this.isNarrow(a)) body.op('i64x2.extend_low_i32x4_s');
    }
  }

  /** Whether it takes only the lower half of its vector. */
  private isNarrow({ type }: Node): boolean {
    return type !== 'mask' && WIDTHS[type] < this.width;
  }

  /** An argument of a selection; the condition in the width of what is selected. */
  private sideOfSelect(body: FunctionBody, x: Node, node: Node, operand: (x: Node) => void): void {
    operand(x);
    if (x !== node.args[0] || !this.isNarrow(node)) return;
    const mask = body.local('v128');
    body.tee(mask).get(mask).shuffle(LOWER_HALF);
  }

  private vectorOp(node: Node): OpName {
    const bitwise = BITWISE[node.op];
    if (bitwise !== undefined) return bitwise;
    const type = node.args[0]!.type;
    if (node.op === 'convert') return CONVERSIONS[`${type} ${node.type}`]!;
    const number = type === 'mask' ? (this.width === 8 ? 'i64' : 'i32') : type;
    const name = number === 'i32' || number === 'i64' ? SIGNED_NAMES[node.op] : undefined;
    return `${SHAPES[number]}.${name ?? node.op}` as OpName;
  }

  /** The fast result; where any lane asks for it, those lanes are replaced one by one. */
  private writeRare(body: FunctionBody, node: Node, operand: (x: Node) => void): void {
    const [condition, fast, ...xs] = node.args as [Node, Node, ...Node[]];
    const result = body.local('v128');
    operand(fast);
    body.set(result);
    operand(condition);
    body.op('v128.any_true').if([], () => {
      for (let lane = 0; lane < 16 / this.width; lane++)
        this.replaceLane(body, node, lane, result, xs, operand, condition);
    });
    body.get(result);
  }

  private replaceLane(
    body: FunctionBody,
    node: Node,
    lane: number,
    result: Local,
    xs: readonly Node[],
    operand: (x: Node) => void,
    condition: Node,
  ): void {
    const integer = this.width === 8 ? 'i64' : 'i32';
    operand(condition);
    body.lane(laneOp(integer, 'extract'), lane);
    if (integer === 'i64') body.op('i32.wrap_i64');
    body.if([], () => {
      body.get(result);
      for (const x of xs) {
        operand(x);
        body.lane(laneOp(x.type, 'extract'), lane);
      }
      body.call(this.slow(node)).lane(laneOp(node.type, 'replace'), lane).set(result);
    });
  }
}

/** Writes the operands of a selection and names its instruction; the common ones are shorter than `bitselect`. */
function writeSelect(node: Node, operand: (x: Node) => void): OpName {
  const [condition, x, y] = node.args as [Node, Node, Node];
  const extreme = extremeOf(condition, x, y);
  if (extreme !== undefined) {
    operand(y);
    operand(x);
    return `${SHAPES[node.type as NumberType]}.${extreme}` as OpName;
  }
  if (isPlainZero(y)) return writeBoth(x, condition, operand, 'v128.and');
  if (isPlainZero(x)) return writeBoth(y, condition, operand, 'v128.andnot');
  operand(x);
  operand(y);
  operand(condition);
  return 'v128.bitselect';
}

function writeBoth(x: Node, y: Node, operand: (x: Node) => void, op: OpName): OpName {
  operand(x);
  operand(y);
  return op;
}

/** `x < y ? x : y` and `y < x ? x : y`: pmin(y, x) and pmax(y, x), NaNs and zeros included. */
function extremeOf(condition: Node, x: Node, y: Node): 'pmin' | 'pmax' | undefined {
  if ((condition.op !== 'lt' && condition.op !== 'gt') || (x.type !== 'f64' && x.type !== 'f32')) return undefined;
  const [a, b] = condition.op === 'lt' ? condition.args : [condition.args[1], condition.args[0]];
  if (a === x && b === y) return 'pmin';
  return a === y && b === x ? 'pmax' : undefined;
}

const isPlainZero = (x: Node): boolean =>
  x.op === 'constant' && x.type !== 'mask' && (Object.is(x.value, 0) || x.value === 0n);

const laneOp = (type: Node['type'], verb: 'extract' | 'replace'): LaneOpName =>
  `${SHAPES[scalarType({ type }) as NumberType]}.${verb}_lane` as LaneOpName;
