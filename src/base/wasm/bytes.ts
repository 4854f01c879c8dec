/** A growing byte string with WebAssembly's number encodings. */
export class ByteWriter {
  private bytes: Uint8Array = new Uint8Array(256);
  length = 0;

  byte(b: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = b;
  }

  append(bytes: ArrayLike<number>): void {
    this.grow(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Unsigned LEB128 of a whole number in 0 … 2^32 − 1. */
  unsigned(n: number): void {
    if (n >= 0 && n <= 0x7f) return this.byte(n);
    let rest = n >>> 0;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** Signed LEB128 of an int32. */
  signed(n: number): void {
    let rest = n | 0;
    while (rest < -64 || rest > 63) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>= 7;
    }
    this.byte(rest & 0x7f);
  }

  /** Signed LEB128 of an int64. */
  signed64(n: bigint): void {
    let rest = BigInt.asIntN(64, n);
    while (rest < -64n || rest > 63n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest & 0x7fn));
  }

  /** A length-prefixed UTF-8 string. */
  text(s: string): void {
    const bytes = new TextEncoder().encode(s);
    this.unsigned(bytes.length);
    this.append(bytes);
  }

  /** The bytes so far: a view, valid until the next write. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private grow(by: number): void {
    if (this.length + by <= this.bytes.length) return;
    const bigger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + by));
    bigger.set(this.view());
    this.bytes = bigger;
  }
}
