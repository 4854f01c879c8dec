/** Expressions run with ordinary ops on Values. */
import { isValue, type Value } from '../value/value.ts';
import { constant } from '../value/create.ts';
import { findName, namesIn, pointTo, type Expression } from './expression.ts';
import { UsageError } from './io.ts';
import { CONSTANTS, findFunction, functionNames, nearest, wrap } from './names.ts';

export type Variables = ReadonlyMap<string, Value>;

/** @throws UsageError naming unknown functions and variables, and what there is. */
export function checkNames(source: string, expression: Expression, known: readonly string[]): void {
  const { variables, functions } = namesIn(expression);
  for (const name of functions) {
    if (findFunction(name, 2) !== null || findFunction(name, 1) !== null) continue;
    const names = functionNames();
    const near = nearest(name, names);
    const meant = near === null ? '' : `; did you mean ${near}?`;
    const pointed = pointTo(source, findName(source, name), `unknown function ${name}${meant}`);
    throw new UsageError(`${pointed.message}\n\nFunctions:\n${wrap(names)}`);
  }
  for (const name of variables) {
    if (known.includes(name) || Object.hasOwn(CONSTANTS, name)) continue;
    const given = known.length === 0 ? 'none' : known.join(', ');
    const hint = `variables: ${given}; constants: ${Object.keys(CONSTANTS).join(', ')}. Give it a value: ${name}=1`;
    throw pointTo(source, findName(source, name), `unknown variable ${name} (${hint})`);
  }
  const unused = known.find((name) => !variables.has(name));
  if (unused !== undefined) throw new UsageError(`${unused} is given a value, but the expression does not use it`);
}

type Result = Value | number | readonly Result[];

function run(expression: Expression, variables: Variables, name: (x: Value) => Value): Result {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'variable':
      return variables.get(expression.name) ?? CONSTANTS[expression.name]!;
    case 'list':
      return expression.items.map((item) => run(item, variables, name));
    case 'call': {
      const args = expression.args.map((arg) => run(arg, variables, name));
      const f = findFunction(expression.name, args.length)!;
      checkCount(expression.name, f.length, args.length);
      const result = f(...args);
      if (isValue(result)) return name(result);
      throw new UsageError(`${expression.name} gives several results, or none that is a Value; it cannot be used here`);
    }
  }
}

/** Elementwise functions have a fixed number of operands; others (0 here) look after theirs. @throws UsageError */
function checkCount(name: string, expected: number, got: number): void {
  if (expected === 0 || got === expected) return;
  throw new UsageError(`${name} takes ${expected === 1 ? 'one operand' : `${expected} operands`}, got ${got}`);
}

/** The value of an expression. `name` sees every intermediate result, operands first. */
export function evaluate(expression: Expression, variables: Variables, name: (x: Value) => Value = (x) => x): Value {
  const result = run(expression, variables, name);
  if (isValue(result)) return result;
  if (typeof result === 'number') return constant(result);
  throw new UsageError('the expression is a list; write a computation');
}
