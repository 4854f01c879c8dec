/** chainrule/testing: property tests of derivatives, arbitraries of Values, matchers. fast-check is an optional peer. */
import '../value/install.ts';

export { GradientMismatchError } from '../base/errors.ts';
export { arbitraryValue, type ArbitraryOptions } from './arbitrary.ts';
export { checkGradients, gradientReport, type Inputs } from './check.ts';
export {
  equalValues,
  toBeCloseToValue,
  valueMatchers,
  type Closeness,
  type MatcherResult,
  type ValueMatchers,
} from './equality.ts';
export { useFastCheck, type Arbitrary } from './fast-check.ts';
export { checkOp, LawError, type LawOptions } from './laws/index.ts';
export type { MatrixKind } from './matrices.ts';
export type { GradientOptions, Mode } from './options.ts';
export type { GradientReport } from './report.ts';
export type { GradientEntry } from './rows.ts';
export type { Verdict } from './compare.ts';
