/** What a running mean that began at zero has to be divided by. */
import { pow, sub } from '../ops/index.ts';
import { isTraced, type Value } from '../value/value.ts';

/** 1 − βᵗ of a 0-d count t. Most parameters have the same count: for them it is computed once. */
export class BiasCorrection {
  readonly #beta: number;
  #last: { readonly count: number; readonly factor: Value } | null = null;

  constructor(beta: number) {
    this.#beta = beta;
  }

  at(t: Value): Value {
    if (isTraced(t)) return this.#compute(t);
    const count = t.item();
    if (this.#last?.count !== count) this.#last = { count, factor: this.#compute(t) };
    return this.#last.factor;
  }

  #compute(t: Value): Value {
    return sub(1, pow(this.#beta, t));
  }
}
