/** Momentum that goes up and down against the rate. */
import { OptionError } from '../../base/errors.ts';
import type { ParameterGroup } from '../group.ts';
import type { Optimizer } from '../optimizer.ts';

const NAMES = ['betas', 'momentum'] as const;

/** What momentum is called in an optimizer: an option of its own, or the first of betas. */
export type MomentumName = (typeof NAMES)[number];

/** @throws OptionError if the optimizer has no momentum. */
export function momentumNameOf(op: string, optimizer: Optimizer): MomentumName {
  const name = NAMES.find((each) => Object.hasOwn(optimizer.defaults, each));
  if (name !== undefined) return name;
  throw new OptionError(`${optimizer.constructor.name} has no momentum and no betas to cycle`, {
    op,
    option: 'cycleMomentum',
    hint: 'Pass { cycleMomentum: false }.',
  });
}

export function setMomentum(group: ParameterGroup, name: MomentumName, momentum: number): void {
  if (name === 'momentum') return group.set({ momentum });
  const [, beta2] = group.options()['betas'] as readonly [number, number];
  group.set({ betas: [momentum, beta2] });
}
