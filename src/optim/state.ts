/** Saved states of optimizers: their form, and whether they fit. */
import { ChainruleError } from '../base/errors.ts';
import type { Group, GroupState } from './group.ts';
import { checkNumber, type Setting } from './settings.ts';
import type { ParameterState } from './slots.ts';

/** Plain data but for the Values in `parameters`. */
export interface OptimizerState {
  readonly step: number;
  /** One entry for each parameter, in their order. */
  readonly parameters: readonly ParameterState[];
  /** The options of each group, and the positions of its parameters. */
  readonly paramGroups: readonly GroupState[];
}

/** `1 group`, `2 groups`. */
export const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** @throws ChainruleError unless the state is one of an optimizer with these groups and options. */
export function checkState(
  op: string,
  saved: OptimizerState,
  groups: readonly { readonly params: readonly unknown[] }[],
  options: readonly string[],
): void {
  const refuse = (message: string, hint?: string): never => {
    throw new ChainruleError(message, { op: 'loadStateDict', ...(hint === undefined ? {} : { hint }) });
  };
  const { step, parameters, paramGroups } = (saved ?? {}) as Partial<OptimizerState>;
  if (!Array.isArray(parameters) || !Array.isArray(paramGroups) || typeof step !== 'number') {
    return refuse(`this is no state of an optimizer: it needs step, parameters and paramGroups`);
  }
  const own = groups.reduce((sum, { params }) => sum + params.length, 0);
  if (parameters.length !== own) {
    return refuse(`the state has ${plural(parameters.length, 'parameter')}, this optimizer ${own}`);
  }
  if (paramGroups.length !== groups.length) {
    return refuse(
      `the state has ${plural(paramGroups.length, 'parameter group')}, this optimizer ${groups.length}`,
      'Make the optimizer with the groups that it had when it was saved.',
    );
  }
  (paramGroups as readonly GroupState[]).forEach((group, i) => {
    const { params, initialLr: _, ...rest } = group;
    const [theirs, ours] = [(params as readonly number[] | undefined)?.length ?? 0, groups[i]!.params.length];
    if (theirs !== ours) refuse(`group ${i} of the state has ${plural(theirs, 'parameter')}, here it has ${ours}`);
    const unknown = Object.keys(rest).filter((name) => !options.includes(name));
    if (unknown.length === 0) return;
    refuse(`the state is of another optimizer than ${op}: group ${i} has ${unknown.join(', ')}`);
  });
}

/** Checks the options of a saved group, and gives what sets them; those that it lacks stay. */
export function preparedOptions(group: Group, { params: _, initialLr, ...options }: GroupState): () => void {
  const set = group.prepared(options as Readonly<Record<string, Setting>>);
  const initial = initialLr === undefined ? null : checkNumber('loadStateDict', 'initialLr', initialLr);
  return () => {
    set();
    group.initialLr = initial;
  };
}
