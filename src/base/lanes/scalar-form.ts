/** One lane as WebAssembly scalars: f64, f32, i32, i64; a mask is an i32 of 0 or 1. */
import type { DType } from '../dtypes.ts';
import type { FunctionBody, FunctionRef, MemoryOpName, OpName, ValueType } from '../wasm/index.ts';
import type { Form } from './emit.ts';
import type { Node } from './graph.ts';

/** Finds (or writes) the function that `rare` calls. */
export type SlowFunctions = (rare: Node) => FunctionRef;

export const scalarType = (node: { readonly type: Node['type'] }): ValueType =>
  node.type === 'mask' ? 'i32' : node.type;

const FLOAT_NAMES: Readonly<Partial<Record<Node['op'], string>>> = { copySign: 'copysign' };
const SIGNED_NAMES: Readonly<Partial<Record<Node['op'], string>>> = {
  div: 'div_s',
  lt: 'lt_s',
  le: 'le_s',
  gt: 'gt_s',
  ge: 'ge_s',
  bitAnd: 'and',
  bitOr: 'or',
  bitXor: 'xor',
  shiftLeft: 'shl',
  shiftRight: 'shr_s',
  shiftRightUnsigned: 'shr_u',
};

const CONVERSIONS: Readonly<Record<string, OpName>> = {
  'f64 f32': 'f32.demote_f64',
  'f64 i32': 'i32.trunc_sat_f64_s',
  'f32 f64': 'f64.promote_f32',
  'f32 i32': 'i32.trunc_sat_f32_s',
  'i32 f64': 'f64.convert_i32_s',
  'i32 f32': 'f32.convert_i32_s',
};

/** One element from the address on the stack, and back. */
export const SCALAR_LOADS: Readonly<Record<DType, MemoryOpName>> = {
  float64: 'f64.load',
  float32: 'f32.load',
  int32: 'i32.load',
  bool: 'i32.load8_u',
};
export const SCALAR_STORES: Readonly<Record<DType, MemoryOpName>> = {
  float64: 'f64.store',
  float32: 'f32.store',
  int32: 'i32.store',
  bool: 'i32.store8',
};

export function writeConstant(body: FunctionBody, node: Node): void {
  if (node.type === 'i64') body.i64(node.value as bigint);
  else if (node.type === 'i32') body.i32(node.value as number);
  else if (node.type === 'f32') body.f32(node.value as number);
  else body.f64(node.value as number);
}

export class ScalarForm implements Form {
  private readonly slow: SlowFunctions;

  constructor(slow: SlowFunctions) {
    this.slow = slow;
  }

  typeOf(node: Node): ValueType {
    return scalarType(node);
  }

  repeatsArguments(): boolean {
    return false;
  }

  write(body: FunctionBody, node: Node, operand: (x: Node) => void): void {
    const [a, b, c] = node.args as [Node, Node, Node];
    switch (node.op) {
      case 'input':
        return;
      case 'constant':
        return writeConstant(body, node);
      case 'select':
        operand(b);
        operand(c);
        operand(a);
        return void body.select(scalarType(node));
      case 'rare':
        return this.writeRare(body, node, operand);
      case 'not':
        operand(a);
        return void body.op('i32.eqz');
      default:
        node.args.forEach(operand);
        if (shifts(node)) writeConstant(body, { ...node, type: a.type, value: shiftValue(node) });
        body.op(scalarOp(node));
    }
  }

  private writeRare(body: FunctionBody, node: Node, operand: (x: Node) => void): void {
    const [condition, fast, ...xs] = node.args as [Node, Node, ...Node[]];
    operand(condition);
    body.if(
      [scalarType(node)],
      () => {
        xs.forEach(operand);
        body.call(this.slow(node));
      },
      () => operand(fast),
    );
  }
}

const shifts = (node: Node): boolean => node.op.startsWith('shift');

const shiftValue = (node: Node): number | bigint => (node.type === 'i64' ? BigInt(node.value) : node.value);

function scalarOp(node: Node): OpName {
  const operand = node.args[0]!.type;
  switch (node.op) {
    case 'convert':
      return CONVERSIONS[`${operand} ${node.type}`]!;
    case 'bits':
      return operand === 'f64' ? 'i64.reinterpret_f64' : 'i32.reinterpret_f32';
    case 'fromBits':
      return operand === 'i64' ? 'f64.reinterpret_i64' : 'f32.reinterpret_i32';
    default: {
      const type = operand === 'mask' ? 'i32' : operand;
      const names = type === 'f64' || type === 'f32' ? FLOAT_NAMES : SIGNED_NAMES;
      return `${type}.${names[node.op] ?? node.op}` as OpName;
    }
  }
}
