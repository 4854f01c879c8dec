/** Protocol Buffers, as far as event files need them. https://protobuf.dev/programming-guides/encoding/ */

/** A message, or a field of one. */
export type Bytes = Uint8Array;

export function joined(parts: readonly Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A whole number ≥ 0, seven bits a byte. */
function varint(n: number): Bytes {
  const bytes: number[] = [];
  let rest = n;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.from([...bytes, rest]);
}

/** A field's number, and how long its content is: 0 a varint, 1 eight bytes, 2 told by a length, 5 four bytes. */
const key = (field: number, wire: 0 | 1 | 2 | 5): Bytes => varint(field * 8 + wire);

function float64s(numbers: ArrayLike<number>): Bytes {
  const view = new DataView(new ArrayBuffer(8 * numbers.length));
  for (let i = 0; i < numbers.length; i++) view.setFloat64(8 * i, numbers[i]!, true);
  return new Uint8Array(view.buffer);
}

/** int32, int64 and enums, ≥ 0. */
export const whole = (field: number, n: number): Bytes => joined([key(field, 0), varint(n)]);

export const double = (field: number, x: number): Bytes => joined([key(field, 1), float64s([x])]);

export function float(field: number, x: number): Bytes {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, x, true);
  return joined([key(field, 5), new Uint8Array(view.buffer)]);
}

/** Bytes, or a message within a message. */
export const bytes = (field: number, content: Bytes): Bytes => joined([key(field, 2), varint(content.length), content]);

export const text = (field: number, content: string): Bytes => bytes(field, new TextEncoder().encode(content));

/** `repeated double`, packed. */
export const doubles = (field: number, numbers: ArrayLike<number>): Bytes => bytes(field, float64s(numbers));
