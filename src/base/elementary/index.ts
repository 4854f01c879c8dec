/** The elementary functions, for every float type, as lane functions. */
export { exp, exp2, expm1 } from './exp.ts';
export { log, log10, log1p, log2, logit, xlogy } from './log.ts';
export { cosh, sigmoid, sinh, tanh } from './tanh.ts';
export { cos, sin, tan } from './sin.ts';
