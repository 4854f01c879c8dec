/** Where cells must not be written, and what a gradient must be. */
import { DtypeError, ShapeError, showShape, TraceError } from '../base/errors.ts';
import { sameShape } from '../base/shapes.ts';
import { state } from './recording.ts';
import type { Value } from './value.ts';

/**
 * @throws TraceError where the function that is running is traced once to run any number of times (vmap, scan): what it
 * writes would be written once. Whole programs (compile) repeat what they write.
 */
export function requireEffects(x: Value, what: string): void {
  const { trace, lifting } = state;
  if (trace === null || x.id > trace.floor || (lifting !== null && trace === lifting.trace)) return;
  throw new TraceError(
    `${what} would write into a cell; the function given to ${trace.by} is traced once, and what it writes is not repeated with it`,
    {
      op: trace.by,
      hint: 'Return the new content and write it after the call; for gradients use grad(f) or vjp(f, …), which return them.',
    },
  );
}

/** @throws TraceError for a Value from outside the program that is traced. */
export function requireOwn(x: Value, what: string, hint: string): void {
  const trace = state.lifting?.trace;
  if (trace !== undefined && x.id <= trace.floor)
    throw new TraceError(`${what} inside ${trace.by}`, { op: what, hint });
}

/** @throws ShapeError or DtypeError unless g may be the gradient of x. */
export function requireLike(x: Value, g: Value): void {
  if (!sameShape(g.shape, x.shape)) {
    throw new ShapeError(
      `the gradient of a Value of shape ${showShape(x.shape)} has its shape, got ${showShape(g.shape)}`,
      {
        op: 'grad',
        shapes: [x.shape, g.shape],
      },
    );
  }
  if (g.dtype === x.dtype) return;
  throw new DtypeError(`the gradient of a ${x.dtype} Value is ${x.dtype}, got ${g.dtype}`, {
    op: 'grad',
    hint: `Cast it: g.to('${x.dtype}').`,
  });
}
