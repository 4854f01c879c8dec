/** The elementary functions, for every float type, as lane functions. */
export { exp, exp2, expm1 } from './exp.ts';
export { log, log10, log1p, log2, logit, xlogy } from './log.ts';
export { cosh, sigmoid, sinh, tanh } from './tanh.ts';
export { cos, sin, tan } from './sin.ts';
export { acos, asin, atan, atan2 } from './atan.ts';
export { acosh, asinh, atanh } from './hyperbolic-inverse.ts';
export { erf, erfc } from './erf.ts';
export { fmod } from './fmod.ts';
export { hypot, logAddExp } from './hypot.ts';
export { pow } from './pow.ts';
export { digamma, polygamma, trigamma } from './digamma.ts';
export { lgamma } from './gamma.ts';
