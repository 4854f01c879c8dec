/**
 * Lanes: the language in which one element's arithmetic is written, once, for every use.
 *
 * A `LaneFunction` builds the expression of one element from a `Lanes` builder and its operands. From the same
 * expression come a scalar WebAssembly export, a WebAssembly loop over arrays and (in the engine) SIMD loops, so all
 * of them give the same bits. A lane's result depends on that lane alone; there is no fused multiply-add.
 */

/** What a lane holds. `mask` is the result of a comparison: true or false in each lane. */
export type LaneType = 'f64' | 'f32' | 'i32' | 'i64' | 'mask';

/** A node of an expression; made by `Lanes` only, never by hand. */
export interface Expr {
  readonly type: LaneType;
  readonly id: number;
}

/** Builds the expression of one element: `(k, x, y) => k.add(x, y)`. */
export type LaneFunction = (k: Lanes, ...xs: Expr[]) => Expr;

/**
 * The builder. Numeric operands of one call have one type; the builder throws otherwise. Plain numbers are accepted
 * where noted (`Lit`) and take the type of the other operand.
 */
export type Lit = Expr | number;

export interface Lanes {
  /** The type of the function's first numeric operand: f64, f32 or i32. Lets one function serve several. */
  readonly type: 'f64' | 'f32' | 'i32';
  /** A constant of the given type (default: `type`); f32 constants are rounded. */
  number(value: number, type?: 'f64' | 'f32' | 'i32'): Expr;
  int64(value: bigint): Expr;

  // Arithmetic. On i32: wraps; `div` on i32 truncates and traps on zero (callers check first).
  add(x: Lit, y: Lit): Expr;
  sub(x: Lit, y: Lit): Expr;
  mul(x: Lit, y: Lit): Expr;
  div(x: Lit, y: Lit): Expr;
  neg(x: Expr): Expr;
  abs(x: Expr): Expr;
  sqrt(x: Expr): Expr;
  /** NaN if either is NaN; −0 < +0 (WebAssembly's min and max). On i32: plain. */
  min(x: Lit, y: Lit): Expr;
  max(x: Lit, y: Lit): Expr;
  floor(x: Expr): Expr;
  ceil(x: Expr): Expr;
  trunc(x: Expr): Expr;
  /** To the nearest integer, ties to even. */
  nearest(x: Expr): Expr;
  copySign(magnitude: Lit, sign: Expr): Expr;

  // Comparisons give masks (false when a NaN takes part, except `ne`).
  eq(x: Lit, y: Lit): Expr;
  ne(x: Lit, y: Lit): Expr;
  lt(x: Lit, y: Lit): Expr;
  le(x: Lit, y: Lit): Expr;
  gt(x: Lit, y: Lit): Expr;
  ge(x: Lit, y: Lit): Expr;
  isNaN(x: Expr): Expr;
  and(p: Expr, q: Expr): Expr;
  or(p: Expr, q: Expr): Expr;
  not(p: Expr): Expr;
  /** `condition ? x : y` in each lane; both sides are evaluated. */
  select(condition: Expr, x: Lit, y: Lit): Expr;

  /** To another numeric type. float → i32 truncates, saturates, NaN → 0; f64 → f32 rounds; mask → number gives 1 and 0. */
  to(x: Expr, type: 'f64' | 'f32' | 'i32'): Expr;

  // Bits: f64 ↔ i64, f32 ↔ i32.
  bits(x: Expr): Expr;
  fromBits(x: Expr): Expr;
  bitAnd(x: Lit, y: Lit): Expr;
  bitOr(x: Lit, y: Lit): Expr;
  bitXor(x: Lit, y: Lit): Expr;
  shiftLeft(x: Expr, by: number): Expr;
  /** Arithmetic (sign-filling) shift. */
  shiftRight(x: Expr, by: number): Expr;
  shiftRightUnsigned(x: Expr, by: number): Expr;

  /**
   * `fast` where no lane needs more; where `condition` holds, the scalar function `slow(...xs)`, called lane by lane.
   * For rare cases only (arguments that need hundreds of bits of π).
   */
  rare(condition: Expr, fast: Expr, slow: LaneFunction, ...xs: Expr[]): Expr;
}
