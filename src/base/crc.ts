/** Cyclic redundancy checks of 32 bits: checksums that files carry. */

/** Adds bytes to a checksum so far; 0 starts one. */
export type Crc = (bytes: Uint8Array, before?: number) => number;

type Table = Uint32Array;
type Tables = readonly [Table, Table, Table, Table, Table, Table, Table, Table];

/**
 * For each byte what it does to the register, and in table k what it does k bytes later: eight bytes at once.
 * Kounavis and Berry, "Novel Table Lookup-Based Algorithms for High-Performance CRC Generation", 2008.
 */
function tablesOf(polynomial: number): Tables {
  const first = Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = (c & 1) === 1 ? polynomial ^ (c >>> 1) : c >>> 1;
    return c;
  });
  const tables = [first];
  for (let k = 1; k < 8; k++) tables.push(tables[k - 1]!.map((c) => first[c & 255]! ^ (c >>> 8)));
  return tables as unknown as Tables;
}

/** @param polynomial With its bits reversed. */
function crcOf(polynomial: number): Crc {
  let tables: Tables | null = null;
  return (bytes, before = 0) => {
    const [t0, t1, t2, t3, t4, t5, t6, t7] = (tables ??= tablesOf(polynomial));
    const whole = bytes.length - (bytes.length % 8);
    let c = ~before;
    let i = 0;
    for (; i < whole; i += 8) {
      const low = c ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
      c =
        t7[low & 255]! ^
        t6[(low >>> 8) & 255]! ^
        t5[(low >>> 16) & 255]! ^
        t4[low >>> 24]! ^
        t3[bytes[i + 4]!]! ^
        t2[bytes[i + 5]!]! ^
        t1[bytes[i + 6]!]! ^
        t0[bytes[i + 7]!]!;
    }
    for (; i < bytes.length; i++) c = t0[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
    return ~c >>> 0;
  };
}

/** The check of ZIP, gzip and PNG. */
export const crc32: Crc = /* @__PURE__ */ crcOf(0xedb88320);

/** Castagnoli's, of TFRecord files. */
export const crc32c: Crc = /* @__PURE__ */ crcOf(0x82f63b78);
