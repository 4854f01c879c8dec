/** The expression graph behind `Lanes`: equal subexpressions are one node, so sharing needs no care from the author. */
import { ChainruleError } from '../errors.ts';
import { foldConstants } from './fold.ts';
import type { Expr, LaneFunction, Lanes, LaneType, Lit } from './lanes.ts';

export type NumericType = 'f64' | 'f32' | 'i32';

export type UnaryOp = 'neg' | 'abs' | 'sqrt' | 'floor' | 'ceil' | 'trunc' | 'nearest';
export type BinaryOp = 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'copySign';
export type CompareOp = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge';
export type BitOp = 'bitAnd' | 'bitOr' | 'bitXor';
export type ShiftOp = 'shiftLeft' | 'shiftRight' | 'shiftRightUnsigned';
export type LogicOp = 'and' | 'or' | 'not';
export type NodeOp =
  | 'input'
  | 'constant'
  | UnaryOp
  | BinaryOp
  | CompareOp
  | BitOp
  | ShiftOp
  | LogicOp
  | 'select'
  | 'convert'
  | 'bits'
  | 'fromBits'
  | 'rare';

/** A node of the graph. Ids ascend from operands to users. */
export interface Node extends Expr {
  readonly op: NodeOp;
  readonly args: readonly Node[];
  /** The constant, the input's position or the shift's distance. */
  readonly value: number | bigint;
  /** `rare` only: the function called lane by lane. */
  readonly slow: LaneFunction | undefined;
}

/** Whether computing it may end the run: an integer division by zero does. */
export const mayTrap = ({ op, type }: Node): boolean => op === 'div' && type === 'i32';

const FLOATS: readonly LaneType[] = ['f64', 'f32'];
const ORDERED: readonly LaneType[] = ['f64', 'f32', 'i32', 'i64'];
const INTEGERS: readonly LaneType[] = ['i32', 'i64'];

const NOTHING: ReadonlySet<Node> = new Set();

export class LaneGraph implements Lanes {
  /** Of the function that is being written. */
  type: NumericType;
  readonly inputs: Node[];
  private readonly nodes: Node[] = [];
  private readonly byKey: Map<string, Node> = new Map();
  private readonly slowFunctions: LaneFunction[] = [];

  constructor(inputs: readonly LaneType[]) {
    this.inputs = inputs.map((type, i) => this.node('input', type, [], i));
    this.type = firstNumeric(inputs);
  }

  /** How many nodes there are, needed or not. */
  get size(): number {
    return this.nodes.length;
  }

  /** One more input, behind the others. */
  input(type: LaneType): Node {
    const node = this.node('input', type, [], this.inputs.length);
    this.inputs.push(node);
    return node;
  }

  /** What a lane function makes of expressions of this graph: functions written one upon the other become one. */
  apply(f: LaneFunction, xs: readonly Node[]): Node {
    const before = this.type;
    this.type = firstNumeric(xs.map((x) => x.type));
    const result = f(this, ...xs) as Node;
    this.type = before;
    return result;
  }

  number(value: number, type: NumericType = this.type): Node {
    return this.constant(value, type);
  }

  int64(value: bigint): Node {
    return this.node('constant', 'i64', [], BigInt.asIntN(64, value));
  }

  add = (x: Lit, y: Lit): Node => this.arithmetic('add', x, y);
  sub = (x: Lit, y: Lit): Node => this.arithmetic('sub', x, y);
  mul = (x: Lit, y: Lit): Node => this.arithmetic('mul', x, y);
  div = (x: Lit, y: Lit): Node => this.arithmetic('div', x, y, ['f64', 'f32', 'i32']);

  neg(x: Expr): Node {
    return FLOATS.includes(x.type) ? this.unary('neg', x) : this.sub(0, x);
  }

  abs(x: Expr): Node {
    return FLOATS.includes(x.type) ? this.unary('abs', x) : this.select(this.lt(x, 0), this.neg(x), x);
  }

  sqrt(x: Expr): Node {
    this.require('sqrt', x, FLOATS);
    return this.unary('sqrt', x);
  }

  min(x: Lit, y: Lit): Node {
    const [a, b] = this.pair('min', x, y, ORDERED);
    return FLOATS.includes(a.type) ? this.arithmetic('min', a, b) : this.select(this.lt(a, b), a, b);
  }

  max(x: Lit, y: Lit): Node {
    const [a, b] = this.pair('max', x, y, ORDERED);
    return FLOATS.includes(a.type) ? this.arithmetic('max', a, b) : this.select(this.gt(a, b), a, b);
  }

  floor = (x: Expr): Node => this.rounding('floor', x);
  ceil = (x: Expr): Node => this.rounding('ceil', x);
  trunc = (x: Expr): Node => this.rounding('trunc', x);
  nearest = (x: Expr): Node => this.rounding('nearest', x);
  copySign = (magnitude: Lit, sign: Expr): Node => this.arithmetic('copySign', magnitude, sign, FLOATS);

  eq = (x: Lit, y: Lit): Node => this.compare('eq', x, y);
  ne = (x: Lit, y: Lit): Node => this.compare('ne', x, y);
  lt = (x: Lit, y: Lit): Node => this.compare('lt', x, y);
  le = (x: Lit, y: Lit): Node => this.compare('le', x, y);
  gt = (x: Lit, y: Lit): Node => this.compare('gt', x, y);
  ge = (x: Lit, y: Lit): Node => this.compare('ge', x, y);
  isNaN = (x: Expr): Node => this.compare('ne', x, x);
  and = (p: Expr, q: Expr): Node => this.logic('and', p, q);
  or = (p: Expr, q: Expr): Node => this.logic('or', p, q);
  not = (p: Expr): Node => this.logic('not', p);

  select(condition: Expr, x: Lit, y: Lit): Node {
    this.require('select', condition, ['mask']);
    const [a, b] = this.pair('select', x, y);
    return a === b ? a : this.node('select', a.type, [this.own(condition), a, b]);
  }

  to(x: Expr, type: NumericType): Node {
    if (x.type === type) return this.own(x);
    if (x.type === 'mask') return this.select(x, this.constant(1, type), this.constant(0, type));
    this.require('to', x, ['f64', 'f32', 'i32']);
    return this.node('convert', type, [this.own(x)]);
  }

  bits(x: Expr): Node {
    this.require('bits', x, FLOATS);
    return this.node('bits', x.type === 'f64' ? 'i64' : 'i32', [this.own(x)]);
  }

  fromBits(x: Expr): Node {
    this.require('fromBits', x, INTEGERS);
    return this.node('fromBits', x.type === 'i64' ? 'f64' : 'f32', [this.own(x)]);
  }

  bitAnd = (x: Lit, y: Lit): Node => this.arithmetic('bitAnd', x, y, INTEGERS);
  bitOr = (x: Lit, y: Lit): Node => this.arithmetic('bitOr', x, y, INTEGERS);
  bitXor = (x: Lit, y: Lit): Node => this.arithmetic('bitXor', x, y, INTEGERS);
  shiftLeft = (x: Expr, by: number): Node => this.shift('shiftLeft', x, by);
  shiftRight = (x: Expr, by: number): Node => this.shift('shiftRight', x, by);
  shiftRightUnsigned = (x: Expr, by: number): Node => this.shift('shiftRightUnsigned', x, by);

  rare(condition: Expr, fast: Expr, slow: LaneFunction, ...xs: Expr[]): Node {
    this.require('rare', condition, ['mask']);
    if (fast.type === 'mask' || xs.some((x) => x.type === 'mask'))
      throw new ChainruleError('takes numbers', { op: 'rare' });
    let position = this.slowFunctions.indexOf(slow);
    if (position < 0) position = this.slowFunctions.push(slow) - 1;
    return this.node(
      'rare',
      fast.type,
      [condition, fast, ...xs].map((x) => this.own(x)),
      position,
      slow,
    );
  }

  /** The nodes that `roots` need, operands before users. What `given` has is there already: its operands are not needed. */
  reachable(roots: Node | readonly Node[], given: { has(node: Node): boolean } = NOTHING): Node[] {
    const list = roots instanceof Array ? roots : [roots];
    const needed = new Set<Node>(list);
    const order: Node[] = [];
    for (let id = list.reduce((last, root) => Math.max(last, root.id), -1); id >= 0; id--) {
      const node = this.nodes[id]!;
      if (!needed.has(node)) continue;
      order.push(node);
      if (!given.has(node)) for (const arg of node.args) needed.add(arg);
    }
    return order.reverse();
  }

  private constant(value: number, type: LaneType): Node {
    if (type === 'i64') return this.int64(BigInt(value));
    if (type === 'mask') throw new ChainruleError('a number stands beside a mask; compare first', { op: 'lanes' });
    const stored = type === 'f64' ? value : type === 'f32' ? Math.fround(value) : value | 0;
    if (type === 'i32' && stored !== value) throw new ChainruleError(`${value} is not an int32`, { op: 'lanes' });
    return this.node('constant', type, [], stored);
  }

  private unary(op: UnaryOp, x: Expr): Node {
    return this.node(op, x.type, [this.own(x)]);
  }

  private rounding(op: UnaryOp, x: Expr): Node {
    this.require(op, x, ['f64', 'f32', 'i32']);
    return x.type === 'i32' ? this.own(x) : this.unary(op, x);
  }

  private arithmetic(op: BinaryOp | BitOp, x: Lit, y: Lit, types: readonly LaneType[] = ORDERED): Node {
    const [a, b] = this.pair(op, x, y, types);
    return this.node(op, a.type, [a, b]);
  }

  private compare(op: CompareOp, x: Lit, y: Lit): Node {
    const [a, b] = this.pair(op, x, y, op === 'eq' || op === 'ne' ? undefined : ORDERED);
    return this.node(op, 'mask', [a, b]);
  }

  private logic(op: LogicOp, ...xs: Expr[]): Node {
    for (const x of xs) this.require(op, x, ['mask']);
    return this.node(
      op,
      'mask',
      xs.map((x) => this.own(x)),
    );
  }

  private shift(op: ShiftOp, x: Expr, by: number): Node {
    this.require(op, x, INTEGERS);
    const width = x.type === 'i64' ? 64 : 32;
    if (!Number.isInteger(by) || by < 0 || by >= width) throw new ChainruleError(`cannot shift by ${by}`, { op });
    return by === 0 ? this.own(x) : this.node(op, x.type, [this.own(x)], by);
  }

  /** Two operands of one type; a plain number takes the other's. */
  private pair(op: string, x: Lit, y: Lit, types?: readonly LaneType[]): [Node, Node] {
    const type = typeof x === 'number' ? (typeof y === 'number' ? this.type : y.type) : x.type;
    const a = typeof x === 'number' ? this.constant(x, type) : this.own(x);
    const b = typeof y === 'number' ? this.constant(y, type) : this.own(y);
    if (a.type !== b.type) throw new ChainruleError(`operands are ${a.type} and ${b.type}`, { op });
    if (types !== undefined) this.require(op, a, types);
    return [a, b];
  }

  private require(op: string, x: Expr, types: readonly LaneType[]): void {
    if (!types.includes(x.type)) throw new ChainruleError(`takes ${types.join(' or ')}, got ${x.type}`, { op });
  }

  private own(x: Expr): Node {
    const node = this.nodes[x.id];
    if (node !== x) throw new ChainruleError('an expression of another function', { op: 'lanes' });
    return node;
  }

  private node(
    op: NodeOp,
    type: LaneType,
    args: readonly Node[],
    value: number | bigint = 0,
    slow?: LaneFunction,
  ): Node {
    const folded = foldConstants(op, type, args);
    if (folded !== undefined) return this.constant(folded, type);
    const key = `${op} ${type} ${keyOf(value)} ${args.map((x) => x.id).join()}`;
    let found = this.byKey.get(key);
    if (found === undefined) {
      found = { op, type, args, value, slow, id: this.nodes.length };
      this.nodes.push(found);
      this.byKey.set(key, found);
    }
    return found;
  }
}

const firstNumeric = (types: readonly LaneType[]): NumericType =>
  types.find((type) => type !== 'mask' && type !== 'i64') ?? 'i32';

/** −0 and +0 are different constants. */
const keyOf = (value: number | bigint): string => (Object.is(value, -0) ? '-0' : String(value));
