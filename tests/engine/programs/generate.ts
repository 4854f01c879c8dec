/** Random programs: lines, then effects where wanted, then results. */
import type { Random } from 'fast-check';
import { isValue, type Value } from 'chainrule';
import { Builder } from './builder.ts';
import { derived } from './fitting.ts';
import { chance, pick, SMALL, weighted, type Scale, type Temper } from './numbers.ts';
import { namesIn, pruned, type Line, type Program } from './program.ts';
import { rules } from './rules.ts';
import { transforms } from './transforms.ts';

export interface ProgramOptions {
  /** At most so many rules are drawn; default 12. */
  readonly lines?: number;
  /** Functions handed to grad, vmap, scan, …; default true. */
  readonly transforms?: boolean;
  /** Cells that are assigned, gradients that are accumulated, optimizers that step; default false. */
  readonly effects?: boolean;
  /** Calls by the table's samples, which the built package does without; default true. */
  readonly samples?: boolean;
  /** Default SMALL. */
  readonly scale?: Scale;
}

const isFloat = ({ dtype }: Value): boolean => dtype === 'float64' || dtype === 'float32';

const makes = (lines: readonly Line[]): string[] => lines.flatMap(({ names }) => names);

const isCell = (b: Builder, name: string): boolean => b.sources.some((s) => s.name === name && s.kind === 'cell');

/** A cell takes the content of something that fits. */
function assign(b: Builder): void {
  const w = pick(b.rng, [...b.names().filter((name) => isCell(b, name)), b.source()]);
  if (!isCell(b, w)) return;
  const { shape, dtype } = b.valueOf(w);
  const x = derived(b, b.any(), shape, dtype);
  if (x !== null && x !== w) b.effect('$0.assign($1)', [w, x]);
}

const OPTIMIZERS = [
  'new optim.SGD(PARAMETERS, { lr: 0.1 })',
  'new optim.SGD(PARAMETERS, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 })',
  'new optim.Adam(PARAMETERS, { lr: 0.05 })',
  'new optim.Adam(PARAMETERS, { lr: 0.05, amsgrad: true, weightDecay: 0.1 })',
];

/** A scalar that depends on cells which require gradients. */
function lossOf(b: Builder): string | null {
  const names = makes(b.lines).filter((name) => isFloat(b.valueOf(name)) && b.valueOf(name).requiresGrad);
  if (names.length === 0) return null;
  return b.line(pick(b.rng, ['$0.sum()', '$0.square().mean()', '$0.tanh().sum()']), [names.at(-1)!])?.[0] ?? null;
}

const parameters = (b: Builder): string[] =>
  b.sources.filter(({ kind, requiresGrad }) => kind === 'cell' && requiresGrad).map(({ name }) => name);

function train(b: Builder): void {
  const loss = lossOf(b);
  if (loss === null) return;
  const cells = parameters(b);
  if (cells.length === 0 || cells.length > 9 || chance(b.rng, 0.3)) return void b.effect('$0.backward()', [loss]);
  const text = pick(b.rng, OPTIMIZERS).replace('PARAMETERS', `[${cells.map((_, i) => `$${i}`).join(', ')}]`);
  const optimizer = b.prepare('optimizer', text, cells);
  // Gradients of the call before are dropped, or added to.
  if (chance(b.rng, 0.7)) b.effect('$0.zeroGrad()', [optimizer]);
  if (!b.effect('$0.backward()', [loss])) return;
  b.effect('$0.step()', [optimizer]);
}

/** A program of these results: only what they need. */
export function programOf(parts: Omit<Program, 'main'>, lines: readonly Line[], results: readonly string[]): Program {
  const kept = pruned(lines, results);
  const used = new Set([...results, ...[...kept, ...parts.setup].flatMap((line) => namesIn(line.template))]);
  const setup = parts.setup.filter(({ names }) => used.has(names[0]!));
  const sources = parts.sources.filter(({ name }) => used.has(name));
  const params = sources.filter(({ kind }) => kind === 'input').map(({ name }) => name);
  const result = { text: `[${results.map((_, i) => `$${i}`).join(', ')}]`, args: results, bodies: [] };
  return { sources, setup, main: { params, lines: kept, result } };
}

export function generate(rng: Random, options: ProgramOptions = {}): Program {
  const { lines = 12, transforms: withTransforms = true, effects = false, samples = true, scale = SMALL } = options;
  const temper = weighted<Temper>(rng, [
    [3, 'tame'],
    [3, 'mixed'],
    [2, 'wild'],
  ]);
  const b = new Builder(rng, { temper, scale, samples }); // prettier-ignore
  for (let n = rng.nextInt(1, 3); n > 0; n--) b.source();
  const drawn = withTransforms ? [...rules, ...transforms.map(([w, rule]) => [w / 2, rule] as const)] : rules;
  for (let n = rng.nextInt(1, lines); n > 0; n--) {
    weighted(rng, drawn)(b);
    if (effects && chance(rng, 0.15)) assign(b);
  }
  if (effects && chance(rng, 0.7)) train(b);
  const own = makes(b.lines).filter((name) => isValue(b.valueOf(name)));
  const results = own.slice(-1);
  for (let n = rng.nextInt(0, 3); n > 0 && own.length > 0; n--) results.push(pick(rng, own));
  if (results.length === 0) results.push(b.any());
  if (b.refused.length > 0 && chance(rng, 0.15)) results.push(b.throwing(pick(rng, b.refused)));
  return programOf(b, b.lines, [...new Set(results)]);
}
