/**
 * Local derivatives as short formulas in the operands' labels: ∂(c·d)/∂c = d. No op is known by name here: its own
 * derivative rule is recorded at two points close by, and what equals an operand at both is called by its label.
 */
import { isFloat } from '../base/dtypes.ts';
import { applyOne } from '../value/apply.ts';
import { enableGrad } from '../value/recording.ts';
import { contentOf, immediate, makeCell, read, type Value } from '../value/value.ts';
import { shortNumber } from './numbers.ts';
import type { Step } from './steps.ts';

const LONGEST = 24;
/** Where the rule is looked at: the operands moved a little, each differently, twice. */
const MOVES: readonly (readonly number[])[] = [
  [0.00123, 0.00317, 0.00071],
  [0.00211, 0.00093, 0.00157],
];

interface Probe {
  readonly operands: readonly Value[];
  readonly output: Value;
  readonly partial: Value;
}

interface Pair {
  readonly here: Value;
  readonly there: Value;
}

function probe(step: Step, numbers: readonly number[], operand: number, moves: readonly number[]): Probe | null {
  const { derivatives } = step.primitive!;
  if (derivatives.kind !== 'partials') return null;
  const operands = numbers.map((x, i) => read(makeCell([], 'float64', x + moves[i % 3]! * (1 + Math.abs(x)), true)));
  const [a, b, c] = [operands[0]!, operands[1] ?? operands[0]!, operands[2] ?? operands[0]!];
  const output = applyOne(step.primitive!, operands, step.attrs);
  const partial = derivatives.partials[operand]!(immediate([], 'float64', 1), output, a, b, c);
  return { operands, output, partial: partial ?? immediate([], 'float64', 0) };
}

const numberOf = (x: Value): number => Number(contentOf(x));

/** The same number at either point. */
const agree = (u: Pair, v: Pair): boolean =>
  Object.is(numberOf(u.here), numberOf(v.here)) && Object.is(numberOf(u.there), numberOf(v.there));

const isCompound = (text: string): boolean => / /.test(text) || text.startsWith('−');

const atom = (text: string): string => (isCompound(text) ? `(${text})` : text);

/** `a × b`, `−x`, `cos(x)`. */
function application(x: Value, operands: readonly string[]): string {
  const { glyph } = x._op!;
  const name = x._op!.title(x._attrs);
  if (operands.length === 2 && /^[^\p{L}\p{N}]$/u.test(glyph)) return operands.map(atom).join(` ${glyph} `);
  if (operands.length === 1 && glyph !== name && /^[^\p{L}]*x[^\p{L}]*$/u.test(glyph))
    return glyph.replace('x', () => atom(operands[0]!));
  return `${name}(${operands.join(', ')})`;
}

function formula(pair: Pair, known: readonly { readonly pair: Pair; readonly text: string | null }[]): string | null {
  const { here, there } = pair;
  const named = known.find((k) => k.pair.here === here);
  if (named !== undefined && named.text !== null) return named.text;
  if (Object.is(numberOf(here), numberOf(there))) return shortNumber(numberOf(here));
  if (here._op === null || here._op !== there._op) return null;
  const inputs = here._inputs.map((x, i): Pair => ({ here: x, there: there._inputs[i]! }));
  const same = inputs.find((input) => agree(input, pair));
  if (same !== undefined) return formula(same, known);
  const texts = inputs.map((input) => formula(input, known));
  return texts.every((text) => text !== null) ? application(here, texts) : null;
}

/** A formula for ∂step/∂operand; null where there is no short one, or an operand in it has no name. */
export function symbolOf(
  step: Step,
  operand: number,
  numbers: readonly number[],
  labels: readonly (string | null)[],
): string | null {
  if (step.primitive?.partials == null || numbers.length > 3 || !numbers.every(Number.isFinite)) return null;
  if (!step.outputs.every((output) => isFloat(output.dtype))) return null;
  const [here, there] = enableGrad(() => MOVES.map((moves) => probe(step, numbers, operand, moves)));
  if (here == null || there == null || Number.isNaN(numberOf(here.partial))) return null;
  const known = [
    ...here.operands.map((x, i) => ({ pair: { here: x, there: there.operands[i]! }, text: labels[i]! })),
    { pair: { here: here.output, there: there.output }, text: step.outputs[0]!.label },
  ];
  const text = formula({ here: here.partial, there: there.partial }, known);
  return text === null || text.length > LONGEST ? null : text;
}
