/** Charts to SVG by Vega, an optional peer: install vega and vega-lite to draw. */
import { crc32 } from '../../base/crc.ts';
import { checkOptions, ChainruleError, OptionError } from '../../base/errors.ts';

export type Spec = Readonly<Record<string, unknown>>;

export interface PlotOptions {
  /** Default `light`. */
  readonly theme?: 'light' | 'dark';
}

interface Vega {
  readonly parse: (spec: unknown, config?: unknown) => unknown;
  readonly View: new (runtime: unknown, options: unknown) => { toSVG(): Promise<string> };
}

interface VegaLite {
  readonly compile: (spec: unknown) => { spec: unknown };
}

/** Loaded when a picture is wanted. */
async function load(): Promise<{ vega: Vega; vegaLite: VegaLite }> {
  try {
    const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
    return { vega: vega as unknown as Vega, vegaLite: vegaLite as unknown as VegaLite };
  } catch (error) {
    throw new ChainruleError('plots need the packages vega and vega-lite', {
      op: 'plot',
      hint: 'npm install vega vega-lite',
      cause: error,
    });
  }
}

/** Whether the packages that draw plots are installed. @example if (await canPlot()) … */
export const canPlot = (): Promise<boolean> =>
  load().then(
    () => true,
    () => false,
  );

export interface Theme {
  readonly background: string;
  readonly text: string;
  /** The empty end of a scale of colours. */
  readonly quiet: string;
  readonly faint: string;
  readonly strong: string;
  readonly classes: readonly string[];
  readonly config: Spec;
}

function themeOf(colours: { background: string; grid: string; line: string; label: string; text: string }): Theme {
  const { background, grid, line, label, text } = colours;
  return {
    background,
    text,
    quiet: grid,
    faint: '#6cb6ff',
    strong: '#2f81d6',
    classes: [
      '#e8833a',
      '#3f83cc',
      '#3fa66a',
      '#a371d6',
      '#c7a52c',
      '#d6558a',
      '#3aa7a7',
      '#8a6d4f',
      '#7f8ea3',
      '#d6534a',
    ],
    config: {
      background,
      font: "Inter, 'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif",
      axis: {
        gridColor: grid,
        domainColor: line,
        tickColor: line,
        labelColor: label,
        titleColor: text,
        titleFontWeight: 500,
        titlePadding: 8,
      },
      title: { color: text, fontSize: 14, fontWeight: 600, anchor: 'start', offset: 12 },
      header: { labelColor: text, titleColor: text },
      legend: { labelColor: label, titleColor: text, titleFontWeight: 500 },
      view: { stroke: null },
    },
  };
}

const THEMES: Readonly<Record<NonNullable<PlotOptions['theme']>, Theme>> = {
  light: themeOf({ background: '#ffffff', grid: '#eaeef2', line: '#afb8c1', label: '#57606a', text: '#1f2328' }),
  dark: themeOf({ background: '#0d1117', grid: '#21262d', line: '#484f58', label: '#9198a1', text: '#e6edf3' }),
};

/** @throws OptionError for unknown options and themes. */
export function plotTheme(op: string, options: PlotOptions): Theme {
  checkOptions(op, options, ['theme']);
  const theme = THEMES[options.theme ?? 'light'] as Theme | undefined;
  if (theme !== undefined) return theme;
  throw new OptionError(`theme must be light or dark, got ${JSON.stringify(options.theme)}`, { op, option: 'theme' });
}

/**
 * Ids of clips and gradients that depend on the picture alone. The plotter numbers them by how many it has drawn: the same
 * picture would differ from time to time, and two in one page could take each other's.
 */
function withOwnIds(svg: string): string {
  const ids = [...new Set([...svg.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!))];
  if (ids.length === 0) return svg;
  const named = (name: (i: number) => string): string =>
    svg.replaceAll(/( id="|url\(#|href="#)([^")]+)/g, (whole, before: string, id: string) => {
      const i = ids.indexOf(id);
      return i < 0 ? whole : `${before}${name(i)}`;
    });
  const content = crc32(new TextEncoder().encode(named(String)));
  return named((i) => `p${content.toString(36)}-${i}`);
}

/** A chart that vega-lite describes. */
export async function drawLite(spec: Spec, { config }: Theme): Promise<string> {
  const { vega, vegaLite } = await load();
  const $schema = 'https://vega.github.io/schema/vega-lite/v6.json';
  const { spec: compiled } = vegaLite.compile({ $schema, config, padding: 12, ...spec });
  return withOwnIds(await new vega.View(vega.parse(compiled), { renderer: 'none' }).toSVG());
}

/** A chart that needs what only Vega itself has. */
export async function draw(spec: Spec, { config }: Theme): Promise<string> {
  const { vega } = await load();
  const $schema = 'https://vega.github.io/schema/vega/v6.json';
  const { font } = config;
  const style = { 'guide-label': { font }, 'guide-title': { font }, 'group-title': { font } };
  const runtime = vega.parse({ $schema, padding: 12, ...spec }, { ...config, style });
  return withOwnIds(await new vega.View(runtime, { renderer: 'none' }).toSVG());
}
