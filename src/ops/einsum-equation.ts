/** The notation of einsum, read: which axis of which operand carries which name. */
import { type ChainruleError, OptionError } from '../base/errors.ts';

/** One term: letters, and where among them the ellipsis stands (−1 if there is none). */
export interface Term {
  readonly letters: readonly string[];
  readonly ellipsis: number;
}

export interface Equation {
  readonly terms: readonly Term[];
  /** What stands behind the arrow, or what is implied without one. */
  readonly result: Term;
}

const LETTER = /^[A-Za-z]$/;

/** An error with a mark under the place in the equation that it speaks of. */
export function mistake(equation: string, at: number, message: string): ChainruleError {
  return new OptionError(message, {
    op: 'einsum',
    option: 'equation',
    hint: `${equation}\n  ${' '.repeat(Math.max(0, at))}^`,
  });
}

/** The term that lies in [from, to) of the equation; spaces mean nothing. */
function readTerm(equation: string, from: number, to: number): Term {
  const letters: string[] = [];
  let ellipsis = -1;
  for (let i = from; i < to; i++) {
    const c = equation[i]!;
    if (c === ' ') continue;
    if (c === '.') {
      if (equation.slice(i, i + 3) !== '...' || i + 3 > to)
        throw mistake(equation, i, 'an ellipsis is three dots, "..."');
      if (ellipsis >= 0) throw mistake(equation, i, 'a term has one ellipsis at most');
      ellipsis = letters.length;
      i += 2;
    } else if (LETTER.test(c)) letters.push(c);
    else throw mistake(equation, i, `"${c}" is no subscript: use letters a…z, A…Z and "..."`);
  }
  return { letters, ellipsis };
}

/** @throws OptionError that points at the mistake. */
export function readEquation(equation: string): Equation {
  const arrow = equation.indexOf('->');
  const end = arrow < 0 ? equation.length : arrow;
  const again = arrow < 0 ? -1 : equation.indexOf('->', arrow + 2);
  if (again >= 0) throw mistake(equation, again, 'there is one arrow at most');
  const terms: Term[] = [];
  for (let from = 0; from <= end;) {
    const comma = equation.indexOf(',', from);
    const to = comma < 0 || comma > end ? end : comma;
    terms.push(readTerm(equation, from, to));
    from = to + 1;
  }
  const result = arrow < 0 ? implied(terms) : readTerm(equation, arrow + 2, equation.length);
  if (arrow >= 0) checkResult(equation, arrow, terms, result);
  return { terms, result };
}

/** Without an arrow: the ellipsis, then every letter that stands once, in alphabetical order (A…Z, then a…z). */
function implied(terms: readonly Term[]): Term {
  const all = terms.flatMap(({ letters }) => letters);
  const letters = all.filter((letter) => all.filter((other) => other === letter).length === 1).sort();
  return { letters, ellipsis: terms.some(({ ellipsis }) => ellipsis >= 0) ? 0 : -1 };
}

function checkResult(equation: string, arrow: number, terms: readonly Term[], result: Term): void {
  const known = new Set(terms.flatMap(({ letters }) => letters));
  const seen = new Set<string>();
  for (const letter of result.letters) {
    const at = equation.indexOf(letter, arrow + 2);
    if (!known.has(letter)) throw mistake(equation, at, `"${letter}" of the result stands in no operand`);
    if (seen.has(letter))
      throw mistake(equation, equation.lastIndexOf(letter), `"${letter}" stands twice in the result`);
    seen.add(letter);
  }
}

/** Where the i-th term begins in the text. */
export function startOfTerm(equation: string, i: number): number {
  let at = 0;
  for (let k = 0; k < i; k++) at = equation.indexOf(',', at) + 1;
  while (equation[at] === ' ') at++;
  return at;
}

/** Where the i-th letter of a term stands in the text. */
export function placeOfLetter(equation: string, term: number, letter: number): number {
  let at = startOfTerm(equation, term);
  for (let seen = -1; at < equation.length; at++) {
    if (LETTER.test(equation[at]!)) seen++;
    if (seen === letter) return at;
  }
  return at;
}
