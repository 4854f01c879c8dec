/** Arithmetic of schedules: numbers, with the same bits everywhere. */
import { OptionError } from '../../base/errors.ts';
import { cos, pow } from '../../ops/index.ts';
import { constant } from '../../value/create.ts';
import { noGrad } from '../../value/recording.ts';
import type { Optimizer } from '../optimizer.ts';
import { checkNumber } from '../settings.ts';

const number = (x: number): ReturnType<typeof constant> => constant(x, { dtype: 'float64' });

/** xⁿ. */
export const power = (x: number, n: number): number => noGrad(() => pow(number(x), number(n)).item());

/** cos(π·x) + 1, from 2 at 0 to 0 at 1. */
export const cosineWave = (x: number): number => noGrad(() => cos(number(Math.PI * x)).item()) + 1;

/** One number for each group, or one for all. */
export type PerGroup = number | readonly number[];

/** @throws OptionError unless there is a number ≥ 0 for each group. */
export function perGroup(op: string, option: string, x: PerGroup, optimizer: Optimizer): readonly number[] {
  const groups = optimizer.paramGroups.length;
  if (!Array.isArray(x)) return new Array<number>(groups).fill(checkNumber(op, option, x));
  if (x.length !== groups) {
    throw new OptionError(`${option} has ${x.length} numbers, the optimizer ${groups} parameter groups`, {
      op,
      option,
    });
  }
  return x.map((each, i) => checkNumber(op, `${option}[${i}]`, each));
}
