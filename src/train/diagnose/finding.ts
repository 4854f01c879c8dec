/** What may be wrong with a model, its data or its training. */
export type FindingKind =
  | 'notFinite'
  | 'vanishingGradients'
  | 'explodingGradients'
  | 'zeroGradients'
  | 'unusedParameters'
  | 'notOptimized'
  | 'deadUnits'
  | 'saturatedUnits'
  | 'symmetricWeights'
  | 'smallUpdates'
  | 'largeUpdates'
  | 'initialLoss'
  | 'unscaledInput'
  | 'overfitting'
  | 'underfitting'
  | 'unfinished'
  | 'diverging'
  | 'unsteady';

/** One thing that is wrong. */
export interface Finding {
  readonly kind: FindingKind;
  /** A layer, `input`, `loss`, `optimizer` or `history`. */
  readonly where: string;
  readonly message: string;
  /** What to try. */
  readonly remedy: string;
}
