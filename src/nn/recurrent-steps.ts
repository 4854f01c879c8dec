/** One step in time of each kind of recurrent network. */
import type { Value } from '../value/value.ts';

/** The parameters of a cell, or of one direction of a layer. */
export interface RecurrentWeights {
  /** [gates · hiddenSize, inputs]. */
  readonly weightIh: Value;
  /** [gates · hiddenSize, hiddenSize (or projSize)]. */
  readonly weightHh: Value;
  /** [gates · hiddenSize]. */
  readonly biasIh: Value | null;
  /** [gates · hiddenSize]. */
  readonly biasHh: Value | null;
  /** [projSize, hiddenSize], of an LSTM with projections. */
  readonly weightHr: Value | null;
}

/** What goes from step to step, [N, …] each: the hidden state and, for an LSTM, the cell. */
export type State = readonly Value[];

/** A step with its weights. */
export interface BoundStep {
  /** Added to the inputs' products, for all steps at once. */
  readonly inputBias: Value | null;
  /** From the inputs' products with `weightIh`, [N, gates · hiddenSize], and the state before. */
  readonly next: (products: Value, before: State) => State;
}

export interface RecurrentKind {
  /** So many rows of the weights belong to a hidden unit. */
  readonly gates: number;
  /** Whether a cell goes with the hidden state. */
  readonly hasCell: boolean;
  /** For batches of so many rows. */
  readonly bind: (weights: RecurrentWeights, rows: number) => BoundStep;
}

const sumOfBiases = ({ biasIh, biasHh }: RecurrentWeights): Value | null =>
  biasIh === null || biasHh === null ? null : biasIh.add(biasHh);

/** h′ = nonlinearity(Wₓ·x + bₓ + Wₕ·h + bₕ). */
const elman = (nonlinearity: (x: Value) => Value): RecurrentKind => ({
  gates: 1,
  hasCell: false,
  bind: (weights) => ({
    inputBias: sumOfBiases(weights),
    next: (products, [hidden]) => [nonlinearity(products.add(hidden!.linear(weights.weightHh)))],
  }),
});

/** By the name of the nonlinearity. */
export const elmanKinds: Readonly<Record<'tanh' | 'relu', RecurrentKind>> = {
  tanh: elman((x) => x.tanh()),
  relu: elman((x) => x.relu()),
};

/** Gates i, f, g, o: c′ = f·c + i·g and h′ = o·tanh(c′), projected if there is a projection. Hochreiter & Schmidhuber 1997. */
export const lstmKind: RecurrentKind = {
  gates: 4,
  hasCell: true,
  bind: (weights) => ({
    inputBias: sumOfBiases(weights),
    next: (products, [hidden, cell]) => {
      const gates = products.add(hidden!.linear(weights.weightHh));
      const [i, f, g, o] = gates.split(gates.shape.at(-1)! / 4, -1) as [Value, Value, Value, Value];
      const next = f.sigmoid().mul(cell!).add(i.sigmoid().mul(g.tanh()));
      const shown = o.sigmoid().mul(next.tanh());
      return [weights.weightHr === null ? shown : shown.linear(weights.weightHr), next];
    },
  }),
};

/** Gates r, z, n: n = tanh(Wₓ·x + bₓ + r·(Wₕ·h + bₕ)) and h′ = n + z·(h − n). Cho et al. 2014. */
export const gruKind: RecurrentKind = {
  gates: 3,
  hasCell: false,
  bind: ({ weightHh, biasIh, biasHh }, rows) => {
    const size = weightHh.shape[1]!;
    const shared = biasHh === null ? null : biasHh.narrow(0, 0, 2 * size).pad([0, size]);
    // For all rows before the loop, so that its gradient is summed over them once.
    const inner = biasHh === null ? null : biasHh.narrow(0, 2 * size, size).broadcastTo([rows, size]);
    return {
      inputBias: biasIh === null || shared === null ? null : biasIh.add(shared),
      next: (products, [hidden]) => {
        const [xr, xz, xn] = products.split(size, -1) as [Value, Value, Value];
        const [hr, hz, hn] = hidden!.linear(weightHh).split(size, -1) as [Value, Value, Value];
        const reset = xr.add(hr).sigmoid();
        const update = xz.add(hz).sigmoid();
        const fresh = xn.add(reset.mul(inner === null ? hn : hn.add(inner))).tanh();
        return [fresh.add(update.mul(hidden!.sub(fresh)))];
      },
    };
  },
};
