/** The encoder of WebAssembly modules: everything that generates code imports from here. */
export { FunctionBody } from './body.ts';
export type { FunctionRef, GlobalRef, LaneOpName, Local, MemoryLaneOpName, MemoryOpName, OpName } from './body.ts';
export { WasmModule } from './module.ts';
export type { DeclaredFunction, MemoryLimits } from './module.ts';
export type { Label } from './stack.ts';
export { WasmError } from './types.ts';
export type { Signature, ValueType } from './types.ts';
