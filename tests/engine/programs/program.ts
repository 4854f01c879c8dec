/** A random program: plain data that prints as JavaScript, and is run from what it prints. */
import type { DType } from 'chainrule';

/** Where numbers come from: an argument of the function, or something that it captures. */
export interface Source {
  readonly name: string;
  /** `filled` holds one number for all elements; `computed` is a result that is no cell. */
  readonly kind: 'input' | 'constant' | 'cell' | 'filled' | 'computed';
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Whether it is a leaf that requires gradients. */
  readonly requiresGrad: boolean;
  /** Its elements; an input has some for each call. */
  readonly contents: readonly (readonly number[])[];
}

/** Code with holes: `$0` for the first of `args`, `&0` for the first of `bodies`. */
export interface Template {
  readonly text: string;
  readonly args: readonly string[];
  readonly bodies: readonly Body[];
}

/** `const … = template`; without names an effect. */
export interface Line {
  readonly names: readonly string[];
  /** What the names are picked from: the Value itself, an array, or an object with these keys. */
  readonly keys: 'value' | 'array' | readonly string[];
  readonly template: Template;
  /** It changes something beside its result (a cell, a position among random numbers): it stays, used or not. */
  readonly effect: boolean;
}

/** A function: `(…params) => { lines; return result }`. */
export interface Body {
  readonly params: readonly string[];
  readonly lines: readonly Line[];
  readonly result: Template;
}

export interface Program {
  readonly sources: readonly Source[];
  /** Optimizers and the like, between sources and function. */
  readonly setup: readonly Line[];
  readonly main: Body;
}

/** How often a program is called, each time with other inputs. */
export const CALLS = 3;

export const inputsOf = ({ sources }: Program): readonly Source[] => sources.filter(({ kind }) => kind === 'input');

/** What is not used by the result, or by something that is, goes; effects stay. */
export function pruned(lines: readonly Line[], results: readonly string[]): Line[] {
  const used = new Set(results);
  const kept: Line[] = [];
  for (const line of lines.toReversed()) {
    if (!line.effect && !line.names.some((name) => used.has(name))) continue;
    kept.push(line);
    for (const name of namesIn(line.template)) used.add(name);
  }
  return kept.reverse();
}

/** All names that code refers to, those of bodies included. */
export const namesIn = ({ args, bodies }: Line['template']): string[] => [
  ...args,
  ...bodies.flatMap(({ lines, result }) => [...namesIn(result), ...lines.flatMap((line) => namesIn(line.template))]),
];

const number = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

function leaf({ shape, dtype, requiresGrad }: Source, content: readonly number[]): string {
  const options = `{ shape: [${shape.join(', ')}], dtype: '${dtype}' }`;
  return `${requiresGrad ? 'value' : 'constant'}([${content.map(number).join(', ')}], ${options})`;
}

function sourceCode(source: Source): string {
  const content = source.contents[0]!;
  const own = leaf(source, content);
  if (source.kind === 'computed') return `${own}.clone()`;
  if (source.kind !== 'filled') return own;
  const dtype = `{ dtype: '${source.dtype}', requiresGrad: ${source.requiresGrad} }`;
  return `full([${source.shape.join(', ')}], ${number(content[0] ?? 0)}, ${dtype})`;
}

const indent = (text: string): string => text.replaceAll('\n', '\n  ');

/** A template with its holes filled. */
export const code = ({ text, args, bodies }: Template): string =>
  text.replaceAll(/([$&])(\d)/g, (_, kind: string, i: string) =>
    kind === '$' ? args[Number(i)]! : bodyCode(bodies[Number(i)]!),
  );

export function lineCode({ names, keys, template }: Line): string {
  if (names.length === 0) return `${code(template)};`;
  if (keys === 'value') return `const ${names[0]!} = ${code(template)};`;
  const picked =
    keys === 'array' ? `[${names.join(', ')}]` : `{ ${names.map((name, i) => `${keys[i]!}: ${name}`).join(', ')} }`;
  return `const ${picked} = ${code(template)};`;
}

export function bodyCode({ params, lines, result }: Body): string {
  const head = `(${params.join(', ')}) =>`;
  const value = code(result);
  if (lines.length === 0) return `${head} ${value}`;
  return `${head} {\n  ${[...lines.map(lineCode), `return ${value};`].map(indent).join('\n  ')}\n}`;
}

/** Free names of the code that the library exports, and `sampleOf`. */
const imported = (text: string, names: readonly string[]): readonly string[] => {
  const used = new Set([...text.matchAll(/(?<![.\w$'])([A-Za-z]\w*)/g)].map(([, name]) => name!));
  return names.filter((name) => used.has(name));
};

/** The program as an expression that can be pasted into a file of `found/`. `names` are what the library exports. */
export function print(program: Program, names: readonly string[]): string {
  const captured = program.sources
    .filter(({ kind }) => kind !== 'input')
    .map((source) => `const ${source.name} = ${sourceCode(source)};`);
  const setup = program.setup.map(lineCode);
  const f = `const f = ${bodyCode(program.main)};`;
  const calls = Array.from({ length: CALLS }, (_, call) => {
    const args = inputsOf(program).map((source) => leaf(source, source.contents[call]!));
    return `[${args.join(', ')}],`;
  });
  const cells = program.sources.filter(({ kind }) => kind === 'cell').map(({ name }) => name);
  const lines = [...captured, ...setup, f, `const calls = [\n  ${calls.join('\n  ')}\n];`];
  const text = [...lines, `return { f, calls, cells: [${cells.join(', ')}] };`].map(indent).join('\n  ');
  const used = imported(text, names);
  const head = used.length === 0 ? '' : `const { ${used.join(', ')} } = chainrule;\n  `;
  return `(chainrule, optim) => {\n  ${head}${text}\n}`;
}
