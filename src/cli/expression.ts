/** Expressions such as `sin(x)^2 + a*b`, read by jsep. */
import jsep from 'jsep';
import { UsageError } from './io.ts';

export type Expression =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

const BINARY: Readonly<Record<string, string>> = {
  '+': 'add',
  '-': 'sub',
  '*': 'mul',
  '/': 'div',
  '%': 'remainder',
  '^': 'pow',
  '**': 'pow',
};

/** Signs that people paste: one character for one, so that positions stay. */
const TYPOGRAPHIC: Readonly<Record<string, string>> = { '×': '*', '·': '*', '⋅': '*', '÷': '/', '−': '-', '–': '-' };

/** The message with the line and a caret under the place. */
export function pointTo(source: string, at: number, message: string): UsageError {
  const before = [...source.slice(0, at)].length;
  return new UsageError(`${message}\n  ${source.replace(/\s/g, ' ')}\n  ${' '.repeat(before)}^`);
}

/** Where a name stands in the text, as a word of its own. */
export function findName(source: string, name: string): number {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return Math.max(0, source.search(new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'u')));
}

// The grammar ------------------------------------------------------------------------------------------------------

/** A sign binds looser than a power: −x² is −(x²). */
function signedPower(scope: jsep.HookScope): jsep.Expression {
  const base = scope.gobbleToken();
  if (base === undefined) return scope.throwError('Expected an operand');
  scope.gobbleSpaces();
  const rest = scope.expr.slice(scope.index);
  const power = rest.startsWith('**') ? '**' : rest.startsWith('^') ? '^' : null;
  if (power === null) return base;
  scope.index += power.length;
  return { type: 'BinaryExpression', operator: '^', left: base, right: signedPower(scope) };
}

/** Arithmetic and calls only: no comparisons, strings or members of objects. */
function setGrammar(): void {
  jsep.removeAllBinaryOps();
  jsep.removeAllUnaryOps();
  jsep.removeAllLiterals();
  for (const operator of ['+', '-']) jsep.addBinaryOp(operator, 9);
  for (const operator of ['*', '/', '%']) jsep.addBinaryOp(operator, 10);
  for (const operator of ['^', '**']) jsep.addBinaryOp(operator, 14, true);
  jsep.hooks.add('gobble-token', function (env) {
    const operator = this.char;
    if (operator !== '-' && operator !== '+') return;
    this.index++;
    env.node = { type: 'UnaryExpression', operator, argument: signedPower(this), prefix: true };
  });
}

let grammarSet = false;

function parse(source: string): jsep.Expression {
  if (!grammarSet) setGrammar();
  grammarSet = true;
  try {
    return jsep(source);
  } catch (error) {
    const { index, description, message } = error as Error & { index?: number; description?: string };
    throw pointTo(source, index ?? source.length, `the expression has a syntax error: ${description ?? message}`);
  }
}

// Its result -------------------------------------------------------------------------------------------------------

/** What jsep would skip over in silence. */
function refuseSeparators(source: string): void {
  let depth = 0;
  for (let i = 0; i < source.length; i++) {
    const c = source[i]!;
    if ('(['.includes(c)) depth++;
    if (')]'.includes(c)) depth--;
    if (c === ';' || (c === ',' && depth <= 0))
      throw pointTo(source, i, `the expression has a syntax error: Unexpected "${c}"`);
  }
}

/** The end of the first of two expressions side by side: the longest beginning that is one expression. */
function endOfFirst(source: string): number {
  for (let end = source.length - 1; end > 0; end--) {
    if (/[\p{L}\p{N}_.]/u.test(source[end]!) && /[\p{L}\p{N}_.]/u.test(source[end - 1]!)) continue;
    try {
      if (jsep(source.slice(0, end)).type !== 'Compound') return source.slice(0, end).trimEnd().length;
    } catch {
      continue;
    }
  }
  return 0;
}

function convert(node: jsep.Expression, source: string): Expression {
  const inside = (x: jsep.Expression): Expression => convert(x, source);
  switch (node.type) {
    case 'Literal': {
      const { value, raw } = node as jsep.Literal;
      if (typeof value === 'number') return { kind: 'number', value };
      throw pointTo(source, Math.max(0, source.indexOf(raw)), `${raw} is no number`);
    }
    case 'Identifier':
      return { kind: 'variable', name: (node as jsep.Identifier).name };
    case 'ArrayExpression':
      return {
        kind: 'list',
        items: (node as jsep.ArrayExpression).elements.flatMap((x) => (x === null ? [] : inside(x))),
      };
    case 'UnaryExpression': {
      const { operator, argument } = node as jsep.UnaryExpression;
      const operand = inside(argument);
      if (operator === '+') return operand;
      if (operand.kind === 'number') return { kind: 'number', value: -operand.value };
      return { kind: 'call', name: 'neg', args: [operand] };
    }
    case 'BinaryExpression': {
      const { operator, left, right } = node as jsep.BinaryExpression;
      return { kind: 'call', name: BINARY[operator]!, args: [inside(left), inside(right)] };
    }
    case 'CallExpression': {
      const { callee, arguments: args } = node as jsep.CallExpression;
      if (callee.type !== 'Identifier')
        throw pointTo(source, source.indexOf(')('), 'only functions can be called; write * for a product');
      return { kind: 'call', name: (callee as jsep.Identifier).name, args: args.map(inside) };
    }
    case 'Compound':
      throw pointTo(source, endOfFirst(source), 'the expression has a syntax error: an operator is missing here');
    default:
      throw new UsageError(`the expression has a part that is not arithmetic (${node.type}): ${source}`);
  }
}

/** @throws UsageError that points at what is wrong. */
export function readExpression(text: string): Expression {
  const source = text.replace(/[×·⋅÷−–]/g, (c) => TYPOGRAPHIC[c]!);
  if (source.trim() === '') throw new UsageError('the expression is empty; write for example "(a+b)*(b+1)"');
  refuseSeparators(source);
  return convert(parse(source), source);
}

/** The names that an expression uses as variables and as functions. */
export function namesIn(expression: Expression): { variables: Set<string>; functions: Set<string> } {
  const variables = new Set<string>();
  const functions = new Set<string>();
  const visit = (e: Expression): void => {
    if (e.kind === 'variable') variables.add(e.name);
    else if (e.kind === 'list') e.items.forEach(visit);
    else if (e.kind === 'call') {
      functions.add(e.name);
      e.args.forEach(visit);
    }
  };
  visit(expression);
  return { variables, functions };
}
