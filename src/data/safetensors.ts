/** safetensors: named tensors in one file. https://github.com/huggingface/safetensors#format */
import { bytesPerElement } from '../base/dtypes.ts';
import { checkOptions, DataError } from '../base/errors.ts';
import { isPlainObject } from '../base/trees.ts';
import { isValue, type Value } from '../value/value.ts';
import { checkedSize, decode, ELEMENTS, encode, failure, WRITTEN } from './elements.ts';
import { readBytes, writeBytes } from './files.ts';

export interface Safetensors {
  readonly tensors: Readonly<Record<string, Value>>;
  /** What the writer noted: text by key. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface SafetensorsOptions {
  /** Text by key, such as a model's configuration as JSON. */
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name: string;
  readonly element: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

type Fail = (message: string) => never;

function readHeader(bytes: Uint8Array, fail: Fail): { header: Record<string, unknown>; start: number } {
  if (bytes.length < 8) return fail(`is cut off: a safetensors file has at least 8 bytes, this has ${bytes.length}`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(bytes.length - 8)) {
    return fail(`is cut off or no safetensors file: its header says ${length} bytes, ${bytes.length - 8} follow`);
  }
  const start = 8 + Number(length);
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
    if (isPlainObject(header)) return { header, start };
  } catch {
    return fail('has a damaged header: it is no JSON');
  }
  return fail('has a damaged header: it is no JSON object');
}

function readEntry(name: string, entry: unknown, fail: Fail): Entry {
  const about = (message: string): never => fail(`is damaged: tensor ${JSON.stringify(name)} ${message}`);
  if (!isPlainObject(entry)) return about('is not described by an object');
  const { dtype, shape, data_offsets: offsets } = entry;
  const element = String(dtype).toLowerCase();
  if (!Object.hasOwn(ELEMENTS, element)) return about(`has element type ${String(dtype)}, which cannot be read`);
  if (!Array.isArray(shape)) return about('has no shape');
  const size = checkedSize(shape, about);
  if (!Array.isArray(offsets) || offsets.length !== 2) return about('has no data_offsets');
  const [start, end] = offsets as [number, number];
  const expected = size * ELEMENTS[element]!.bytes;
  if (end - start !== expected) {
    return about(
      `of shape [${shape.join(', ')}] and type ${String(dtype)} needs ${expected} bytes, its data_offsets [${start}, ${end}] hold ${end - start}`,
    );
  }
  return { name, element, shape: shape as number[], start, end };
}

/** @throws unless the entries fill the file's data without holes or overlaps. */
function checkLayout(entries: readonly Entry[], available: number, fail: Fail): void {
  let at = 0;
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at)
      fail(`is damaged: tensor ${JSON.stringify(name)} starts at byte ${start} of the data instead of ${at}`);
    if (end > available)
      fail(`is cut off: tensor ${JSON.stringify(name)} ends at byte ${end} of the data, there are ${available}`);
    at = end;
  }
  if (at !== available) fail(`is damaged: its tensors need ${at} bytes, there are ${available}`);
}

function readMetadata(metadata: unknown, fail: Fail): Record<string, string> {
  if (metadata === undefined) return {};
  if (isPlainObject(metadata) && Object.values(metadata).every((x) => typeof x === 'string')) {
    return metadata as Record<string, string>;
  }
  return fail('is damaged: __metadata__ holds something other than text');
}

/**
 * The tensors in a safetensors file's bytes. F16 and BF16 become float32; integers int32 (64-bit ones beyond it float64).
 * @throws DataError naming the file (`name`) and the tensor for anything damaged.
 * @example const { tensors, metadata } = parseSafetensors(bytes)
 */
export function parseSafetensors(bytes: Uint8Array, name: string = 'safetensors data'): Safetensors {
  const fail = failure('readSafetensors', name);
  const { header, start } = readHeader(bytes, fail);
  const entries = Object.entries(header)
    .filter(([key]) => key !== '__metadata__')
    .map(([key, entry]) => readEntry(key, entry, fail));
  const data = bytes.subarray(start);
  checkLayout(entries, data.length, fail);
  const tensors = Object.fromEntries(
    entries.map((e) => [
      e.name,
      decode(data.subarray(e.start, e.end), e.element, e.shape, true, (why) => fail(`tensor ${e.name} ${why}`)),
    ]),
  );
  return { tensors, metadata: readMetadata(header['__metadata__'], fail) };
}

/**
 * Named Values as the bytes of a safetensors file; PyTorch and others read it.
 * @throws DataError for something that is no Value, and for the reserved name __metadata__.
 * @example const bytes = formatSafetensors(model.stateDict(), { metadata: { epoch: '3' } })
 */
export function formatSafetensors(
  tensors: Readonly<Record<string, Value>>,
  options: SafetensorsOptions = {},
): Uint8Array {
  const op = 'formatSafetensors';
  checkOptions(op, options, ['metadata']);
  readMetadata(options.metadata, failure(op, 'the file'));
  // Wide elements first, so that every tensor starts at a multiple of its element's size.
  const named = Object.entries(tensors).sort(
    ([a, x], [b, y]) => width(op, b, y) - width(op, a, x) || (a < b ? -1 : Number(a > b)),
  );
  let at = 0;
  const header: Record<string, unknown> = options.metadata === undefined ? {} : { __metadata__: options.metadata };
  const described = named.map(([name, x]): [string, unknown] => {
    width(op, name, x);
    const offsets = [at, (at += x.size * bytesPerElement(x.dtype))];
    return [name, { dtype: WRITTEN[x.dtype].toUpperCase(), shape: x.shape, data_offsets: offsets }];
  });
  const text = JSON.stringify(Object.fromEntries([...Object.entries(header), ...described]));
  const json = new TextEncoder().encode(text);
  const length = Math.ceil(json.length / 8) * 8;
  const out = new Uint8Array(8 + length + at).fill(0x20, 8, 8 + length);
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true);
  out.set(json, 8);
  let to = 8 + length;
  for (const [, x] of named) {
    const bytes = encode(x);
    out.set(bytes, to);
    to += bytes.length;
  }
  return out;
}

function width(op: string, name: string, x: Value): number {
  if (name === '__metadata__') throw new DataError('__metadata__ is reserved; use the option metadata', { op });
  if (isValue(x)) return bytesPerElement(x.dtype);
  throw new DataError(`entry ${JSON.stringify(name)} is ${typeof x}, not a Value`, { op });
}

/**
 * Reads a safetensors file.
 * @throws DataError naming the file and what is wrong with it.
 * @example model.loadStateDict(readSafetensors('model.safetensors').tensors)
 */
export const readSafetensors = (path: string): Safetensors =>
  parseSafetensors(readBytes(path, 'readSafetensors'), path);

/**
 * Writes a safetensors file, whole or not at all.
 * @throws DataError naming a file that cannot be written.
 * @example writeSafetensors('model.safetensors', model.stateDict())
 */
export const writeSafetensors = (
  path: string,
  tensors: Readonly<Record<string, Value>>,
  options: SafetensorsOptions = {},
): void => writeBytes(path, formatSafetensors(tensors, options), 'writeSafetensors');
