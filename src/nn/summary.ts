/** A module's table: what it is made of, shapes and numbers of parameters. */
import { showShape } from '../base/errors.ts';
import { textTable } from '../base/text-table.ts';
import { trace } from '../program/trace.ts';
import { isValue, type Value } from '../value/value.ts';
import type { AnyModule } from './module.ts';

/** `[1, 10]`; several Values as a list, whatever holds them. */
function shapesOf(output: unknown): string {
  if (isValue(output)) return showShape(output.shape);
  if (typeof output !== 'object' || output === null) return '';
  return Object.values(output).map(shapesOf).filter(Boolean).join(' ');
}

/** So many parameters of a module are listed: one layer of an LSTM has four. */
const LISTED = 4;

/** `weight [2, 3], bias [2]`; of many the first. */
export function listParameters(own: readonly (readonly [string, Value])[]): string {
  const listed = own.slice(0, LISTED).map(([name, leaf]) => `${name} ${showShape(leaf.shape)}`);
  const rest = own.length - listed.length;
  return (rest === 0 ? listed : [...listed, `… ${rest} more`]).join(', ');
}

/** Output shapes of all modules, by a forward pass without numbers. */
function outputShapes(module: AnyModule, inputs: readonly unknown[]): ReadonlyMap<AnyModule, string> {
  const shapes = new Map<AnyModule, string>();
  if (inputs.length === 0) return shapes;
  const removers = [...module.namedModules()].map(([, part]) =>
    part.registerForwardHook((_, __, output) => {
      shapes.set(part, shapesOf(output));
    }),
  );
  try {
    trace((...xs: never[]) => module.forward(...xs), ...(inputs as never[]));
  } finally {
    removers.forEach((remove) => remove());
  }
  return shapes;
}

/** 1234567 → `1,234,567`. */
const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

const count = (leaves: readonly Value[]): number => leaves.reduce((sum, leaf) => sum + leaf.size, 0);

/** Rows in the order of `namedModules`; parameters that two modules share are counted in the first. */
export function summaryOf(module: AnyModule, inputs: readonly unknown[]): string {
  const shapes = outputShapes(module, inputs);
  const seen = new Set<Value>();
  const rows = [...module.namedModules()].map(([path, part]) => {
    const own = part.ownParameters().filter(([, leaf]) => !seen.has(leaf));
    own.forEach(([, leaf]) => seen.add(leaf));
    const depth = path === '' ? 0 : path.split('.').length;
    const name = path === '' ? '' : `${path.split('.').at(-1)}: `;
    return [
      `${'  '.repeat(depth)}${name}${part.constructor.name}`,
      shapes.get(part) ?? '',
      listParameters(own),
      own.length === 0 ? '' : grouped(count(own.map(([, leaf]) => leaf))),
    ];
  });
  const head = ['Module', 'Output', 'Parameters', 'Count'];
  const shown = inputs.length === 0 ? [0, 2, 3] : [0, 1, 2, 3];
  const cells = [head, ...rows].map((row) => shown.map((i) => row[i]!));
  const lines = textTable(
    cells,
    shown.map((i) => (i === 3 ? 'right' : 'left')),
  );
  const all = module.parameters();
  const trained = count(all.filter((leaf) => leaf.requiresGrad));
  const frozen = count(all) - trained;
  const note = frozen === 0 ? '' : ` (${grouped(trained)} trained, ${grouped(frozen)} frozen)`;
  return [...lines, `${grouped(count(all))} parameters${note}`].join('\n');
}
