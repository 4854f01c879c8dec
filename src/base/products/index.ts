/** Matrix products of floats in generated WebAssembly. */
export { gatheredOperand, matrixOperand, runLength } from './operand.ts';
export type { Block, Innermost, Matrix, Operand } from './operand.ts';
export { multiplyInBlocks } from './product.ts';
export { K_BLOCK } from './tile.ts';
export type { ProductDType } from './tile.ts';
