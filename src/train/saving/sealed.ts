/** safetensors files with notes of this library's, and a checksum over everything. */
import { crc32 } from '../../base/crc.ts';
import { DataError } from '../../base/errors.ts';
import { formatSafetensors, parseSafetensors } from '../../data/safetensors.ts';
import type { Value } from '../../value/value.ts';

export interface Sealed {
  readonly tensors: Readonly<Record<string, Value>>;
  /** Text of this library's, by short names. */
  readonly notes: Readonly<Record<string, string>>;
  /** Text of the user's. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Keys of the metadata that start so are this library's. */
const OWN = 'chainrule.';
const CHECKSUM = `${OWN}checksum`;

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : Number(a > b);

function checksum(tensors: Readonly<Record<string, Value>>, texts: Readonly<Record<string, string>>): string {
  const encoder = new TextEncoder();
  let crc = 0;
  for (const [name, text] of Object.entries(texts).sort(byName)) {
    crc = crc32(encoder.encode(JSON.stringify([name, text])), crc);
  }
  for (const [name, x] of Object.entries(tensors).sort(byName)) {
    const { data } = x;
    crc = crc32(encoder.encode(JSON.stringify([name, x.dtype, x.shape])), crc);
    crc = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), crc);
  }
  return crc.toString(16).padStart(8, '0');
}

/**
 * The bytes of such a file.
 * @throws DataError for metadata that is no text, or under a name that is reserved.
 */
export function seal({ tensors, notes, metadata }: Sealed, op: string): Uint8Array {
  for (const [key, text] of Object.entries(metadata)) {
    if (typeof text !== 'string') throw new DataError(`metadata.${key} is ${typeof text}, not text`, { op });
    if (key.startsWith(OWN)) throw new DataError(`the key ${key} is reserved`, { op });
  }
  const own = Object.entries(notes).map(([name, text]): [string, string] => [OWN + name, text]);
  const texts = { ...metadata, ...Object.fromEntries(own) };
  return formatSafetensors(tensors, { metadata: { ...texts, [CHECKSUM]: checksum(tensors, texts) } });
}

/**
 * What is in a safetensors file; files of others have no notes.
 * @throws DataError naming the file, if it is cut off or damaged.
 */
export function unseal(bytes: Uint8Array, file: string, op: string): Sealed {
  const { tensors, metadata: all } = parseSafetensors(bytes, file);
  const { [CHECKSUM]: expected, ...texts } = all;
  if (expected !== undefined && expected !== checksum(tensors, texts)) {
    throw new DataError(`${file} is damaged: it does not fit its checksum`, {
      op,
      hint: 'If another program has changed it on purpose, take its numbers with loadWeights(model, path).',
    });
  }
  const isOwn = ([key]: [string, string]): boolean => key.startsWith(OWN);
  const entries = Object.entries(texts);
  return {
    tensors,
    notes: Object.fromEntries(entries.filter(isOwn).map(([key, text]) => [key.slice(OWN.length), text])),
    metadata: Object.fromEntries(entries.filter((entry) => !isOwn(entry))),
  };
}
