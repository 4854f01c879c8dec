/** Matrix products of floats in generated WebAssembly. */
export { K_BLOCK } from './kernel.ts';
export { gatheredOperand, matrixOperand, runLength } from './operand.ts';
export type { Block, Innermost, Matrix, Operand } from './operand.ts';
export { multiplyInBlocks } from './product.ts';
export type { ProductDType } from './tile.ts';
