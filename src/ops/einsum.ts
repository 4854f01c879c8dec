/** Einstein's summation: any product and sum over named axes. */
import { OptionError, showShape, showShapes } from '../base/errors.ts';
import type { Shape } from '../base/shapes.ts';
import type { Value } from '../value/value.ts';
import { mistake, placeOfLetter, readEquation, startOfTerm, type Equation } from './einsum-equation.ts';
import { contract } from './families/contraction.ts';
import type { AnyOperand } from './families/signatures.ts';
import { functionComposite, type Op } from './op.ts';
import { runtime, type Operand } from './runtime.ts';

/** A Value whose axes have names, each at most once. */
interface Named {
  readonly x: Value;
  readonly names: readonly string[];
}

/** An ellipsis of n axes: names counted from the last, so that shorter ones line up at the end. */
const ellipsisNames = (n: number): string[] => Array.from({ length: n }, (_, i) => `…${n - i}`);

/** The names of all axes of one operand. @throws OptionError where the term has not one for each. */
function axisNames(text: string, { terms }: Equation, i: number, shape: Shape): string[] {
  const { letters, ellipsis } = terms[i]!;
  const rest = shape.length - letters.length;
  if (rest < 0 || (ellipsis < 0 && rest > 0)) {
    const fits = `operand ${i} has shape ${showShape(shape)}, its term names ${letters.length} axes`;
    throw mistake(text, startOfTerm(text, i), fits);
  }
  return ellipsis < 0
    ? [...letters]
    : [...letters.slice(0, ellipsis), ...ellipsisNames(rest), ...letters.slice(ellipsis)];
}

/** The length of every name; 1 stretches, as everywhere. */
function lengthsOf(text: string, equation: Equation, operands: readonly Named[]): Map<string, number> {
  const lengths = new Map<string, number>();
  operands.forEach(({ x, names }, i) => {
    names.forEach((name, axis) => {
      const [known, own] = [lengths.get(name) ?? 1, x.shape[axis]!];
      if (known !== own && known !== 1 && own !== 1) {
        const letter = equation.terms[i]!.letters.indexOf(name);
        const what = letter < 0 ? 'an axis of the ellipsis' : `"${name}"`;
        const at = letter < 0 ? startOfTerm(text, i) : placeOfLetter(text, i, letter);
        throw mistake(
          text,
          at,
          `${what} is ${known} and, in operand ${i}, ${own}: ${showShapes(operands.map((o) => o.x.shape))}`,
        );
      }
      lengths.set(name, known === 1 ? own : known);
    });
  });
  return lengths;
}

/** Repeated names become one: the diagonal over their axes. */
function withoutRepeats({ x, names }: Named): Named {
  const second = names.findIndex((name, i) => names.indexOf(name) < i);
  if (second < 0) return { x, names };
  const first = names.indexOf(names[second]!);
  const [m, n] = [x.shape[first]!, x.shape[second]!];
  const rest = names.filter((_, i) => i !== first && i !== second);
  const place = x.shape.map((_, i) => i).filter((i) => i !== first && i !== second);
  const last = x.permute([...place, first, second]);
  const square = m === n ? last : last.broadcastTo([...last.shape.slice(0, -2), Math.max(m, n), Math.max(m, n)]);
  return withoutRepeats({ x: square.diagonal(0, -2, -1), names: [...rest, names[first]!] });
}

/** Axes of length 1 that stretch elsewhere carry no name of their own: they are dropped. */
function withoutStretched({ x, names }: Named, lengths: ReadonlyMap<string, number>): Named {
  const stays = names.map((name, i) => x.shape[i] === lengths.get(name));
  if (stays.every(Boolean)) return { x, names };
  return { x: x.reshape(x.shape.filter((_, i) => stays[i])), names: names.filter((_, i) => stays[i]) };
}

/** Summed over the names that nobody needs. */
function summed({ x, names }: Named, needed: ReadonlySet<string>): Named {
  const axes = names.flatMap((name, i) => (needed.has(name) ? [] : [i]));
  if (axes.length === 0) return { x, names };
  return { x: x.sum(axes), names: names.filter((name) => needed.has(name)) };
}

/** The product of two, over the names that only they have. */
function multiply(a: Named, b: Named, later: ReadonlySet<string>): Named {
  const left = summed(a, new Set([...b.names, ...later]));
  const right = summed(b, new Set([...a.names, ...later]));
  const all = [...new Set([...left.names, ...right.names])];
  const both = all.filter((name) => left.names.includes(name) && right.names.includes(name));
  const names = [
    ...both.filter((name) => later.has(name)),
    ...all.filter((name) => later.has(name) && !both.includes(name)),
  ];
  const number = (list: readonly string[]): number[] => list.map((name) => all.indexOf(name));
  const x = contract(left.x, right.x, {
    a: number(left.names),
    b: number(right.names),
    out: number(names),
    as: 'einsum',
  });
  return { x, names };
}

function requireOperands(text: unknown, xs: readonly Operand[]): asserts text is string {
  if (typeof text !== 'string') throw new TypeError(`einsum: the equation comes first, as text; got ${typeof text}`);
  if (xs.length === 0) throw new OptionError('no operands', { op: 'einsum', hint: `einsum('ij,jk->ik', a, b)` });
}

function run(text: string, xs: readonly Operand[]): Value {
  requireOperands(text, xs);
  const equation = readEquation(text);
  const { terms, result } = equation;
  if (terms.length !== xs.length) {
    throw new OptionError(`the equation has ${terms.length} terms for ${xs.length} operands`, {
      op: 'einsum',
      option: 'equation',
      hint: `${text}\n  Operands are separated by commas in front of the arrow.`,
    });
  }
  const values = runtime.promoteAll('einsum', xs);
  const operands = values.map((x, i): Named => ({ x, names: axisNames(text, equation, i, x.shape) }));
  const lengths = lengthsOf(text, equation, operands);
  const clean = operands.map((operand) => withoutStretched(withoutRepeats(operand), lengths));
  const width = Math.max(0, ...operands.map(({ names }) => names.filter((name) => name.startsWith('…')).length));
  const wanted =
    result.ellipsis < 0
      ? [...result.letters]
      : [
          ...result.letters.slice(0, result.ellipsis),
          ...ellipsisNames(width),
          ...result.letters.slice(result.ellipsis),
        ];
  const product = clean.slice(1).reduce((done, next, i) => {
    const rest = clean.slice(i + 2).flatMap(({ names }) => names);
    return multiply(done, next, new Set([...wanted, ...rest]));
  }, clean[0]!);
  const { x, names } = summed(product, new Set(wanted));
  return x.permute(wanted.map((name) => names.indexOf(name)));
}

interface Einsum {
  method: never;
  free(equation: string, ...operands: readonly AnyOperand[]): Value<Shape>;
}

/**
 * Products and sums over named axes: a letter for each axis; letters that the result lacks are summed over, a letter
 * repeated in one term takes a diagonal, `...` stands for any further axes (which broadcast).
 * Without an arrow the result has the letters that stand once, in alphabetical order. Products run from left to right.
 * https://docs.pytorch.org/docs/stable/generated/torch.einsum.html
 * @throws OptionError that points into the equation: unknown subscripts, lengths that differ, terms that do not fit.
 * @example einsum('bij,jk->bik', a, b)
 */
export const einsum: Op<Einsum> = functionComposite<Einsum>(
  'einsum',
  (equation: string, ...operands: Operand[]): Value => run(equation, operands),
  {
    glyph: 'Σ∏',
    samples: [
      { inputs: [{ shape: [2, 3] }, { shape: [3, 4] }], call: (x, y) => einsum('ij,jk->ik', x, y) },
      { inputs: [{ shape: [2, 3] }, { shape: [3, 4] }], call: (x, y) => einsum('ij, jk', x, y) },
      { inputs: [{ shape: [2, 2, 3] }, { shape: [3, 2] }], call: (x, y) => einsum('...ij,jk->...ik', x, y) },
      { inputs: [{ shape: [2, 2, 3] }, { shape: [2, 1, 3] }], call: (x, y) => einsum('...i,...i', x, y) },
      { inputs: [{ shape: [3, 3] }], call: (x) => einsum('ii', x) },
      { inputs: [{ shape: [3, 2, 3] }], call: (x) => einsum('iji->ji', x) },
      { inputs: [{ shape: [2, 3] }], call: (x) => einsum('ij->j', x) },
      { inputs: [{ shape: [2, 3] }], call: (x) => einsum('ba', x) },
      { inputs: [{ shape: [2] }, { shape: [3] }], call: (x, y) => einsum('i,j->ji', x, y) },
      {
        inputs: [{ shape: [2, 3] }, { shape: [3, 3] }, { shape: [3, 2] }],
        call: (x, y, z) => einsum('Ai,ij,jA->', x, y, z),
      },
      { inputs: [{ shape: [2, 1] }, { shape: [2, 3] }], call: (x, y) => einsum('ij,ij->i', x, y) },
      { inputs: [{ shape: [2, 0] }, { shape: [0, 2] }], call: (x, y) => einsum('ij,jk->ik', x, y) },
      { inputs: [{ shape: [] }, { shape: [2] }], call: (x, y) => einsum(',i->i', x, y) },
    ],
    errors: [
      {
        call: () => einsum('ij,jk->il', runtime.fill([2, 2], 0, 'float64'), runtime.fill([2, 2], 0, 'float64')),
        error: 'OptionError',
        message: /einsum: "l" of the result stands in no operand\n {2}ij,jk->il\n {10}\^/,
      },
      {
        call: () => einsum('ij,jk', runtime.fill([2, 3], 0, 'float64'), runtime.fill([2, 2], 0, 'float64')),
        error: 'OptionError',
        message: /einsum: "j" is 3 and, in operand 1, 2: \[2, 3\] and \[2, 2\]\n {2}ij,jk\n {5}\^/,
      },
      {
        call: () => einsum('i,j', runtime.fill([2], 0, 'float64')),
        error: 'OptionError',
        message: /einsum: the equation has 2 terms for 1 operands/,
      },
      {
        call: () => einsum('ij', runtime.fill([2], 0, 'float64')),
        error: 'OptionError',
        message: /einsum: operand 0 has shape \[2\], its term names 2 axes/,
      },
      {
        call: () => einsum('i1', runtime.fill([2, 2], 0, 'float64')),
        error: 'OptionError',
        message: /einsum: "1" is no subscript/,
      },
    ],
    gold: 'einsum',
  },
);
