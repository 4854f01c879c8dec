/** Programs as text that reads like code. */
import { showShape } from '../base/errors.ts';
import { isPlainObject, unflatten } from '../base/trees.ts';
import { formatData, formatNumber } from '../value/format.ts';
import type { Value } from '../value/value.ts';
import type { Effect, Program, Var } from './program.ts';

const name = (v: Var): string => (v.label === null ? `%${v.index}` : `%${v.index}:${v.label}`);

const typed = (v: Var): string => `${name(v)} ${v.dtype}${showShape(v.shape)}`;

const isProgram = (x: unknown): x is Program =>
  isPlainObject(x) && Array.isArray(x['instructions']) && Array.isArray(x['captures']);

function attribute(x: unknown): string {
  if (Array.isArray(x)) return `[${x.map(attribute).join(', ')}]`;
  if (typeof x === 'string' || typeof x === 'number' || typeof x === 'boolean' || x === null) return String(x);
  if (isPlainObject(x))
    return `{${Object.entries(x)
      .map(([key, y]) => `${key}: ${attribute(y)}`)
      .join(', ')}}`;
  return typeof x;
}

/** Attributes in braces, bodies of loops indented below. */
function attributes(attrs: object): { inline: string; bodies: string } {
  const entries = Object.entries(attrs);
  const inline = entries.filter(([, x]) => !isProgram(x)).map(([key, x]) => `${key}: ${attribute(x)}`);
  const bodies = entries
    .filter(([, x]) => isProgram(x))
    .map(([key, x]) => `\n  ${key}: ${String(x).replaceAll('\n', '\n  ')}`);
  return { inline: inline.length === 0 ? '' : ` {${inline.join(', ')}}`, bodies: bodies.join('') };
}

const shown = (tree: unknown): string =>
  Array.isArray(tree)
    ? `[${tree.map(shown).join(', ')}]`
    : isPlainObject(tree)
      ? `{ ${Object.entries(tree)
          .map(([key, x]) => `${key}: ${shown(x)}`)
          .join(', ')} }`
      : String(tree);

/** `w ← %4`, `w.grad ← null`. */
function effect({ slot, target, output }: Effect, program: Program): string {
  const input = typeof target === 'number' ? program.inputs[target]! : null;
  const variable = input ?? program.captures.find((c) => c.value === target && c.slot === 'content')?.variable;
  const label = typeof target === 'number' ? null : target.label;
  const to = variable === undefined ? (label ?? 'a cell') : variable.label === null ? name(variable) : variable.label;
  return `${to}${slot === 'grad' ? '.grad' : ''} ← ${output === null ? 'null' : name(program.outputs[output]!)}`;
}

/** The numbers of what has few, and the one number of what has no other. */
function numbersOf(value: Value): string {
  if (!value._isCell && typeof value._content === 'number') return ` ${formatNumber(value._content, value.dtype)}`;
  return value.size <= 4 ? ` ${formatData(value).replaceAll('\n', '')}` : '';
}

/**
 * ```
 * program (%0 float64[3], %1 float64[3]) {
 *   %2 float64[3] = mul %0 %1
 *   return %2
 * }
 * ```
 */
export function printProgram(program: Program): string {
  const lines = [`program (${program.inputs.map(typed).join(', ')}) {`];
  for (const { variable, value, slot } of program.captures) {
    if (slot === 'grad') {
      lines.push(`  ${typed(variable)} = grad of ${value.label ?? 'a cell'}`);
      continue;
    }
    const kind = value._isCell ? 'cell' : 'constant';
    const numbers = numbersOf(value);
    lines.push(`  ${typed(variable)} = ${kind}${numbers}`);
  }
  for (const { primitive, inputs, outputs, attrs } of program.instructions) {
    const { inline, bodies } = attributes(attrs);
    const operands = inputs.map((v) => ` ${name(v)}`).join('');
    lines.push(
      `  ${outputs.map(typed).join(', ')} = ${primitive.name}${operands}${inline}${bodies.replaceAll('\n', '\n  ')}`,
    );
  }
  for (const written of program.effects) lines.push(`  ${effect(written, program)}`);
  const results = program.outputs.length - program.effects.filter(({ output }) => output !== null).length;
  const names = program.outputs.slice(0, results).map(name);
  lines.push(`  return ${shown(unflatten(program.result, names))}`, '}');
  return lines.join('\n');
}
