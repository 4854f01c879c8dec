/** A picture as plain data: what is drawn, before anything is said about how. */

export type Health = 'none' | 'vanished' | 'healthy' | 'exploded';

export interface GraphNode {
  /** `n0`, `n1`, … in the order of computation. */
  readonly id: string;
  readonly kind: 'input' | 'constant' | 'op' | 'scope' | 'elided';
  /** Names given by the user. */
  readonly label: string | null;
  /** The op's sign, a constant's number, a folded scope's name. */
  readonly glyph: string;
  /** Further lines, in this order. */
  readonly shape: string | null;
  readonly value: string | null;
  readonly gradient: string | null;
  /** How well its gradient is; null where gradients are not looked at. */
  readonly health: Health | null;
  /** What is folded into it: `5 ops, 2 parameters`. */
  readonly note: string | null;
  /** How many alike it stands for. */
  readonly count: number;
  readonly isRoot: boolean;
  /** The frame it is in. */
  readonly cluster: string | null;
  /** Everything in one sentence: what a pointer or a screen reader gets. */
  readonly title: string;
}

export interface GraphEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** The local derivative. */
  readonly partial: string | null;
  readonly title: string;
}

export interface GraphCluster {
  readonly id: string;
  readonly name: string;
  readonly parent: string | null;
  readonly count: number;
}

export interface GraphModel {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly clusters: readonly GraphCluster[];
  readonly title: string;
  readonly description: string;
}
