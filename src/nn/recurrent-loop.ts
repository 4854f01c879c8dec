/** The loop over time of one direction of a recurrent layer. */
import { stack } from '../ops/joining.ts';
import { scan } from '../transform/scan.ts';
import type { Value } from '../value/value.ts';
import type { RecurrentKind, RecurrentWeights, State } from './recurrent-steps.ts';

/** Longer sequences go through scan: their graph does not grow with them. */
const MOST_UNROLLED = 128;

export interface Loop {
  readonly kind: RecurrentKind;
  readonly weights: RecurrentWeights;
  /** True where a step of a sequence counts, [T, N, 1]; null: all do. */
  readonly counts: Value | null;
  readonly reverse: boolean;
}

export interface LoopResult {
  /** [T, N, size], zeros where steps do not count. */
  readonly output: Value;
  /** After the last step of each sequence. */
  readonly last: State;
}

type Advance = (before: State, products: Value, counts: Value | null) => readonly [after: State, output: Value];

/** A step that leaves states as they are where it does not count. */
const advance =
  (next: (products: Value, before: State) => State): Advance =>
  (before, products, counts) => {
    const after = next(products, before);
    if (counts === null) return [after, after[0]!];
    const kept = after.map((x, i) => x.where(counts, before[i]!));
    return [kept, after[0]!.where(counts, 0)];
  };

function unrolled(step: Advance, initial: State, products: Value, counts: Value | null, reverse: boolean): LoopResult {
  const [elements, flags] = [products.unbind(0), counts?.unbind(0)];
  const outputs = new Array<Value>(elements.length);
  let state = initial;
  for (let k = 0; k < elements.length; k++) {
    const at = reverse ? elements.length - 1 - k : k;
    [state, outputs[at]] = step(state, elements[at]!, flags?.[at] ?? null) as [State, Value];
  }
  return { output: stack(outputs, 0), last: state };
}

function scanned(step: Advance, initial: State, products: Value, counts: Value | null, reverse: boolean): LoopResult {
  const sequences = counts === null ? [products] : [products, counts];
  const [last, output] = scan(
    (state: readonly Value[], [x, flag]: readonly Value[]) => step(state, x!, flag ?? null),
    initial,
    sequences,
    { reverse },
  );
  return { output, last };
}

/** Runs over x [T, N, inputs] from the initial state; the products of all inputs with their weights come first, at once. */
export function runLoop(x: Value, initial: State, { kind, weights, counts, reverse }: Loop): LoopResult {
  const [steps, rows] = x.shape as unknown as [number, number];
  const { inputBias, next } = kind.bind(weights, rows);
  const products = x.linear(weights.weightIh, inputBias ?? undefined);
  const run = steps <= MOST_UNROLLED ? unrolled : scanned;
  return run(advance(next), initial, products, counts, reverse);
}
