/** ZIP archives, as far as .npz files need them. https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT */
import { crc32 } from '../base/crc.ts';
import { builtin } from '../base/node.ts';

export interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
}

type Fail = (message: string) => never;

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;

/** Where the end record starts: it is followed by a comment of at most 65,535 bytes. */
function endOf(view: DataView, fail: Fail): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - 65535); at--) {
    if (view.getUint32(at, true) === END) return at;
  }
  return fail('is cut off or no ZIP archive: it has no directory at its end');
}

/** The members of an archive, unpacked and checked. */
export function unzip(bytes: Uint8Array, op: string, fail: Fail): Member[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = endOf(view, fail);
  const members: Member[] = [];
  const start = view.getUint32(end + 16, true);
  let at = start;
  for (let i = view.getUint16(end + 10, true); i > 0; i--) {
    if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) return fail('is damaged: its directory is broken');
    const [nameLength, extra, comment] = [28, 30, 32].map((o) => view.getUint16(at + o, true)) as [
      number,
      number,
      number,
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    members.push({ name, bytes: unpack(bytes, view, at, name, op, fail) });
    at += 46 + nameLength + extra + comment;
  }
  if (at - start !== view.getUint32(end + 12, true)) return fail('is damaged: its directory is longer than it says');
  return members;
}

function unpack(bytes: Uint8Array, view: DataView, entry: number, name: string, op: string, fail: Fail): Uint8Array {
  const method = view.getUint16(entry + 10, true);
  const [crc, packed, size, local] = [16, 20, 24, 42].map((o) => view.getUint32(entry + o, true)) as [
    number,
    number,
    number,
    number,
  ];
  if (size === 0xffffffff || local === 0xffffffff) return fail(`member ${name} is larger than 4 GB`);
  if (local + 30 > bytes.length || view.getUint32(local, true) !== LOCAL)
    return fail(`is damaged: member ${name} is lost`);
  const label = local + 30 + view.getUint16(local + 26, true);
  if (new TextDecoder().decode(bytes.subarray(local + 30, label)) !== name)
    return fail(`is damaged: member ${name} has two names`);
  const start = label + view.getUint16(local + 28, true);
  if (start + packed > bytes.length) return fail(`is cut off in member ${name}`);
  const body = bytes.subarray(start, start + packed);
  if (method !== 0 && method !== 8) return fail(`packs member ${name} by method ${method}; 0 and 8 can be read`);
  const out = method === 0 ? body : inflate(body, size, name, op, fail);
  if (out.length !== size || crc32(out) !== crc) return fail(`is damaged: member ${name} fails its checksum`);
  return out;
}

function inflate(body: Uint8Array, size: number, name: string, op: string, fail: Fail): Uint8Array {
  const zlib = builtin('node:zlib', op);
  try {
    // Damage may unpack to a thousand times what was packed.
    return zlib.inflateRawSync(body, { maxOutputLength: Math.max(1, size) });
  } catch (error) {
    return fail(
      `is damaged: member ${name} cannot be unpacked: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** An archive of these members, packed (in Node) or as they are. */
export function zip(members: readonly Member[], compress: boolean, op: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes } of members) {
    const label = new TextEncoder().encode(name);
    const body = compress ? builtin('node:zlib', op).deflateRawSync(bytes) : bytes;
    const head = new DataView(new ArrayBuffer(26));
    // Version 2.0, names in UTF-8, method, 1 January 1980.
    [20, 0x800, compress ? 8 : 0, 0, 33].forEach((x, i) => head.setUint16(2 * i, x, true));
    [crc32(bytes), body.length, bytes.length].forEach((x, i) => head.setUint32(10 + 4 * i, x, true));
    head.setUint16(22, label.length, true);
    const common = new Uint8Array(head.buffer);
    const entry = new Uint8Array(46 + label.length);
    const view = new DataView(entry.buffer);
    view.setUint32(0, CENTRAL, true);
    view.setUint16(4, 20, true);
    entry.set(common, 6);
    view.setUint32(42, at, true);
    entry.set(label, 46);
    directory.push(entry);
    for (const part of [signature(LOCAL), common, label, body]) {
      parts.push(part);
      at += part.length;
    }
  }
  return joined([...parts, ...directory, endRecord(members.length, total(directory), at)]);
}

const total = (parts: readonly Uint8Array[]): number => parts.reduce((sum, part) => sum + part.length, 0);

function signature(word: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, word, true);
  return out;
}

function endRecord(count: number, size: number, at: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(22));
  view.setUint32(0, END, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, at, true);
  return new Uint8Array(view.buffer);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(total(parts));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
