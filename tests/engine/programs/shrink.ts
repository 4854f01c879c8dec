/** Simpler programs: fewer results, lines replaced by what they gave, shorter bodies, smaller and plainer numbers. */
import * as chainrule from 'chainrule';
import { isValue, type Value } from 'chainrule';
import { evaluate, type Scope } from './builder.ts';
import { programOf } from './generate.ts';
import { sizeOf } from './numbers.ts';
import {
  CALLS,
  code,
  namesIn,
  print,
  type Body,
  type Line,
  type Program,
  type Source,
  type Template,
} from './program.ts';
import { eagerError, makeOf } from './modes.ts';
import { LIBRARY_NAMES } from './builder.ts';

/** Values of the main function's lines, by name, at the first call. */
function valuesOf(program: Program): Map<string, Value> {
  const scope: Scope = new Map();
  for (const { name, shape, dtype, contents, requiresGrad } of program.sources) {
    const make = requiresGrad ? chainrule.value : chainrule.constant;
    scope.set(name, make(contents[0]!, { shape: [...shape], dtype }));
  }
  try {
    for (const { names, template } of program.setup) scope.set(names[0]!, evaluate(code(template), scope));
    for (const line of program.main.lines) {
      const result = evaluate(code(line.template), scope);
      const parts = isValue(result) ? [result] : Object.values(result ?? {});
      line.names.forEach((name, i) => scope.set(name, parts[i]));
    }
  } catch {
    // What ran before the line that throws is known.
  }
  return new Map([...scope].filter((entry): entry is [string, Value] => isValue(entry[1])));
}

const results = ({ main }: Program): readonly string[] => main.result.args;

/** The program with other lines and results, and only what they need. */
const withLines = (program: Program, lines: readonly Line[], names: readonly string[] = results(program)): Program =>
  programOf(program, lines, names);

function* fewerResults(program: Program): Generator<Program> {
  const names = results(program);
  if (names.length > 1) for (const name of names) yield withLines(program, program.main.lines, [name]);
  // An earlier one instead: never a later one, or shrinking would go in circles.
  const made = program.main.lines.flatMap((line) => line.names);
  const first = Math.min(...names.map((name) => made.indexOf(name)));
  for (const name of made.slice(0, Math.max(first, 0))) yield withLines(program, program.main.lines, [name]);
}

function* fewerEffects(program: Program): Generator<Program> {
  const { lines } = program.main;
  for (const [i, line] of lines.entries())
    if (line.effect && line.names.length === 0) yield withLines(program, lines.toSpliced(i, 1));
}

const inputLike = (name: string, { shape, dtype, data }: Value): Source => ({
  name,
  kind: 'input',
  shape,
  dtype,
  requiresGrad: false,
  contents: Array.from({ length: CALLS }, () => [...data]),
});

/** What a line gave becomes an input. */
function* cuts(program: Program, values: ReadonlyMap<string, Value>): Generator<Program> {
  const { lines } = program.main;
  for (let i = lines.length - 1; i >= 0; i--) {
    const made = lines[i]!.names.map((name) => [name, values.get(name)] as const);
    if (made.length === 0 || !made.every(([, x]) => isValue(x))) continue;
    const sources = [...program.sources, ...made.map(([name, x]) => inputLike(name, x!))];
    yield programOf({ ...program, sources }, lines.toSpliced(i, 1), results(program));
  }
}

const rename = (template: Template, from: string, to: string): Template => ({
  ...template,
  args: template.args.map((name) => (name === from ? to : name)),
  bodies: template.bodies.map((body) => renameIn(body, from, to)),
});

const renameIn = (body: Body, from: string, to: string): Body => ({
  ...body,
  lines: body.lines.map((line) => ({ ...line, template: rename(line.template, from, to) })),
  result: rename(body.result, from, to),
});

/** A line gives way to an operand of its own, or to another operand. */
function* bypasses(lines: readonly Line[], result: Template): Generator<{ lines: readonly Line[]; result: Template }> {
  for (const [i, { names, template }] of lines.entries()) {
    if (names.length !== 1) continue;
    for (const arg of new Set(template.args)) {
      const rest = lines.toSpliced(i, 1).map((line) => ({ ...line, template: rename(line.template, names[0]!, arg) }));
      yield { lines: rest, result: rename(result, names[0]!, arg) };
    }
  }
}

/** Simpler functions inside of lines. */
function* simplerBodies(program: Program): Generator<Program> {
  const { lines } = program.main;
  for (const [i, line] of lines.entries()) {
    for (const [j, body] of line.template.bodies.entries()) {
      for (const simpler of simplerBody(body)) {
        const template = { ...line.template, bodies: line.template.bodies.with(j, simpler) };
        yield withLines(program, lines.with(i, { ...line, template }));
      }
    }
  }
}

function* simplerBody(body: Body): Generator<Body> {
  const used = new Set([...body.lines.map(({ template }) => template), body.result].flatMap(namesIn));
  for (const [i, { names }] of body.lines.entries())
    if (!names.some((name) => used.has(name))) yield { ...body, lines: body.lines.toSpliced(i, 1) };
  for (const simpler of bypasses(body.lines, body.result)) yield { ...body, ...simpler };
  const { text, args } = body.result;
  const own = [...body.params, ...body.lines.flatMap(({ names }) => names)];
  for (const [i, arg] of args.entries())
    for (const name of own.slice(0, Math.max(own.indexOf(arg), 0)))
      yield { ...body, result: { text, args: args.with(i, name), bodies: [] } };
}

/** Every axis of this length becomes shorter, in all sources. */
function* smaller(program: Program): Generator<Program> {
  const lengths = new Set(program.sources.flatMap(({ shape }) => shape));
  for (const from of [...lengths].sort((a, b) => b - a)) {
    for (const to of [1, 2, Math.floor(from / 2), from - 1]) {
      if (to >= from || to < 1) continue;
      yield { ...program, sources: program.sources.map((source) => withLength(source, from, to)) };
    }
  }
}

function withLength(source: Source, from: number, to: number): Source {
  const shape = source.shape.map((n) => (n === from ? to : n));
  return { ...source, shape, contents: source.contents.map((content) => content.slice(0, sizeOf(shape))) };
}

/** Plainer sources: no gradients, no capture, the same numbers in every call, simple numbers. */
function* plainer(program: Program): Generator<Program> {
  for (const [i, source] of program.sources.entries()) {
    const others: Source[] = [];
    const first = source.contents[0]!;
    if (source.requiresGrad) others.push({ ...source, requiresGrad: false });
    if (source.kind !== 'input')
      others.push({ ...source, kind: 'input', contents: Array.from({ length: CALLS }, () => first) });
    if (source.kind === 'input' && source.contents.some((content) => content.join() !== first.join()))
      others.push({ ...source, contents: source.contents.map(() => first) });
    for (const x of [0, 1, 2]) others.push(everywhere(source, () => x));
    others.push(everywhere(source, (old) => (Number.isInteger(old) ? old : Math.round(old))));
    if (first.length <= 16) {
      for (const k of first.keys())
        for (const x of [0, 1]) others.push(everywhere(source, (old, at) => (at === k ? x : old)));
    }
    for (const other of others) if (!sameSource(other, source)) yield withSource(program, i, other);
  }
}

const everywhere = (source: Source, change: (x: number, at: number) => number): Source => ({
  ...source,
  contents: source.contents.map((content) => content.map(change)),
});

/** Towards 0: no change that only turns one simple number into another. */
function sameSource(a: Source, b: Source): boolean {
  if (a.kind !== b.kind || a.requiresGrad !== b.requiresGrad) return false;
  const weight = (source: Source): number =>
    source.contents.flat().reduce((sum, x) => sum + (Object.is(x, 0) ? 0 : x === 1 ? 1 : x === 2 ? 2 : String(x).length + 2), 0); // prettier-ignore
  const different = new Set(a.contents.map((content) => content.join())).size;
  const before = new Set(b.contents.map((content) => content.join())).size;
  return weight(a) >= weight(b) && different >= before;
}

/** Lists of inputs and parameters follow their sources. */
function withSource(program: Program, i: number, source: Source): Program {
  const sources = program.sources.with(i, source);
  return programOf({ ...program, sources }, program.main.lines, results(program));
}

function* bypassed(program: Program): Generator<Program> {
  for (const { lines, result } of bypasses(program.main.lines, program.main.result))
    yield programOf(program, lines, [...new Set(result.args)]);
}

/** Candidates that run eagerly as far as the program itself does. */
export function* simpler(program: Program): Generator<Program> {
  const error = eagerError(makeOf(print(program, LIBRARY_NAMES)));
  const values = valuesOf(program);
  const ways = [fewerResults(program), fewerEffects(program), cuts(program, values), bypassed(program), simplerBodies(program), smaller(program), plainer(program)]; // prettier-ignore
  for (const way of ways)
    for (const candidate of way) if (eagerError(makeOf(print(candidate, LIBRARY_NAMES))) === error) yield candidate;
}
