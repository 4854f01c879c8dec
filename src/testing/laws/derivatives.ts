/** Laws of differentiation. */
import { LawError, differentiable, floatCall, positionsOfFloats, type Case, type Law } from './law.ts';
import { settingsOf } from '../options.ts';
import { problemOf } from '../problem.ts';
import { describeFailures, reportOn, type GradientReport } from '../report.ts';
import { freed } from './sampling.ts';

/** Elements of larger operands that are looked at one by one. */
const ELEMENTS = 24;

function reportOf({ sample, inputs }: Case, order: number): GradientReport | null {
  if (positionsOfFloats(inputs).length === 0) return null;
  const tolerance = sample.tolerance ?? 1e-6;
  const settings = settingsOf('laws', { order, tolerance, maxElements: ELEMENTS });
  return reportOn(problemOf('laws', floatCall(freed(sample)), inputs), settings, order);
}

function requireRight(report: GradientReport | null): void {
  if (report === null) return;
  if (!report.ok) throw new LawError(describeFailures(report));
  // Domains keep away from kinks: one that is met is a domain that is wrong.
  const kink = report.kinks[0];
  if (kink !== undefined)
    throw new LawError(`not smooth inside its domain: d ${kink.output} / d ${kink.name}[${kink.element.join()}]`);
}

/** Both modes agree with differences, and with each other. */
export const first: Law = {
  name: 'jvp and vjp = finite differences',
  exempts: differentiable,
  check: (at) => requireRight(reportOf(at, 1)),
};

/** Derivatives of derivatives, in all four combinations of modes, agree with differences. */
export const second: Law = {
  name: 'second derivatives = finite differences',
  exempts: differentiable,
  check: (at) => requireRight(reportOf(at, 2)),
};
