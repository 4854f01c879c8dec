/** The backend that needs nothing: the interpreter, op by op. */
import { generatorState, restoreGenerator } from '../base/random.ts';
import { interpretAll } from '../program/interpret.ts';
import { resultCount, type Program } from '../program/program.ts';
import { programStats } from '../program/stats.ts';
import { noGrad } from '../value/recording.ts';
import { contentOf, immediate, type Value } from '../value/value.ts';
import { commitEffects } from './effects.ts';
import type { Backend, Executable } from './executable.ts';

/** Numbers by themselves: an output may be a cell, or a Value that the Program holds. */
const plain = (x: Value): Value => immediate(x.shape, x.dtype, contentOf(x));

function run(program: Program, inputs: readonly Value[]): Value[] {
  const before = generatorState();
  try {
    const outputs = noGrad(() => interpretAll(program, inputs).map(plain));
    commitEffects(program, inputs, (output) => contentOf(outputs[output]!));
    return outputs.slice(0, resultCount(program));
  } catch (error) {
    restoreGenerator(before);
    throw error;
  }
}

export const interpreted: Backend = (program): Executable => ({
  run: (inputs) => run(program, inputs),
  stats: () => ({
    ...programStats(program),
    backend: 'interpreter',
    steps: program.instructions.length,
    byStep: { host: program.instructions.length },
    fallbacks: program.instructions.map(({ primitive }) => primitive.name),
    arenaBytes: 0,
    codeBytes: 0,
    memoryBytes: 0,
  }),
  dispose: () => {},
});
