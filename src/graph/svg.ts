/** DOT to SVG by the embedded Graphviz, made accessible and fit for light and dark readers. */
import { ChainruleError } from '../base/errors.ts';
import type { GraphModel } from './model.ts';
import type { Settings } from './options.ts';
import { escapeXml } from './text.ts';
import { darkRules } from './theme.ts';

interface Renderer {
  renderFormats(dot: string, formats: string[]): { output: unknown; errors: readonly { message?: string }[] };
}

let renderer: Promise<Renderer> | null = null;

/** Graphviz, loaded once and only when a picture is wanted. */
function loadRenderer(): Promise<Renderer> {
  renderer ??= import('@viz-js/viz').then((viz) => viz.instance());
  return renderer;
}

function styleOf(settings: Settings): string {
  const own = `#${settings.id}`;
  const text = `${own} text{font-family:Inter,'Helvetica Neue',Helvetica,Arial,'Liberation Sans',sans-serif}`;
  const dark = settings.theme === 'auto' ? `@media (prefers-color-scheme:dark){${darkRules(own)}}` : '';
  return `<style>${text}${dark}</style>`;
}

// Fonts ------------------------------------------------------------------------------------------------------------

interface Run {
  readonly op: string;
  readonly pt?: readonly [number, number];
  readonly width?: number;
}

interface Drawn {
  readonly _ldraw_?: readonly Run[];
  readonly objects?: readonly Drawn[];
  readonly edges?: readonly Drawn[];
}

const spot = (x: number, y: number): string => `${Math.round(x * 100)},${Math.round(y * 100)}`;

/** The width that Graphviz reckoned for each piece of text, by where it begins. */
function widthsOf(json: string): ReadonlyMap<string, number> {
  const drawn = JSON.parse(json) as Drawn;
  const runs = [drawn, ...(drawn.objects ?? []), ...(drawn.edges ?? [])].flatMap((part) => part._ldraw_ ?? []);
  return new Map(
    runs.flatMap(({ pt, width }) => (pt === undefined || width === undefined ? [] : [[spot(pt[0], -pt[1]), width]])),
  );
}

/** Texts take the room that was reckoned for them, whatever font the reader has: none runs over its frame. */
function withWidths(svg: string, json: string): string {
  const widths = widthsOf(json);
  return svg.replace(
    /<text ([^>]*? x="([^"]+)" y="([^"]+)")([^>]*)>([^<]*)/g,
    (whole, place: string, x: string, y: string, rest: string, text: string) => {
      const width = widths.get(spot(Number(x), Number(y)));
      if (width === undefined || text.length < 3) return whole;
      return `<text ${place}${rest} textLength="${width}" lengthAdjust="spacingAndGlyphs">${text}`;
    },
  );
}

// Titles and style -------------------------------------------------------------------------------------------------

/** Titles say what a node is, not what Graphviz calls it. */
function withTitles(svg: string, model: GraphModel): string {
  const nodes = new Map(model.nodes.map((node) => [node.id, node.title]));
  const edges = new Map(model.edges.map((edge) => [edge.id, edge.title]));
  const clusters = new Map(
    model.clusters.map((c) => [`cluster_${c.id}`, c.name === '' ? `repeated ${c.count} times` : c.name]),
  );
  return svg.replace(
    /(<g id="([^"]*)" class="(node|edge|cluster)[^"]*">\n<title>)([^<]*)(<\/title>)/g,
    (_, open: string, id: string, kind: string, name: string, close: string) => {
      const own = id.split('&#45;').at(-1)!;
      const title = kind === 'edge' ? edges.get(own) : (nodes.get(name) ?? clusters.get(name));
      return `${open}${escapeXml(title ?? '')}${close}`;
    },
  );
}

/** Graphviz's output without prologue and comments, with a title, a description and a style sheet. */
function finish(output: string, json: string, model: GraphModel, settings: Settings): string {
  const { id } = settings;
  const body = withWidths(output.slice(output.indexOf('<svg')), json).replace(/<!--[^]*?-->\n?/g, '');
  const titled = withTitles(body, model).replace(
    /(<g id=")graph0(" class="graph"[^>]*>\n)<title>[^<]*<\/title>\n/,
    `$1${id}-graph$2`,
  );
  const opening = `<svg id="${id}" role="img" aria-labelledby="${id}-title ${id}-description"`;
  const head = `\n<title id="${id}-title">${escapeXml(model.title)}</title>\n<desc id="${id}-description">${escapeXml(model.description)}</desc>\n${styleOf(settings)}`;
  return titled.replace('<svg', opening).replace(/(<svg[^>]*>)/, (tag) => tag + head);
}

/** @throws ChainruleError if Graphviz refuses, which would be a mistake in the DOT text. */
export async function svgOf(dot: string, model: GraphModel, settings: Settings): Promise<string> {
  const viz = await loadRenderer();
  const { output, errors } = viz.renderFormats(dot, ['svg', 'json']);
  if (output === undefined)
    throw new ChainruleError(`Graphviz could not draw the graph: ${errors[0]?.message ?? 'no reason given'}`, {
      op: 'toSvg',
    });
  const { svg, json } = output as { svg: string; json: string };
  return finish(svg, json, model, settings);
}
