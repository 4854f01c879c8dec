/** `a=2`, `v=[1,2,3]`, `x=0.1..3`: what variables are. */
import { ChainruleError } from '../base/errors.ts';
import { value } from '../value/create.ts';
import type { Data } from '../value/read.ts';
import type { Value } from '../value/value.ts';
import { UsageError } from './io.ts';

export interface Range {
  readonly from: number;
  readonly to: number;
}

const NAME = /^[\p{L}_][\p{L}\p{N}_]*$/u;

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function numberIn(text: string): number | null {
  return NUMBER.test(text.trim()) ? Number(text) : null;
}

/** Splits `name=text`, each name once. */
function split(bindings: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const binding of bindings) {
    const at = binding.indexOf('=');
    const name = binding.slice(0, at).trim();
    if (at < 0 || !NAME.test(name))
      throw new UsageError(`${JSON.stringify(binding)} is no variable; write name=value, for example a=2`);
    if (found.has(name)) throw new UsageError(`${name} is given twice`);
    found.set(name, binding.slice(at + 1).trim());
  }
  return found;
}

function readValue(name: string, text: string): Value {
  const number = numberIn(text);
  if (number !== null) return value(number, { label: name });
  if (text.startsWith('[')) {
    try {
      return value(JSON.parse(text) as Data, { label: name });
    } catch (error) {
      const why =
        error instanceof ChainruleError || error instanceof TypeError ? error.message : 'it is no list of numbers';
      throw new UsageError(`${name}=${text}: ${why}`);
    }
  }
  throw new UsageError(`${name}=${text}: expected a number or a list such as [1,2,3]`);
}

/** Labelled leaves. @throws UsageError for what is no number or list of numbers. */
export function readValues(bindings: readonly string[]): Map<string, Value> {
  return new Map([...split(bindings)].map(([name, text]) => [name, readValue(name, text)]));
}

/** Ranges; a single number is a range of one point. */
export function readRanges(bindings: readonly string[]): Map<string, Range> {
  return new Map(
    [...split(bindings)].map(([name, text]) => {
      const parts = text.split('..');
      const [from, to] = [numberIn(parts[0]!), numberIn(parts[1] ?? parts[0]!)];
      if (from === null || to === null || parts.length > 2)
        throw new UsageError(`${name}=${text}: expected a range such as 0.1..3, or a number`);
      if (from > to) throw new UsageError(`${name}=${text}: the range ends before it begins`);
      return [name, { from, to }];
    }),
  );
}
