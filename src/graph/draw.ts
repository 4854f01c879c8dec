/** toDot, toSvg and the model behind them. */
import { describe } from './describe.ts';
import { dotOf } from './dot.ts';
import { layOut } from './layout.ts';
import type { GraphModel } from './model.ts';
import { settingsOf, type GraphOptions, type Settings } from './options.ts';
import { stepsOf, type Drawable } from './steps.ts';
import { svgOf } from './svg.ts';
import { DARK, LIGHT } from './theme.ts';

const modelOf = (op: string, source: Drawable, settings: Settings): GraphModel =>
  describe(layOut(stepsOf(op, source), settings), settings);

const paletteOf = (settings: Settings): typeof LIGHT => (settings.theme === 'dark' ? DARK : LIGHT);

/**
 * What a picture shows, as plain data: nodes, edges and clusters, each with its texts.
 * @throws OptionError for unknown options; TypeError for anything that cannot be drawn.
 * @example toGraph(value(2).mul(3)).nodes.length // 3
 */
export function toGraph(source: Drawable, options?: GraphOptions): GraphModel {
  return modelOf('toGraph', source, settingsOf('toGraph', options));
}

/**
 * The graph behind a Value, several Values or a Program as DOT text, for any Graphviz.
 * @throws OptionError for unknown options; TypeError for anything that cannot be drawn.
 * @example toDot(value(2, { label: 'a' }).mul(3).named('b'), { direction: 'TB' })
 */
export function toDot(source: Drawable, options?: GraphOptions): string {
  const settings = settingsOf('toDot', options);
  return dotOf(modelOf('toDot', source, settings), settings, paletteOf(settings));
}

/** The SVG for settings that have been checked. */
export function draw(op: string, source: Drawable, settings: Settings): Promise<string> {
  const model = modelOf(op, source, settings);
  return svgOf(dotOf(model, settings, paletteOf(settings)), model, settings);
}

/**
 * The same as an SVG document, drawn by an embedded Graphviz. Every node has an id and a title; the picture follows the
 * reader's light or dark mode.
 * @throws OptionError for unknown options; TypeError for anything that cannot be drawn (both at once, not as a rejection).
 * @example await toSvg(value(2, { label: 'a' }).mul(3), { partials: 'symbols' })
 */
export function toSvg(source: Drawable, options?: GraphOptions): Promise<string> {
  return draw('toSvg', source, settingsOf('toSvg', options));
}
