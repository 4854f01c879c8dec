/** `chainrule check`: an expression's derivatives against finite differences, at random points. */
import { threefry2x32 } from '../base/random.ts';
import { GradientMismatchError } from '../base/errors.ts';
import { checkGradients, gradientReport, type GradientOptions } from '../testing/index.ts';
import { value } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import { readArguments } from './arguments.ts';
import { readRanges, type Range } from './bindings.ts';
import { checkNames, evaluate } from './evaluate.ts';
import { namesIn, readExpression } from './expression.ts';
import { UsageError, type Command, type Io } from './io.ts';
import { CONSTANTS } from './names.ts';

const HELP = `Usage: chainrule check "<expression>" [name=from..to …] [options]

Compares the expression's derivatives (both modes, first and second order) with finite differences at random points.
Ranges are such as x=0.1..3; a variable without one lies in -2..2.

Options:
  --runs N     how many points (default 100)
  --order N    derivatives up to this order (default 2)
  --seed N     other points (default 0)

Example:
  chainrule check "x*log(x)" x=0.1..3
`;

const OPTIONS = {
  runs: { type: 'string' },
  order: { type: 'string' },
  seed: { type: 'string' },
} as const;

type Point = Readonly<Record<string, Value>>;

/** Where variables lie of which nothing is said. */
const ELSEWHERE: Range = { from: -2, to: 2 };

function whole(name: string, text: string | boolean | undefined, otherwise: number, least: number): number {
  if (text === undefined) return otherwise;
  const n = Number(text);
  if (!/^\d+$/.test(String(text)) || n < least || n > 0xffffffff)
    throw new UsageError(`--${name} is a whole number ≥ ${least}, not ${String(text)}`);
  return n;
}

/** A point between the ends, the same for the same seed, run and variable. */
function sample({ from, to }: Range, seed: number, run: number, variable: number): number {
  const [word] = threefry2x32([seed, 0], [run, variable]);
  return from + (to - from) * ((word + 0.5) / 4294967296);
}

function pointAt(ranges: ReadonlyMap<string, Range>, seed: number, run: number): Point {
  return Object.fromEntries(
    [...ranges].map(([name, range], i) => [name, value(sample(range, seed, run, i), { label: name })]),
  );
}

const described = (point: Point): string =>
  Object.entries(point)
    .map(([name, x]) => `${name}=${x.item()}`)
    .join(' ');

function run(args: readonly string[], io: Io): void {
  const { positionals, options } = readArguments('check', args, OPTIONS);
  const [source, ...bindings] = positionals;
  if (source === undefined) throw new UsageError(`check needs an expression\n\n${HELP}`);
  const runs = whole('runs', options['runs'], 100, 1);
  const order = whole('order', options['order'], 2, 1);
  const seed = whole('seed', options['seed'], 0, 0);
  const expression = readExpression(source);
  const given = readRanges(bindings);
  const used = [...namesIn(expression).variables].filter((name) => given.has(name) || !Object.hasOwn(CONSTANTS, name));
  checkNames(source, expression, [...new Set([...used, ...given.keys()])]);
  if (used.length === 0) throw new UsageError('the expression has no variables: there is nothing to differentiate');
  const ranges = new Map(used.map((name) => [name, given.get(name) ?? ELSEWHERE]));
  const f = (point: Point): Value => evaluate(expression, new Map(Object.entries(point)));
  let kinks = 0;
  for (let i = 0; i < runs; i++) if (!isSmoothAt(f, pointAt(ranges, seed, i), { order, shrink: false })) kinks++;
  const where = [...ranges].map(([name, { from, to }]) => `${name} in ${from}..${to}`).join(', ');
  io.out(`${source.trim()}: derivatives up to order ${order} agree at ${runs} points, ${where}\n`);
  if (kinks > 0) io.out(`${kinks} of the points are kinks, where any slope between those of the two sides is right\n`);
}

/** False at a kink. @throws UsageError that tells where derivatives and differences disagree. */
function isSmoothAt(f: (point: Point) => Value, point: Point, options: GradientOptions): boolean {
  const report = gradientReport(f, [point], options);
  if (report.ok) return report.kinks.length === 0;
  try {
    checkGradients(f, [point], options);
    return true;
  } catch (error) {
    if (!(error instanceof GradientMismatchError)) throw error;
    const [what, ...figures] = error.message.split('\n  at')[0]!.replaceAll('argument 0.', '').split('\n');
    const where = [`${what!.replace('checkGradients: ', '')}, at ${described(point)}`, ...figures];
    throw new UsageError(where.join('\n'));
  }
}

export const checkCommand: Command = {
  name: 'check',
  summary: "compare an expression's derivatives with finite differences",
  help: HELP,
  run,
};
