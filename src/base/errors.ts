/** The errors that users meet. Each names the op, the shapes, the axis or option at fault, and what to do. */

export interface ErrorDetails {
  /** The op or public function that refused. */
  readonly op?: string;
  readonly shapes?: readonly (readonly number[])[];
  /** The offending axis, as the caller gave it. */
  readonly axis?: number;
  /** The offending option's name. */
  readonly option?: string;
  /** What to do about it; appended to the message. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Base of every error that chainrule throws on purpose. `code` is stable across versions. */
export class ChainruleError extends Error {
  readonly code: string = 'CHAINRULE';
  readonly op: string | undefined;
  readonly shapes: readonly (readonly number[])[] | undefined;
  readonly axis: number | undefined;
  readonly option: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, details: ErrorDetails = {}) {
    const text = `${details.op === undefined ? '' : `${details.op}: `}${message}${details.hint === undefined ? '' : `\n  ${details.hint}`}`;
    super(text, details.cause === undefined ? undefined : { cause: details.cause });
    this.op = details.op;
    this.shapes = details.shapes;
    this.axis = details.axis;
    this.option = details.option;
    this.hint = details.hint;
    this.name = new.target.name;
  }
}

/** Shapes that do not fit together, or data that does not fit its shape. */
export class ShapeError extends ChainruleError {
  override readonly code: string = 'SHAPE';
}

/** An element type that an op does not take. */
export class DtypeError extends ChainruleError {
  override readonly code: string = 'DTYPE';
}

/** An axis or an index outside its range. */
export class AxisError extends ChainruleError {
  override readonly code: string = 'AXIS';
}

/** An option or argument that does not exist or has an impossible value. */
export class OptionError extends ChainruleError {
  override readonly code: string = 'OPTION';
}

/** Numbers asked of a Value that has none yet: it stands for an argument while a function is being traced. */
export class TraceError extends ChainruleError {
  override readonly code: string = 'TRACE';
}

/** A derivative that finite differences do not confirm. */
export class GradientMismatchError extends ChainruleError {
  override readonly code: string = 'GRADIENT_MISMATCH';
}

/** A file or table that cannot be read: names the file and the row or byte. */
export class DataError extends ChainruleError {
  override readonly code: string = 'DATA';
}

/** `[2, 3]`, as shapes are written in messages. */
export const showShape = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/** `[2, 3] and [4]`. */
export const showShapes = (shapes: readonly (readonly number[])[]): string => shapes.map(showShape).join(' and ');

/**
 * Refuses options that do not exist, so that a misspelt one is never ignored.
 * @throws OptionError naming the unknown option and listing the known ones.
 */
export function checkOptions(op: string, options: object | undefined, known: readonly string[]): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new OptionError(`options must be an object such as { ${known[0] ?? ''}: … }`, { op });
  }
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue;
    const hint = known.length === 0 ? `${op} takes no options.` : `Known options: ${known.join(', ')}.`;
    throw new OptionError(`unknown option "${option}"`, { op, option, hint });
  }
}

/** @throws ShapeError unless all shapes are equal. */
export function requireSameShapes(op: string, shapes: readonly (readonly number[])[]): void {
  const first = shapes[0]!;
  for (let i = 1; i < shapes.length; i++) {
    const shape = shapes[i]!;
    if (shape !== first && (shape.length !== first.length || shape.some((n, k) => n !== first[k]))) {
      throw new ShapeError(`shapes ${showShapes(shapes)} differ`, {
        op,
        shapes,
        hint: 'Broadcast or reshape the operands first.',
      });
    }
  }
}

/** What something is that should have been something else, in words: `null`, `an array`, `string`. */
export const kindOf = (x: unknown): string => (x === null ? 'null' : Array.isArray(x) ? 'an array' : typeof x);
