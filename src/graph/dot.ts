/** The picture in Graphviz's language, through ts-graphviz. */
import { digraph, toDot as print, type GraphBaseModel, type NodeAttributesObject } from 'ts-graphviz';
import type { GraphCluster, GraphModel, GraphNode } from './model.ts';
import type { Settings } from './options.ts';
import { shortNumber } from './numbers.ts';
import { escapeLabel, shortLabel, thousands } from './text.ts';
import { coloursOf, type Palette } from './theme.ts';

/** Widths are reckoned with this font; readers' own sans-serif is close enough. */
const FONT = 'Helvetica,Arial,sans-serif';

type Html = `<${string}>`;

const escaped = (text: string): string => escapeLabel(shortLabel(text));

const font = (text: string, size: number, color: string): string =>
  `<FONT POINT-SIZE="${size}" COLOR="${color}">${text}</FONT>`;

const table = (rows: readonly string[], spacing: number = 1): Html =>
  `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="${spacing}">${rows
    .map((row) => `<TR><TD>${row}</TD></TR>`)
    .join('')}</TABLE>>`;

/** `c` in bold beside `+`, `×12`. */
function headline(node: GraphNode, palette: Palette): string {
  if (node.kind === 'elided') return `<I>${font(escaped(node.glyph), 12, palette.muted)}</I>`;
  const times = node.count > 1 ? [font(`×${thousands(node.count)}`, 11, palette.block)] : [];
  const label = node.label === null ? [] : [`<B>${font(escaped(node.label), 14, palette.text)}</B>`];
  const plain = node.kind === 'op' && node.label === null ? 16 : 13;
  const sign =
    node.glyph === '' ? [] : [font(escaped(node.glyph), plain, palette[label.length > 0 ? 'muted' : 'text'])];
  const parts = [...label, ...sign, ...times];
  return parts.length === 0 ? font('input', 13, palette.muted) : parts.join(' &#160;');
}

function nodeLabel(node: GraphNode, palette: Palette): Html {
  const line = (text: string | null, color: string, prefix = ''): string[] =>
    text === null ? [] : [font(`${prefix}${escaped(text)}`, 11, color)];
  return table([
    headline(node, palette),
    ...line(node.note, palette.muted),
    ...line(node.shape, palette.muted),
    ...line(node.value, palette.text),
    ...line(node.gradient, palette.gradient, '∇ '),
  ]);
}

function nodeAttributes(node: GraphNode, settings: Settings, palette: Palette): NodeAttributesObject {
  const { fill, line } = coloursOf(node, palette, settings.colorBy === 'gradient');
  const isLeaf = node.kind === 'constant' || node.kind === 'input';
  return {
    label: nodeLabel(node, palette),
    id: `${settings.id}-${node.id}`,
    class: node.health === null ? node.kind : `${node.kind} ${node.health}`,
    fillcolor: fill,
    color: node.isRoot ? palette.rootLine : line,
    penwidth: node.isRoot ? 2 : isLeaf ? 1.25 : 1,
    ...(node.kind === 'scope' ? { peripheries: 2 } : {}),
  };
}

function clusterLabel(cluster: GraphCluster, palette: Palette): Html {
  const name = cluster.name === '' ? [] : [font(escaped(cluster.name), 12, palette.muted)];
  const times = cluster.count > 1 ? [`<B>${font(`×${thousands(cluster.count)}`, 12, palette.block)}</B>`] : [];
  return `<${[...name, ...times].join(' &#160;') || ' '}>`;
}

/** Draws nodes and frames that have the given parent. */
function fill(
  graph: GraphBaseModel,
  model: GraphModel,
  parent: string | null,
  settings: Settings,
  palette: Palette,
): void {
  for (const node of model.nodes) {
    if (node.cluster === parent) graph.node(node.id, nodeAttributes(node, settings, palette));
  }
  for (const cluster of model.clusters) {
    if (cluster.parent !== parent) continue;
    const attributes = {
      label: clusterLabel(cluster, palette),
      id: `${settings.id}-${cluster.id}`,
      class: cluster.count > 1 ? 'scope repeated' : 'scope',
      style: cluster.count > 1 ? 'rounded,filled,dashed' : 'rounded,filled',
      fillcolor: palette.frameFill,
      color: cluster.count > 1 ? palette.block : palette.frame,
      labeljust: 'l',
      labelloc: 't',
      margin: 12,
    } as const;
    graph.subgraph(`cluster_${cluster.id}`, attributes, (inner) => fill(inner, model, cluster.id, settings, palette));
  }
}

function legend(settings: Settings, palette: Palette): Html {
  const range = {
    none: 'no gradient',
    vanished: `vanished: below ${shortNumber(settings.vanished)}`,
    healthy: 'healthy',
    exploded: `exploded: above ${shortNumber(settings.exploded)}, ∞, NaN`,
  } as const;
  const kinds = { input: 'input, parameter', constant: 'constant', op: 'operation', scope: 'folded scope' } as const;
  const shown = settings.colorBy === 'gradient' ? Object.entries(range) : Object.entries(kinds);
  const cells = shown.map(([key, text]) => {
    const [fillColor, line] = [palette[`${key}Fill` as keyof Palette], palette[`${key}Line` as keyof Palette]];
    return `<TD BORDER="1" STYLE="rounded" BGCOLOR="${fillColor}" COLOR="${line}">${font(escaped(text), 11, palette.text)}</TD>`;
  });
  return `<<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="8" CELLPADDING="4"><TR>${cells.join('')}</TR></TABLE>>`;
}

/** DOT text of a model. */
export function dotOf(model: GraphModel, settings: Settings, palette: Palette): string {
  const graph = digraph('chainrule', {
    rankdir: settings.direction,
    bgcolor: palette.background,
    fontname: FONT,
    nodesep: 0.3,
    ranksep: 0.45,
    pad: 0.25,
    // Fewer rounds of improvement for large pictures: seconds saved, nothing seen.
    ...(model.nodes.length > 100 ? { nslimit: 1, nslimit1: 1 } : {}),
    ...(settings.legend ? { label: legend(settings, palette), labelloc: 'b' } : {}),
  });
  graph.attributes.node.apply({
    shape: 'box',
    style: 'rounded,filled',
    fontname: FONT,
    margin: '0.09,0.05',
    height: 0.3,
  });
  graph.attributes.edge.apply({ color: palette.edge, fontname: FONT, arrowsize: 0.6, penwidth: 1 });
  fill(graph, model, null, settings, palette);
  for (const edge of model.edges) {
    const partial =
      edge.partial === null ? {} : { label: `<&#160;${font(escaped(edge.partial), 11, palette.partial)}&#160;>` };
    graph.edge([edge.from, edge.to], { id: `${settings.id}-${edge.id}`, ...partial });
  }
  return `${print(graph)}\n`;
}
