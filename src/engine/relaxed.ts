/** Whether this machine's WebAssembly has relaxed fused multiply-adds. */
import { WasmModule } from '../base/wasm/index.ts';

let known: boolean | undefined;

/** Node 22 and current browsers have them; where they are missing `precision: 'fast'` is the default precision. */
export function hasRelaxedSimd(): boolean {
  return (known ??= validates());
}

function validates(): boolean {
  const module = new WasmModule();
  module.function('madd', ['v128', 'v128', 'v128'], ['v128'], (body) => {
    for (const operand of body.params) body.get(operand);
    body.op('f32x4.relaxed_madd');
  });
  return WebAssembly.validate(module.encode());
}
