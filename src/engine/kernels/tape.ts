/** Tapes: an interpreter made for the operations of one tape, and the words that it reads. */
import type { DType } from '../../base/dtypes.ts';
import { emitGraph } from '../../base/lanes/emit.ts';
import { SCALAR_LOADS, SCALAR_STORES, ScalarForm } from '../../base/lanes/scalar-form.ts';
import type { FunctionBody, Label, Local } from '../../base/wasm/index.ts';
import type { Emission, Task } from '../emission.ts';
import { runsOf } from '../plan/tape.ts';
import type { Buffer, Places, TapeOperation, TapeStep } from '../steps.ts';

/** Bytes from one result to the next. */
const CELL = 8;
const WORD = 4;
const END = -1;

/** Nanoseconds of an entry, about. */
const ENTRY = 2;

/** One unit: entries need each other. */
export function tapeTask(step: TapeStep, e: Emission): Task {
  const run = e.module.function(undefined, ['i32', 'i32', 'i32', 'i32', 'i32'], [], (body) => {
    const [, , , words, values] = body.params as [Local, Local, Local, Local, Local];
    new Interpreter(body, step, e, words, values).write();
  });
  return {
    function: run,
    args: [step.words, step.values],
    units: 1,
    scratch: 0,
    nanoseconds: step.entries.length * ENTRY,
  };
}

class Interpreter {
  private readonly body: FunctionBody;
  private readonly step: TapeStep;
  private readonly e: Emission;
  /** The next word, and where the next result goes. */
  private readonly at: Local;
  private readonly out: Local;
  private readonly count: Local;

  constructor(body: FunctionBody, step: TapeStep, e: Emission, words: Local, values: Local) {
    this.body = body;
    this.step = step;
    this.e = e;
    this.at = words;
    this.out = values;
    this.count = body.local('i32');
  }

  write(): void {
    const { body, at, count, step } = this;
    const cases = [
      ...step.operations.map((operation) => () => this.entries(operation)),
      ...step.copies.map(
        ({ dtype }) =>
          () =>
            this.copies(dtype),
      ),
    ];
    body.block([], (done) => {
      body.loop([], (next) => {
        const dispatch = (labels: readonly Label[]): void => {
          if (labels.length < cases.length) {
            body.block([], (label) => dispatch([...labels, label]));
            // The innermost block is the last label's; its code comes first.
            cases[labels.length]!();
            body.br(next);
            return;
          }
          body.get(at).memory('i32.load', WORD).set(count);
          body
            .get(at)
            .get(at)
            .i32(2 * WORD)
            .op('i32.add')
            .set(at)
            .memory('i32.load');
          body.brTable(labels, done);
        };
        dispatch([]);
      });
    });
  }

  /** `count` times: operands by address, the result to the next place. */
  private entries({ graph, inputs, value, dtype }: TapeOperation): void {
    const { body, at, out, count, e } = this;
    this.repeat(count, () => {
      body.get(out);
      emitGraph(body, graph, value, new ScalarForm(e.slow), new Map(), (input) => {
        const k = input.value as number;
        body.get(at).memory('i32.load', k * WORD);
        body.memory(SCALAR_LOADS[inputs[k]!]);
      });
      body.memory(SCALAR_STORES[dtype]);
      this.advance(at, inputs.length * WORD);
      this.advance(out, CELL);
    });
  }

  private copies(dtype: DType): void {
    const { body, at, count } = this;
    this.repeat(count, () => {
      body.get(at).memory('i32.load', WORD);
      body.get(at).memory('i32.load').memory(SCALAR_LOADS[dtype]).memory(SCALAR_STORES[dtype]);
      this.advance(at, 2 * WORD);
    });
  }

  private repeat(count: Local, inside: () => void): void {
    const { body } = this;
    body.loop([], (again) => {
      inside();
      body.get(count).i32(1).op('i32.sub').tee(count).brIf(again);
    });
  }

  private advance(pointer: Local, bytes: number): void {
    this.body.get(pointer).i32(bytes).op('i32.add').set(pointer);
  }
}

/** What the interpreter reads, when it is known where everything lies. */
export function tapeWords(step: TapeStep, address: (buffer: Buffer) => number): Int32Array {
  const words = new Int32Array(step.words.size);
  const bases = step.buffers.map(address);
  const at = ({ buffers, bytes }: Places, i: number): number => bases[buffers[i]!]! + bytes[i]!;
  let [next, operand] = [0, 0];
  const runs = runsOf(step.entries);
  for (let r = 0; r + 1 < runs.length; r++) {
    const [from, to] = [runs[r]!, runs[r + 1]!];
    const operation = step.entries[from]!;
    words[next++] = operation;
    words[next++] = to - from;
    const count = (to - from) * step.operations[operation]!.inputs.length;
    for (let i = 0; i < count; i++) words[next++] = at(step.operands, operand++);
  }
  step.copies.forEach(({ from, to }, kind) => {
    words[next++] = step.operations.length + kind;
    words[next++] = from.bytes.length;
    for (let i = 0; i < from.bytes.length; i++) {
      words[next++] = at(from, i);
      words[next++] = at(to, i);
    }
  });
  words[next] = END;
  return words;
}
