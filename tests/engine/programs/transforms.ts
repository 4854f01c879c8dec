/** Lines that hand a function of their own to a transform. */
import type { Value } from 'chainrule';
import { Builder } from './builder.ts';
import { derived, fitted } from './fitting.ts';
import { chance, pick, weighted } from './numbers.ts';
import { pruned, type Body, type Template } from './program.ts';
import { rules, type Rule } from './rules.ts';

const isFloat = ({ dtype }: Value): boolean => dtype === 'float64' || dtype === 'float32';

const list = (args: readonly string[]): string => args.map((_, i) => `$${i}`).join(', ');

const template = (text: string, args: readonly string[]): Template => ({ text, args, bodies: [] });

/** A function of examples under construction, with a few lines. */
function inner(b: Builder, examples: readonly Value[]): { inside: Builder; params: string[] } {
  const inside = new Builder(b.rng, b.settings, b);
  const params = examples.map((x) => inside.param(x));
  for (let n = b.rng.nextInt(1, 4); n > 0; n--) weighted(b.rng, rules)(inside);
  return { inside, params };
}

/** Values that the function has made, or its parameters where it has made none. */
const made = (inside: Builder, params: readonly string[], suits: (x: Value) => boolean = () => true): string[] => {
  const own = new Set([...inside.lines.flatMap(({ names }) => names), ...params]);
  return inside.names((x) => suits(x)).filter((name) => own.has(name));
};

const body = (inside: Builder, params: readonly string[], text: string, results: readonly string[]): Body => ({
  params,
  // A line that nothing uses, and that throws, throws eagerly only.
  lines: pruned(inside.lines, results),
  result: template(text, results),
});

const youngest = (names: readonly string[], count: number): string[] => names.slice(-count);

/** A scalar of one of the results. */
function scalarOf(b: Builder, inside: Builder, params: readonly string[]): Body | null {
  const results = youngest(made(inside, params, isFloat), 1);
  if (results.length === 0) return null;
  return body(inside, params, pick(b.rng, ['$0.sum()', '$0.square().sum()', '$0.mean()', '$0.sin().sum()']), results);
}

const gradient: Rule = (b) => {
  const args = chance(b.rng, 0.5) ? [b.float()] : [b.float(), b.float()];
  const { inside, params } = inner(
    b,
    args.map((x) => b.valueOf(x)),
  );
  const f = scalarOf(b, inside, params);
  if (f === null) return;
  const texts = [`grad(&0)(${list(args)})`, `valueAndGrad(&0)(${list(args)})`];
  if (args.length === 2) texts.push(`grad(&0, { argnums: [1, 0] })(${list(args)})`);
  b.line(pick(b.rng, texts), args, { bodies: [f] });
};

const pushForward: Rule = (b) => {
  const x = b.float();
  const { shape, dtype } = b.valueOf(x);
  const { inside, params } = inner(b, [b.valueOf(x)]);
  const results = youngest(made(inside, params, isFloat), 1);
  if (results.length === 0) return;
  const f = body(inside, params, '$0', results);
  b.line('jvp(&0, [$0], [$1])', [x, fitted(b, shape, dtype)], { bodies: [f] });
};

const checkpointed: Rule = (b) => {
  const x = b.float();
  const { inside, params } = inner(b, [b.valueOf(x)]);
  b.line('checkpoint(&0)($0)', [x], { bodies: [body(inside, params, '$0', youngest(made(inside, params), 1))] });
};

const detached: Rule = (b) => {
  const { inside, params } = inner(b, []);
  const results = youngest(made(inside, params), 2);
  if (results.length > 0) b.line('noGrad(&0)', [], { bodies: [body(inside, params, `[${list(results)}]`, results)] });
};

/** The first example of a batch. */
const first = (x: Value): Value | null => (x.rank === 0 || x.shape[0] === 0 ? null : x.slice(0));

const mapped: Rule = (b) => {
  const x = b.any(({ rank }) => rank > 0);
  const example = first(b.valueOf(x));
  if (example === null) return;
  const { inside, params } = inner(b, [example]);
  const results = youngest(made(inside, params), pick(b.rng, [1, 1, 2]));
  const text = results.length === 1 ? '$0' : `[${list(results)}]`;
  b.line('vmap(&0)($0)', [x], { bodies: [body(inside, params, text, results)] });
};

/** The gradient of each example. */
const perExample: Rule = (b) => {
  const x = b.any((v) => v.rank > 0 && isFloat(v));
  const example = first(b.valueOf(x));
  if (example === null || !isFloat(example)) return;
  const { inside, params } = inner(b, [example]);
  const f = scalarOf(b, inside, params);
  if (f !== null) b.line('vmap(grad(&0))($0)', [x], { bodies: [f] });
};

/** The carry keeps its shape and dtype. */
const scanned: Rule = (b) => {
  const xs = b.any(({ rank, shape }) => rank > 0 && shape[0]! < 20);
  const example = first(b.valueOf(xs));
  if (example === null) return;
  const init = b.any();
  const { shape, dtype } = b.valueOf(init);
  const { inside, params } = inner(b, [b.valueOf(init), example]);
  const after = derived(inside, youngest(made(inside, params), 1)[0]!, shape, dtype);
  if (after === null) return;
  const y = pick(b.rng, made(inside, params));
  const f = body(inside, params, '[$0, $1]', [after, y]);
  const reverse = chance(b.rng, 0.3) ? ', { reverse: true }' : '';
  const text = `scan(&0, $0, $1${reverse})`;
  b.line(text, [init, xs], { bodies: [f] });
};

export const transforms: readonly (readonly [number, Rule])[] = [
  [3, gradient],
  [1, pushForward],
  [1, checkpointed],
  [1, detached],
  [2, mapped],
  [1, perExample],
  [2, scanned],
];
