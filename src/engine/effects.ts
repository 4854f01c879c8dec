/** What it means to commit what a Program has written. */
import type { Content } from '../base/storage.ts';
import type { Effect, Program } from '../program/program.ts';
import { setRemoteContent, setRemoteGrad, type Remote } from '../value/residency.ts';
import { immediate, replaceContent, type Value } from '../value/value.ts';

/** New numbers: here, or elsewhere until someone reads them. */
export type Written = Content | Remote;

/** The cell that an effect is on, in a run on these inputs. */
export const targetOf = ({ target }: Effect, inputs: readonly Value[]): Value =>
  typeof target === 'number' ? inputs[target]! : target;

const isRemote = (written: Written): written is Remote => typeof written === 'object' && 'fetch' in written;

function commitContent(cell: Value, written: Written): void {
  if (isRemote(written)) setRemoteContent(cell, written);
  else replaceContent(cell, written);
}

function commitGrad(leaf: Value, written: Written | null): void {
  if (written !== null && isRemote(written)) setRemoteGrad(leaf, written);
  else leaf._grad = written === null ? null : immediate(leaf.shape, leaf.dtype, written);
}

/**
 * Commits all effects of a run. `numbersOf` gives what stands at a position of the Program's outputs; it is asked for
 * everything before anything is written, for what is written may be what a cell held before.
 */
export function commitEffects(
  { effects }: Program,
  inputs: readonly Value[],
  numbersOf: (output: number) => Written,
): void {
  const written = effects.map(({ output }) => (output === null ? null : numbersOf(output)));
  effects.forEach((effect, i) => {
    const target = targetOf(effect, inputs);
    if (effect.slot === 'grad') commitGrad(target, written[i]!);
    else commitContent(target, written[i]!);
  });
}
