/** show: a picture where the reader is: a file, a notebook, a page. */
import { builtin } from '../base/node.ts';
import { OptionError } from '../base/errors.ts';
import { draw } from './draw.ts';
import { settingsOf, type GraphOptions } from './options.ts';
import type { Drawable } from './steps.ts';

export interface ShowOptions extends GraphOptions {
  /** Default: what fits the place where the program runs. */
  readonly target?: 'file' | 'notebook' | 'element';
  /** In Node: also open the file with the system's viewer. Default false. */
  readonly open?: boolean;
}

/** A picture that notebooks display: Deno's kernel by itself, tslab through `tslab.display.svg(picture.svg)`. */
export interface NotebookPicture {
  readonly svg: string;
  toString(): string;
}

const PLACEHOLDER = '[picture of a graph: tslab.display.svg(picture.svg) shows it]';

/** With its representations by MIME type, as Jupyter's protocol has them. */
function notebookPicture(svg: string): NotebookPicture {
  const representations = { 'image/svg+xml': svg, 'text/plain': PLACEHOLDER };
  return {
    svg,
    toString: () => PLACEHOLDER,
    ...{ [Symbol.for('Jupyter.display')]: () => representations },
    ...{ [Symbol.for('nodejs.util.inspect.custom')]: () => PLACEHOLDER },
  };
}

type Target = NonNullable<ShowOptions['target']>;

interface Surroundings {
  readonly document?: unknown;
  readonly Deno?: { readonly jupyter?: unknown };
  readonly process?: { readonly argv?: readonly string[]; readonly platform?: string };
}

const surroundings = globalThis as Surroundings;

function targetHere(): Target {
  if (surroundings.document !== undefined) return 'element';
  const isTslab = surroundings.process?.argv?.some((argument) => /[\\/]tslab([\\/]|$)/.test(argument)) ?? false;
  return isTslab || surroundings.Deno?.jupyter !== undefined ? 'notebook' : 'file';
}

/** A file of its own in the folder for temporary files. */
function writeTemporary(svg: string): string {
  const fs = builtin('node:fs', 'show');
  const os = builtin('node:os', 'show');
  const path = builtin('node:path', 'show');
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'chainrule-')), 'graph.svg');
  fs.writeFileSync(file, `<?xml version="1.0" encoding="UTF-8"?>\n${svg}`);
  return file;
}

/** Leaves it to the system which program draws it; a machine without one is no error. */
function openViewer(path: string): void {
  const processes = builtin('node:child_process', 'show');
  const platform = surroundings.process?.platform;
  const [program, ...args] =
    platform === 'darwin'
      ? ['open', path]
      : platform === 'win32'
        ? ['cmd', '/c', 'start', '', path]
        : ['xdg-open', path];
  processes
    .spawn(program, args, { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}

function elementOf(svg: string): Element {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml');
  return document.importNode(parsed.documentElement, true);
}

const TARGETS: readonly unknown[] = [undefined, 'file', 'notebook', 'element'];

/**
 * Draws and shows: in Node it writes an SVG file for the time being and gives its path (with `open`, a viewer opens
 * it); in a notebook it gives a displayable picture; in a browser an SVG element to put where you like.
 * @throws OptionError for unknown options; TypeError for anything that cannot be drawn.
 * @example console.log(await show(loss, { colorBy: 'gradient' })) // /tmp/chainrule-x7Qp2a/graph.svg
 */
export async function show(source: Drawable, options: ShowOptions = {}): Promise<string | NotebookPicture | Element> {
  const settings = settingsOf('show', options, ['target', 'open']);
  const { target = targetHere(), open = false } = options;
  if (!TARGETS.includes(target))
    throw new OptionError(`target must be file, notebook or element, got ${JSON.stringify(target)}`, {
      op: 'show',
      option: 'target',
    });
  if (typeof open !== 'boolean')
    throw new OptionError(`open must be true or false, got ${JSON.stringify(open)}`, { op: 'show', option: 'open' });
  const svg = await draw('show', source, settings);
  if (target === 'notebook') return notebookPicture(svg);
  if (target === 'element') return elementOf(svg);
  const path = writeTemporary(svg);
  if (open) openViewer(path);
  return path;
}
