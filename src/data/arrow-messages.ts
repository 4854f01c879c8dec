/**
 * The messages of an Arrow stream or file, checked before apache-arrow reads them: it believes every length, and a damaged one
 * would keep it busy for hours. https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
 */
import { FlatBuffer, type Fail, type Layout } from './flatbuffer.ts';

const keyValue: Layout = { 0: 'text', 1: 'text' };
const metadata = { each: () => keyValue };
const scalars: Layout = {};

/** Types that hold more than scalars: a time zone, the ids of a union. */
const typeLayouts: Readonly<Record<number, Layout>> = { 10: { 1: 'text' }, 14: { 1: { bytes: 4 } } };

const field: Layout = {
  0: 'text',
  3: { table: (type: number) => typeLayouts[type] ?? scalars, chosenBy: 2 },
  4: { table: () => ({ 1: { table: () => scalars } }) },
  5: { each: () => field },
  6: metadata,
};
const schema: Layout = { 1: { each: () => field }, 2: metadata, 3: { bytes: 8 } };
const recordBatch: Layout = { 1: { bytes: 16 }, 2: { bytes: 16 }, 3: { table: () => scalars }, 4: { bytes: 8 } };
const dictionaryBatch: Layout = { 1: { table: () => recordBatch } };

const HEADERS: Readonly<Record<number, Layout>> = { 1: schema, 2: dictionaryBatch, 3: recordBatch };
const message: Layout = { 2: { table: (kind: number) => HEADERS[kind] ?? scalars, chosenBy: 1 }, 4: metadata };

/** Rows cost at least a bit each, but for those of columns that are null throughout. */
const mostRows = (bytes: Uint8Array): number => 8 * bytes.length + 65536;

/** What messages are checked against. */
interface Context {
  readonly fail: Fail;
  /** The most rows that the file can hold. */
  readonly most: number;
  /** Whether no column of the schema is made of others: then each has as many rows as its batch. */
  flat: boolean;
}

/** The rows that a batch speaks of are no more than the file can hold; its buffers lie within its body. */
function checkBatch(buffer: FlatBuffer, batch: number, body: number, { fail, most, flat }: Context): void {
  const within = (n: number, limit: number): boolean => n >= 0 && n <= limit;
  const rows = buffer.long(batch, 0);
  if (!within(rows, most)) fail('a batch has an impossible number of rows');
  for (const [length, missing] of buffer.structs(batch, 1, 16)) {
    const fits = flat ? length === rows : within(length, most);
    if (!fits || !within(missing, length)) fail('a column has an impossible number of rows');
  }
  for (const [start, length] of buffer.structs(batch, 2, 16)) {
    if (!within(start, body) || !within(length, body - start)) fail('a buffer lies outside its batch');
  }
}

const isFlat = (buffer: FlatBuffer, schemaAt: number): boolean =>
  buffer.children(schemaAt, 1).every((column) => buffer.children(column, 5).length === 0);

/** Checks the message whose metadata these are, of one kind if it is given; returns the length of its body. */
function checkMessage(bytes: Uint8Array, kindWanted: number | null, left: number, context: Context): number {
  const { fail } = context;
  const buffer = new FlatBuffer(bytes, fail);
  const root = buffer.root(message);
  const body = buffer.long(root, 3);
  if (!(body >= 0 && body <= left)) return fail('it is cut off in the body of a message');
  const kind = buffer.byte(root, 1);
  if (kindWanted !== null && kind !== kindWanted) return fail('its directory takes one kind of message for another');
  const header = buffer.child(root, 2);
  if (kind === 1) context.flat = isFlat(buffer, header);
  if (kind === 2) checkBatch(buffer, buffer.child(header, 1), body, context);
  if (kind === 3) checkBatch(buffer, header, body, context);
  return body;
}

/** Checks the message that starts here; returns where it ends, and null at the end mark. */
function checkMessageAt(bytes: Uint8Array, start: number, kind: number | null, context: Context): number | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number): number => (at + 4 <= bytes.length ? view.getInt32(at, true) : -1);
  // Since 2019 the length stands behind four bytes of ones.
  const at = word(start) === -1 ? start + 4 : start;
  const length = word(at);
  if (length === 0) return null;
  const from = at + 4;
  if (length < 0 || from + length > bytes.length) return context.fail('it is cut off, or no Arrow file');
  const left = bytes.length - from - length;
  return from + length + checkMessage(bytes.subarray(from, from + length), kind, left, context);
}

function checkStream(bytes: Uint8Array, fail: Fail): void {
  const context: Context = { fail, most: mostRows(bytes), flat: false };
  for (let at: number | null = 0; at !== null; at = checkMessageAt(bytes, at, null, context)) {
    if (at === bytes.length) fail('it is cut off: there is no end mark');
  }
}

const footer: Layout = { 1: { table: () => schema }, 2: { bytes: 24 }, 3: { bytes: 24 }, 4: metadata };

/** A file has marks at both ends, and a directory of its batches before the last one. */
function checkFile(bytes: Uint8Array, fail: Fail): void {
  const end = bytes.length - MAGIC.length - 4;
  if (!isMagic(bytes.subarray(-MAGIC.length)) || end < 8) return fail(`it is cut off: an Arrow file ends in ${MAGIC}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getInt32(end, true);
  if (length <= 0 || length > end - 8) return fail('the length of its directory is wrong');
  const buffer = new FlatBuffer(bytes.subarray(end - length, end), fail);
  const root = buffer.root(footer);
  const body = bytes.subarray(0, end - length);
  const context: Context = { fail, most: mostRows(bytes), flat: isFlat(buffer, buffer.child(root, 1)) };
  // Batches of dictionaries, then of records: the kinds of messages have the numbers of the fields that list them.
  for (const kind of [2, 3]) {
    for (const [offset] of buffer.structs(root, kind, 24)) {
      if (!(offset >= 8 && offset < body.length)) fail('a batch lies outside the file');
      if (checkMessageAt(body, offset, kind, context) === null) fail('a batch is missing');
    }
  }
}

const MAGIC = 'ARROW1';

const isMagic = (bytes: Uint8Array): boolean => String.fromCharCode(...bytes) === MAGIC;

/** @throws what `fail` throws, unless the bytes are a whole Arrow file or stream. */
export function checkArrow(bytes: Uint8Array, fail: Fail): void {
  if (isMagic(bytes.subarray(0, MAGIC.length))) checkFile(bytes, fail);
  else checkStream(bytes, fail);
}
