/** WebAssembly's value types and what the encoder says when code does not type-check. */
import { ChainruleError } from '../errors.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

/** A mistake in generated code: a defect of the generator, found before the engine sees the bytes. */
export class WasmError extends ChainruleError {
  override readonly code: string = 'WASM';
}

const CODES: Readonly<Record<ValueType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export const typeCode = (type: ValueType): number => CODES[type];

const LETTERS: Readonly<Record<string, ValueType>> = { i: 'i32', l: 'i64', f: 'f32', d: 'f64', v: 'v128' };

export interface Signature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const signatures = new Map<string, Signature>();

/** `'ii:i'` as lists of types. */
export function signatureOf(letters: string): Signature {
  let found = signatures.get(letters);
  if (found === undefined) {
    const [params = '', results = ''] = letters.split(':');
    found = { params: [...params].map((c) => LETTERS[c]!), results: [...results].map((c) => LETTERS[c]!) };
    signatures.set(letters, found);
  }
  return found;
}
