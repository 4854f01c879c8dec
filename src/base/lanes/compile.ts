/** Compiles lane functions: code is generated and instantiated at first use, synchronously. */
import { bytesPerElement, type DType, type Storage } from '../dtypes.ts';
import type { LaneKernel } from './kernel.ts';
import type { LaneFunction } from './lanes.ts';
import { loopModule } from './loop.ts';
import { buildProgram, scalarModule, type LaneProgram } from './program.ts';
import { scratch, strideFor } from './scratch.ts';

type Scalar = (...xs: number[]) => number;
type Operand = Storage | number;
type Loop = (n: number, ...splats: number[]) => void;

/** Below this many elements, as many scalar calls cost less than the copies (100 ns; a call 5 to 30). */
const SMALL = 12;

/**
 * A kernel for one combination of dtypes. A bool operand reaches `f` as a mask; a result of another type than `output`
 * is converted. Code is generated at first use; the kernel keeps nothing else alive.
 */
export function laneKernel(f: LaneFunction, inputs: readonly DType[], output: DType): LaneKernel {
  return new CompiledKernel(f, inputs, output);
}

class CompiledKernel implements LaneKernel {
  scalar: Scalar;
  private readonly f: LaneFunction;
  private readonly inputs: readonly DType[];
  private readonly output: DType;
  private program: LaneProgram | undefined;
  private compiled: Scalar | undefined;
  private stage: Stage | undefined;
  /** By which operands are single numbers: bit k stands for operand k. */
  private readonly loops: Map<number, Loop> = new Map();

  constructor(f: LaneFunction, inputs: readonly DType[], output: DType) {
    this.f = f;
    this.inputs = inputs;
    this.output = output;
    this.scalar = (...xs) => this.compileScalar()(...xs);
  }

  run(out: Storage, xs: readonly Operand[]): void {
    if (out.length < SMALL) return runSmall(this.compiled ?? this.compileScalar(), out, xs);
    const splats = splatBits(xs);
    if (splats === bit(xs.length) - 1) out.fill(this.compileScalar()(...(xs as readonly number[])));
    else (this.stage ??= stageFor(this.inputs, this.output)).run(this.loopFor(splats), out, xs, splats !== 0);
  }

  private compileScalar(): Scalar {
    if (this.compiled === undefined) {
      this.compiled = instantiate(scalarModule(this.lower())).scalar as Scalar;
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
}

function splatBits(xs: readonly Operand[]): number {
  let bits = 0;
  for (let k = 0; k < xs.length; k++) if (typeof xs[k] === 'number') bits += bit(k);
  return bits;
}

/** 2^k as a number: kernels may have more operands than an int32 has bits. */
function bit(k: number): number {
  if (k < 31) return 1 << k;
  let power = 1073741824;
  for (let i = 30; i < k; i++) power *= 2;
  return power;
}

function instantiate(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { scratch: { memory: scratch().memory } }).exports;
}

/** One array's place in the scratch memory; `at` counts elements. */
interface Place {
  readonly view: Storage;
  readonly at: number;
}

function stageFor(inputs: readonly DType[], output: DType): Stage {
  const { views } = scratch();
  const stride = strideFor(inputs.length + 1);
  const place = (dtype: DType, k: number): Place => ({ view: views[dtype], at: (k * stride) / bytesPerElement(dtype) });
  const widest = Math.max(bytesPerElement(output), ...inputs.map(bytesPerElement));
  return new Stage(inputs.map(place), place(output, inputs.length), stride / widest);
}

/** Brings the operands of one kernel to the scratch memory and the result back, a piece at a time. */
class Stage {
  private readonly places: readonly Place[];
  private readonly result: Place;
  /** Elements per piece. */
  private readonly step: number;

  constructor(places: readonly Place[], result: Place, step: number) {
    this.places = places;
    this.result = result;
    this.step = step;
  }

  run(loop: Loop, out: Storage, xs: readonly Operand[], hasSplats: boolean): void {
    const splats = hasSplats ? xs.filter((x) => typeof x === 'number') : [];
    for (let start = 0; start < out.length; start += this.step) {
      const count = Math.min(this.step, out.length - start);
      for (let k = 0; k < xs.length; k++) {
        const x = xs[k]!;
        if (typeof x !== 'number') copyIn(this.places[k]!, x, start, count);
      }
      if (hasSplats) loop(count, ...splats);
      else loop(count);
      copyOut(this.result, out, start, count);
    }
  }
}

function copyIn({ view, at }: Place, x: Storage, start: number, count: number): void {
  view.set(x.length === count ? x : x.subarray(start, start + count), at);
}

function copyOut({ view, at }: Place, out: Storage, start: number, count: number): void {
  out.set(view.subarray(at, at + count), start);
}

function runSmall(scalar: Scalar, out: Storage, xs: readonly Operand[]): void {
  if (xs.length === 1) return runOne(scalar, out, xs[0]!);
  if (xs.length === 2) return runTwo(scalar, out, xs[0]!, xs[1]!);
  const args = new Array<number>(xs.length);
  for (let i = 0; i < out.length; i++) {
    for (let k = 0; k < xs.length; k++) args[k] = at(xs[k]!, i);
    out[i] = scalar(...args);
  }
}

function runOne(scalar: Scalar, out: Storage, x: Operand): void {
  for (let i = 0; i < out.length; i++) out[i] = scalar(at(x, i));
}

function runTwo(scalar: Scalar, out: Storage, x: Operand, y: Operand): void {
  for (let i = 0; i < out.length; i++) out[i] = scalar(at(x, i), at(y, i));
}

const at = (x: Operand, i: number): number => (typeof x === 'number' ? x : x[i]!);
