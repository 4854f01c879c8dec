/** Colours, light and dark. Every light colour is used for one thing only, so that a style sheet can exchange it. */
import type { GraphNode } from './model.ts';

export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly gradient: string;
  readonly partial: string;
  readonly edge: string;
  readonly frame: string;
  readonly frameFill: string;
  readonly block: string;
  readonly inputFill: string;
  readonly inputLine: string;
  readonly constantFill: string;
  readonly constantLine: string;
  readonly opFill: string;
  readonly opLine: string;
  readonly scopeFill: string;
  readonly scopeLine: string;
  readonly rootLine: string;
  readonly noneFill: string;
  readonly noneLine: string;
  readonly vanishedFill: string;
  readonly vanishedLine: string;
  readonly healthyFill: string;
  readonly healthyLine: string;
  readonly explodedFill: string;
  readonly explodedLine: string;
}

export const LIGHT: Palette = {
  background: '#ffffff',
  text: '#1f2328',
  muted: '#656d76',
  gradient: '#9a3412',
  partial: '#9a3413',
  edge: '#8c959f',
  frame: '#d0d7de',
  frameFill: '#f6f8fa',
  block: '#8250df',
  inputFill: '#ddf4ff',
  inputLine: '#218bff',
  constantFill: '#eff1f3',
  constantLine: '#afb8c1',
  opFill: '#fffefc',
  opLine: '#8c959e',
  scopeFill: '#fbefff',
  scopeLine: '#a475f9',
  rootLine: '#1f2329',
  noneFill: '#eff1f4',
  noneLine: '#afb8c2',
  vanishedFill: '#dbeafe',
  vanishedLine: '#2563eb',
  healthyFill: '#dcfce7',
  healthyLine: '#16a34a',
  explodedFill: '#fee2e2',
  explodedLine: '#dc2626',
};

export const DARK: Palette = {
  background: '#0d1117',
  text: '#e6edf3',
  muted: '#9198a1',
  gradient: '#ffa657',
  partial: '#ffa658',
  edge: '#6e7681',
  frame: '#30363d',
  frameFill: '#161b22',
  block: '#a371f7',
  inputFill: '#0c2d6b',
  inputLine: '#388bfd',
  constantFill: '#21262d',
  constantLine: '#484f58',
  opFill: '#1c2129',
  opLine: '#6e7682',
  scopeFill: '#271052',
  scopeLine: '#8957e5',
  rootLine: '#e6edf4',
  noneFill: '#21262e',
  noneLine: '#484f59',
  vanishedFill: '#172554',
  vanishedLine: '#3b82f6',
  healthyFill: '#052e16',
  healthyLine: '#22c55e',
  explodedFill: '#450a0a',
  explodedLine: '#ef4444',
};

/** Fill and line of a node. */
export function coloursOf(node: GraphNode, palette: Palette, byGradient: boolean): { fill: string; line: string } {
  if (node.kind === 'elided') return { fill: palette.background, line: palette.background };
  const key = byGradient && node.health !== null ? node.health : node.kind;
  return { fill: palette[`${key}Fill`], line: palette[`${key}Line`] };
}

/** Rules that turn the light colours of an SVG into the dark ones. */
export function darkRules(scope: string): string {
  const rules = Object.keys(LIGHT).map((name) => {
    const [light, dark] = [LIGHT[name as keyof Palette], DARK[name as keyof Palette]];
    return `${scope} [fill="${light}"]{fill:${dark}}${scope} [stroke="${light}"]{stroke:${dark}}`;
  });
  return rules.join('');
}
