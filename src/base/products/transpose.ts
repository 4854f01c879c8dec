/** Squares of lanes in registers. */
import type { FunctionBody, Local } from '../wasm/index.ts';

/** Byte numbers of the lanes of two vectors, which have `size` bytes each and are counted through both. */
const bytesOfLanes = (size: number, lanes: readonly number[]): number[] =>
  lanes.flatMap((lane) => Array.from({ length: size }, (_, byte) => lane * size + byte));

/** Four vectors of four lanes, or two of two: columns for rows. */
export function writeTransposed(body: FunctionBody, rows: readonly Local[]): readonly Local[] {
  const pick = (a: Local, b: Local, size: number, lanes: readonly number[]): Local => {
    const out = body.local('v128');
    body.get(a).get(b).shuffle(bytesOfLanes(size, lanes)).set(out);
    return out;
  };
  const halves = (a: Local, b: Local): readonly Local[] => [pick(a, b, 8, [0, 2]), pick(a, b, 8, [1, 3])];
  const [a, b, c, d] = rows as [Local, Local, Local, Local];
  if (rows.length === 2) return halves(a, b);
  const low = [0, 4, 1, 5];
  const high = [2, 6, 3, 7];
  return [...halves(pick(a, b, 4, low), pick(c, d, 4, low)), ...halves(pick(a, b, 4, high), pick(c, d, 4, high))];
}
