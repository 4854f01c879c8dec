/** Scalars that all parameters of a group need at a step. */
import { isTraced, type Value } from '../value/value.ts';

/**
 * A function of scalars that is computed once for all parameters for which these are the same numbers: most parameters
 * have been updated equally often. While a function is traced there are no numbers to compare; the program shares what
 * is the same.
 */
export class Once {
  readonly #compute: (...inputs: Value[]) => Value;
  #last: { readonly key: readonly number[]; readonly result: Value } | null = null;

  constructor(compute: (...inputs: Value[]) => Value) {
    this.#compute = compute;
  }

  of(...inputs: Value[]): Value {
    if (inputs.some(isTraced)) return this.#compute(...inputs);
    const key = inputs.map((x) => x.item());
    if (this.#last === null || this.#last.key.some((x, i) => x !== key[i])) {
      this.#last = { key, result: this.#compute(...inputs) };
    }
    return this.#last.result;
  }
}
