/** FlatBuffers, as far as it takes to see whether one is sound. https://flatbuffers.dev/internals/ */

export type Fail = (message: string) => never;

/** What a table's field points to; scalars are not listed. */
type Pointer =
  | 'text'
  /** A list of structs or scalars of so many bytes. */
  | { readonly bytes: number }
  /** A list of tables. */
  | { readonly each: () => Layout }
  /** A table, of a layout that may depend on the byte in another field. */
  | { readonly table: (kind: number) => Layout; readonly chosenBy?: number };

/** By the numbers of fields. */
export type Layout = Readonly<Record<number, Pointer>>;

const DEEPEST = 64;

/** A buffer whose every pointer and length is looked at by `root`; after that its fields can be read. */
export class FlatBuffer {
  readonly #view: DataView;
  readonly #fail: Fail;
  /** A sound buffer has no more tables than bytes; one whose tables share others could have exponentially many. */
  #tables = 0;

  constructor(bytes: Uint8Array, fail: Fail) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#fail = fail;
  }

  /** Checks everything; returns the root table's place. */
  root(layout: Layout): number {
    const at = this.#target(0);
    this.#check(at, layout, 0);
    return at;
  }

  /** @throws unless so many bytes are there. */
  #need(at: number, bytes: number): void {
    if (at < 0 || at + bytes > this.#view.byteLength) this.#fail('a length or an offset is wrong');
  }

  #target(at: number): number {
    this.#need(at, 4);
    const target = at + this.#view.getUint32(at, true);
    this.#need(target, 4);
    return target;
  }

  #check(at: number, layout: Layout, depth: number): void {
    if (++this.#tables > this.#view.byteLength || depth > DEEPEST) this.#fail('its metadata nest endlessly');
    this.#checkFields(at);
    for (const [id, pointer] of Object.entries(layout)) {
      const place = this.#field(at, Number(id));
      if (place !== 0) this.#checkPointer(at, place, pointer, depth);
    }
  }

  /** The table's list of fields lies in the buffer, and each field in the table. */
  #checkFields(at: number): void {
    const list = at - this.#view.getInt32(at, true);
    this.#need(list, 4);
    const [size, own] = [this.#view.getUint16(list, true), this.#view.getUint16(list + 2, true)];
    this.#need(list, size);
    this.#need(at, own);
    if (size < 4 || size % 2 !== 0) this.#fail('a length or an offset is wrong');
    for (let i = 4; i < size; i += 2) {
      // The widest field has eight bytes; which ones are narrower is not known here.
      const offset = this.#view.getUint16(list + i, true);
      if (offset >= own && offset !== 0) this.#fail('a length or an offset is wrong');
      this.#need(at + offset, 1);
    }
  }

  #checkPointer(at: number, place: number, pointer: Pointer, depth: number): void {
    const target = this.#target(place);
    if (typeof pointer === 'object' && 'table' in pointer) {
      const kind = pointer.chosenBy === undefined ? 0 : this.byte(at, pointer.chosenBy);
      this.#check(target, pointer.table(kind), depth + 1);
      return;
    }
    const count = this.#view.getUint32(target, true);
    if (pointer === 'text') return this.#need(target + 4, count);
    if ('bytes' in pointer) return this.#need(target + 4, count * pointer.bytes);
    this.#need(target + 4, 4 * count);
    for (let i = 0; i < count; i++) this.#check(this.#target(target + 4 + 4 * i), pointer.each(), depth + 1);
  }

  /** Where a table's field lies; 0 where it is left out. */
  #field(at: number, id: number): number {
    const list = at - this.#view.getInt32(at, true);
    const index = 4 + 2 * id;
    if (index >= this.#view.getUint16(list, true)) return 0;
    const offset = this.#view.getUint16(list + index, true);
    return offset === 0 ? 0 : at + offset;
  }

  /** A field of one byte; 0 where it is left out. */
  byte(at: number, id: number): number {
    const place = this.#field(at, id);
    return place === 0 ? 0 : this.#view.getUint8(place);
  }

  /** A field of eight bytes; 0 where it is left out. */
  long(at: number, id: number): number {
    const place = this.#field(at, id);
    return place === 0 ? 0 : this.#long(place);
  }

  #long(place: number): number {
    this.#need(place, 8);
    return Number(this.#view.getBigInt64(place, true));
  }

  /** The table that a field points to. */
  child(at: number, id: number): number {
    const place = this.#field(at, id);
    return place === 0 ? this.#fail('a table is missing') : this.#target(place);
  }

  /** The tables in the list that a field points to. */
  children(at: number, id: number): readonly number[] {
    const place = this.#field(at, id);
    if (place === 0) return [];
    const target = this.#target(place);
    const count = this.#view.getUint32(target, true);
    return Array.from({ length: count }, (_, i) => this.#target(target + 4 + 4 * i));
  }

  /** The first two eight-byte words of each struct in a list of them. */
  *structs(at: number, id: number, bytes: number): Generator<[number, number], void, undefined> {
    const place = this.#field(at, id);
    if (place === 0) return;
    const target = this.#target(place);
    const count = this.#view.getUint32(target, true);
    for (let i = 0; i < count; i++) {
      const from = target + 4 + bytes * i;
      yield [this.#long(from), this.#long(from + 8)];
    }
  }
}
