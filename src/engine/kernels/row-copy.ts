/** Rows of elements from one place to another, whatever they are. */
import type { FunctionBody, Local, MemoryOpName } from '../../base/wasm/index.ts';
import type { Row } from './index-axes.ts';
import { writeLoop } from './places.ts';

interface Move {
  readonly load: MemoryOpName;
  readonly store: MemoryOpName;
}

/** Elements as bits: nothing is done to them. */
const MOVES: Readonly<Record<number, Move>> = {
  1: { load: 'i32.load8_u', store: 'i32.store8' },
  4: { load: 'i32.load', store: 'i32.store' },
  8: { load: 'i64.load', store: 'i64.store' },
};
const VECTOR = 16;

const writeMove = (body: FunctionBody, from: Local, to: Local, bytes: number, at = 0): void => {
  const { load, store } = MOVES[bytes]!;
  body.get(to).get(from).memory(load, at, 0).memory(store, at, 0);
};

/** The addresses are those of the row's first element, and change. */
export function writeCopyRow(body: FunctionBody, from: Local, to: Local, row: Row, bytes: number): void {
  if (row.length === 1) return writeMove(body, from, to, bytes);
  if (row.source === 1 && row.to === 1) return writeCopyBytes(body, from, to, row.length * bytes);
  const i = body.local('i32');
  body.i32(0).set(i);
  writeLoop(body, i, row.length, 1, () => {
    writeMove(body, from, to, bytes);
    step(body, from, row.source * bytes);
    step(body, to, row.to * bytes);
  });
}

function step(body: FunctionBody, address: Local, bytes: number): void {
  body
    .get(address)
    .i32(bytes | 0)
    .op('i32.add')
    .set(address);
}

function writeCopyBytes(body: FunctionBody, from: Local, to: Local, total: number): void {
  const vectors = Math.floor(total / VECTOR);
  if (vectors > 0) {
    const i = body.local('i32');
    body.i32(0).set(i);
    writeLoop(body, i, vectors, 1, () => {
      body.get(to).get(from).memory('v128.load', 0, 0).memory('v128.store', 0, 0);
      step(body, from, VECTOR);
      step(body, to, VECTOR);
    });
  }
  let at = 0;
  for (const bytes of [8, 4, 1]) {
    for (; (total % VECTOR) - at >= bytes; at += bytes) writeMove(body, from, to, bytes, at);
  }
}
