/** `chainrule graph`: an expression's value, derivatives and picture. */
import { extname } from 'node:path';
import { toDot, toSvg, type Direction, type GraphOptions } from '../graph/index.ts';
import { settingsOf } from '../graph/options.ts';
import { isFloat } from '../base/dtypes.ts';
import { onesLike } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { readArguments } from './arguments.ts';
import { readValues } from './bindings.ts';
import { checkNames, evaluate } from './evaluate.ts';
import { namesIn, readExpression, type Expression } from './expression.ts';
import { UsageError, type Command, type Io } from './io.ts';
import { checkWritable, writeWhole } from './output.ts';

const HELP = `Usage: chainrule graph "<expression>" [name=value …] [options]

Prints the expression's value and draws how it is computed.
Operators + - * / % ^ (or **), every op by its name (sin, exp, max, …), the constants pi and e.
Values are numbers (a=2) or lists (v=[1,2,3]).

Options:
  --derivatives          print every partial derivative, and draw gradients and local derivatives
  -o, --output FILE      write the picture: .svg, .dot or .gv; - writes to standard output
  --format svg|dot       the picture's format where the file's name does not say (default dot)
  --direction LR|TB|…    which way the computation runs (default LR)
  --theme auto|light|dark

Example:
  chainrule graph "(a+b)*(b+1)" a=2 b=1 --derivatives -o e.svg
`;

const OPTIONS = {
  derivatives: { type: 'boolean' },
  output: { type: 'string', short: 'o' },
  format: { type: 'string' },
  direction: { type: 'string' },
  theme: { type: 'string' },
} as const;

type Format = 'svg' | 'dot';

interface Target {
  readonly path: string;
  readonly format: Format;
}

const FORMATS: Readonly<Record<string, Format>> = {
  '.svg': 'svg',
  '.dot': 'dot',
  '.gv': 'dot',
  svg: 'svg',
  dot: 'dot',
};

function targetOf(output: string | undefined, format: string | undefined): Target | null {
  if (format !== undefined && format !== 'svg' && format !== 'dot')
    throw new UsageError(`--format is svg or dot, not ${format}`);
  if (output === undefined) {
    if (format !== undefined) throw new UsageError('--format needs --output; write -o - for standard output');
    return null;
  }
  if (output === '') throw new UsageError('--output needs a file name, or - for standard output');
  const known = format ?? (output === '-' ? 'dot' : FORMATS[extname(output).toLowerCase()]);
  if (known !== undefined) return { path: output, format: known };
  throw new UsageError(`cannot tell the format of ${output}: end its name in .svg, .dot or .gv, or add --format svg`);
}

// Numbers ----------------------------------------------------------------------------------------------------------

const numbers = (x: Value): string =>
  x.rank === 0 ? String(x.dtype === 'bool' ? x.item() !== 0 : x.item()) : JSON.stringify(x.toArray());

/** Letters that the expression does not use, c first: e = (a+b)·(b+1) has c = a+b and d = b+1. */
function* freeNames(used: ReadonlySet<string>): Generator<string> {
  for (let round = 0; ; round++) {
    for (const letter of 'cdefghijklmnopqrstuvwxyzab') {
      const name = round === 0 ? letter : `${letter}${round}`;
      if (!used.has(name)) yield name;
    }
  }
}

interface Computed {
  readonly result: Value;
  readonly intermediates: readonly Value[];
}

/** Runs the expression; results in between are named and keep their gradients. */
function compute(expression: Expression, variables: ReadonlyMap<string, Value>): Computed {
  const { variables: used, functions } = namesIn(expression);
  const names = freeNames(new Set([...used, ...functions]));
  const intermediates: Value[] = [];
  const result = evaluate(expression, variables, (x) => {
    if (x.label !== null || !x.requiresGrad || x.op === null) return x;
    intermediates.push(x.named(names.next().value as string).retainGrad());
    return x;
  });
  return { result, intermediates: intermediates.filter((x) => x !== result) };
}

const gradientLine = (of: string, x: Value): string =>
  `∂${of}/∂${x.label} = ${x.grad === null ? '0' : numbers(x.grad)}`;

function derivativeLines({ result, intermediates }: Computed, variables: ReadonlyMap<string, Value>): string[] {
  if (variables.size === 0) throw new UsageError('the expression has no variables, so it has no derivatives');
  if (!isFloat(result.dtype)) throw new UsageError(`the result is ${result.dtype}, which has no derivatives`);
  if (result.requiresGrad) result.backward(result.rank === 0 ? {} : { gradient: onesLike(result) });
  const of = result.rank === 0 ? (result.label ?? 'result') : `Σ${result.label ?? 'result'}`;
  const lines = [...variables.values()].map((x) => gradientLine(of, x));
  const inner = intermediates.map((x) => `${x.label} = ${numbers(x)}`);
  const width = inner.reduce((w, line) => Math.max(w, line.length), 0);
  const between = intermediates.map((x, i) => `${inner[i]!.padEnd(width)}   ${gradientLine(of, x)}`);
  return between.length === 0 ? lines : [...lines, '', ...between];
}

// The command ------------------------------------------------------------------------------------------------------

function pictureOptions(options: Readonly<Record<string, string | boolean | undefined>>, title: string): GraphOptions {
  const derivatives = options['derivatives'] === true;
  const theme = options['theme'] as GraphOptions['theme'];
  const direction = options['direction'] as string | undefined;
  return {
    title,
    gradients: derivatives,
    partials: derivatives ? 'both' : false,
    ...(direction === undefined ? {} : { direction: direction.toUpperCase() as Direction }),
    ...(theme === undefined ? {} : { theme }),
  };
}

async function run(args: readonly string[], io: Io): Promise<void> {
  const { positionals, options } = readArguments('graph', args, OPTIONS);
  const [source, ...bindings] = positionals;
  if (source === undefined) throw new UsageError(`graph needs an expression\n\n${HELP}`);
  const target = targetOf(options['output'] as string | undefined, options['format'] as string | undefined);
  settingsOf('graph', pictureOptions(options, ''));
  if (target !== null && target.path !== '-') checkWritable(target.path, io);
  const expression = readExpression(source);
  const variables = readValues(bindings);
  checkNames(source, expression, [...variables.keys()]);
  const computed = compute(expression, variables);
  const { result } = computed;
  const name = result.label === null || result.label === source.trim() ? '' : `${result.label} = `;
  const lines = [`${name}${source.trim()} = ${numbers(result)}`];
  if (options['derivatives'] === true) lines.push('', ...derivativeLines(computed, variables));
  const report = `${lines.join('\n')}\n`;
  if (target === null) return io.out(report);
  const picture = await drawPicture(target, result, pictureOptions(options, `${name}${source.trim()}`));
  if (target.path === '-') {
    // The picture has standard output for itself.
    io.err(report);
    return io.out(picture);
  }
  writeWhole(target.path, picture, io);
  io.out(`${report}\nwrote ${target.path}\n`);
}

const drawPicture = (target: Target, result: Value, options: GraphOptions): string | Promise<string> =>
  target.format === 'svg' ? toSvg(result, options) : toDot(result, options);

export const graphCommand: Command = {
  name: 'graph',
  summary: 'compute an expression, print its derivatives, draw its graph',
  help: HELP,
  run,
};
