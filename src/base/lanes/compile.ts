/** Compiles lane functions: code is generated and instantiated at first use, synchronously. */
import { bytesPerElement, type DType, type Storage } from '../dtypes.ts';
import type { LaneKernel } from './kernel.ts';
import type { LaneFunction } from './lanes.ts';
import { buildProgram, loopModule, scalarModule, type LaneProgram } from './program.ts';
import { scratch, strideFor } from './scratch.ts';

type Loop = (n: number, ...splats: number[]) => void;

/** Below this many elements the calls cost less than the copies. */
const SMALL = 32;

/**
 * A kernel for one combination of dtypes. A bool operand reaches `f` as a mask; a result of another type than `output`
 * is converted. Code is generated at first use; the kernel keeps nothing else alive.
 */
export function laneKernel(f: LaneFunction, inputs: readonly DType[], output: DType): LaneKernel {
  return new CompiledKernel(f, inputs, output);
}

class CompiledKernel implements LaneKernel {
  scalar: (...xs: number[]) => number;
  private readonly f: LaneFunction;
  private readonly inputs: readonly DType[];
  private readonly output: DType;
  private program: LaneProgram | undefined;
  private compiled: ((...xs: number[]) => number) | undefined;
  /** By which operands are single numbers: bit k stands for operand k. */
  private readonly loops: Map<number, Loop> = new Map();

  constructor(f: LaneFunction, inputs: readonly DType[], output: DType) {
    this.f = f;
    this.inputs = inputs;
    this.output = output;
    this.scalar = (...xs) => this.compileScalar()(...xs);
  }

  run(out: Storage, xs: readonly (Storage | number)[]): void {
    let splats = 0;
    for (let k = 0; k < xs.length; k++) if (typeof xs[k] === 'number') splats += bit(k);
    if (splats === bit(xs.length) - 1) out.fill(this.compileScalar()(...(xs as readonly number[])));
    else if (out.length < SMALL) runSmall(this.compileScalar(), out, xs);
    else this.runLarge(this.loopFor(splats), out, xs);
  }

  private compileScalar(): (...xs: number[]) => number {
    if (this.compiled === undefined) {
      this.compiled = instantiate(scalarModule(this.lower())).scalar as (...xs: number[]) => number;
      this.scalar = this.compiled;
    }
    return this.compiled;
  }

  private loopFor(splats: number): Loop {
    let loop = this.loops.get(splats);
    if (loop === undefined) {
      const flags = this.inputs.map((_, k) => Math.floor(splats / bit(k)) % 2 === 1);
      const stride = strideFor(this.inputs.length + 1);
      loop = instantiate(loopModule(this.lower(), { stride, splats: flags })).loop as Loop;
      this.loops.set(splats, loop);
    }
    return loop;
  }

  private lower(): LaneProgram {
    return (this.program ??= buildProgram(this.f, this.inputs, this.output));
  }

  /** Pieces of the arrays are copied in, computed, and copied out, so that any length passes through the scratch memory. */
  private runLarge(loop: Loop, out: Storage, xs: readonly (Storage | number)[]): void {
    const { views } = scratch();
    const stride = strideFor(this.inputs.length + 1);
    const widest = this.inputs.reduce(
      (bytes, dtype) => Math.max(bytes, bytesPerElement(dtype)),
      bytesPerElement(this.output),
    );
    const step = stride / widest;
    const splats = xs.filter((x) => typeof x === 'number');
    const result = views[this.output];
    const resultAt = (this.inputs.length * stride) / bytesPerElement(this.output);
    for (let start = 0; start < out.length; start += step) {
      const count = Math.min(step, out.length - start);
      for (let k = 0; k < xs.length; k++) {
        const x = xs[k]!;
        if (typeof x === 'number') continue;
        const dtype = this.inputs[k]!;
        const piece = x.length === count ? x : x.subarray(start, start + count);
        views[dtype].set(piece, (k * stride) / bytesPerElement(dtype));
      }
      loop(count, ...splats);
      out.set(result.subarray(resultAt, resultAt + count), start);
    }
  }
}

function instantiate(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { scratch: { memory: scratch().memory } }).exports;
}

function runSmall(scalar: (...xs: number[]) => number, out: Storage, xs: readonly (Storage | number)[]): void {
  const [x, y] = xs;
  if (xs.length === 1) return runOne(scalar, out, x as Storage);
  if (xs.length === 2) return runTwo(scalar, out, x!, y!);
  const args = new Array<number>(xs.length);
  for (let i = 0; i < out.length; i++) {
    for (let k = 0; k < xs.length; k++) args[k] = at(xs[k]!, i);
    out[i] = scalar(...args);
  }
}

function runOne(scalar: (x: number) => number, out: Storage, x: Storage): void {
  for (let i = 0; i < out.length; i++) out[i] = scalar(x[i]!);
}

function runTwo(
  scalar: (x: number, y: number) => number,
  out: Storage,
  x: Storage | number,
  y: Storage | number,
): void {
  if (typeof x === 'number') for (let i = 0; i < out.length; i++) out[i] = scalar(x, (y as Storage)[i]!);
  else if (typeof y === 'number') for (let i = 0; i < out.length; i++) out[i] = scalar(x[i]!, y);
  else for (let i = 0; i < out.length; i++) out[i] = scalar(x[i]!, y[i]!);
}

const at = (x: Storage | number, i: number): number => (typeof x === 'number' ? x : x[i]!);

/** 2^k as a number: kernels may have more operands than an int32 has bits. */
function bit(k: number): number {
  let power = 1;
  for (let i = 0; i < k; i++) power *= 2;
  return power;
}
