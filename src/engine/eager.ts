/** Eager ops on large tensors: those that keep coming are run by the engine's kernels, each as a program of its own. */
import { bytesPerElement } from '../base/dtypes.ts';
import type { Content } from '../base/storage.ts';
import { sizeOf } from '../base/shapes.ts';
import type { Attributes, Aval, Primitive } from '../ops/primitive.ts';
import { makeProgram, type Program, type Var } from '../program/program.ts';
import { setAccelerator } from '../value/apply.ts';
import { contentOf, type Value } from '../value/value.ts';
import type { Executable } from './executable.ts';
import { native } from './native.ts';

/** Smaller tensors do not repay the copies into the engine's memory and out of it. */
const LARGE = 1 << 16;
/** Elements that an op has to have worked on before code is generated for it: a few milliseconds' work. */
const WORTH_CODE = 1 << 22;
/** What programs may hold of operands and results, all together; the one used longest ago goes first. */
const MOST_BYTES = 1 << 27;

interface Known {
  /** Elements worked on so far. */
  elements: number;
  readonly bytes: number;
  executable: Executable | null;
}

const bytesOf = ({ shape, dtype }: Aval): number => sizeOf(shape) * bytesPerElement(dtype);

/** One instruction. */
function programOf(primitive: Primitive, inputs: readonly Aval[], attrs: Attributes, outs: readonly Aval[]): Program {
  const isDraw = primitive.effect === 'random';
  const variables = [...inputs, ...outs].map(({ shape, dtype }, index): Var => ({ index, shape, dtype, label: null }));
  const [operands, results] = [variables.slice(0, inputs.length), variables.slice(inputs.length)];
  return makeProgram({
    inputs: operands,
    captures: [],
    instructions: [
      {
        primitive,
        inputs: operands,
        outputs: results,
        attrs: isDraw ? { ...attrs, draw: 0 } : attrs,
        scope: null,
        differentiable: false,
      },
    ],
    outputs: results,
    result: { kind: 'array', children: results.map(() => ({ kind: 'leaf' })) },
    draws: isDraw ? 1 : 0,
  });
}

class EagerKernels {
  /** By what is computed, used last behind. */
  private readonly known: Map<string, Known> = new Map();
  private readonly worthCode: number;
  private bytes = 0;
  /** While one runs, everything else runs by its reference kernel: an error is explained that way. */
  private isRunning = false;

  constructor(worthCode: number) {
    this.worthCode = worthCode;
  }

  run(
    primitive: Primitive,
    inputs: readonly Value[],
    attrs: Attributes,
    outs: readonly Aval[],
  ): readonly Content[] | null {
    const elements = [...inputs, ...outs].reduce((most, { shape }) => Math.max(most, sizeOf(shape)), 0);
    if (elements < LARGE || this.isRunning || primitive.lower(inputs, attrs) === null) return null;
    const entry = this.entryFor(primitive, inputs, attrs, outs);
    entry.elements += elements;
    if (entry.elements < this.worthCode) return null;
    if (entry.executable === null) this.compile(entry, programOf(primitive, inputs, attrs, outs));
    this.isRunning = true;
    try {
      return entry.executable!.run(inputs).map((x) => contentOf(x));
    } finally {
      this.isRunning = false;
    }
  }

  private entryFor(primitive: Primitive, inputs: readonly Aval[], attrs: Attributes, outs: readonly Aval[]): Known {
    const shapes = inputs.map(({ shape, dtype }) => `${dtype}[${shape.join()}]`).join(' ');
    const key = `${primitive.name} ${shapes} ${JSON.stringify(attrs)}`;
    let entry = this.known.get(key);
    this.known.delete(key);
    const bytes = [...inputs, ...outs].reduce((sum, x) => sum + bytesOf(x), 0);
    entry ??= { elements: 0, bytes, executable: null };
    this.known.set(key, entry);
    return entry;
  }

  private compile(entry: Known, program: Program): void {
    // Memories that threads share are few: they are for functions that someone compiles.
    entry.executable = native(program, { precision: 'default', threads: 1 });
    this.bytes += entry.bytes;
    for (const [key, old] of this.known) {
      if (this.bytes <= MOST_BYTES || old === entry) return;
      if (old.executable !== null) this.bytes -= old.bytes;
      old.executable?.dispose();
      this.known.delete(key);
    }
  }
}

/** Lets large eager ops use the engine's kernels from now on, once they have worked on so many elements. */
export function accelerateEagerOps(worthCode: number = WORTH_CODE): void {
  const kernels = new EagerKernels(worthCode);
  setAccelerator((primitive, inputs, attrs, outs) => kernels.run(primitive, inputs, attrs, outs));
}
