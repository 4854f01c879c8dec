/** Random programs as a fast-check arbitrary. */
import * as fc from 'fast-check';
import { LIBRARY_NAMES } from './builder.ts';
import { generate, type ProgramOptions } from './generate.ts';
import { print, type Program } from './program.ts';
import { simpler } from './shrink.ts';

/** A program as fast-check shows it: as code. */
const shown = (program: Program): Program =>
  Object.defineProperty({ ...program }, fc.toStringMethod, { value: () => print(program, LIBRARY_NAMES) });

class ProgramArbitrary extends fc.Arbitrary<Program> {
  readonly #options: ProgramOptions;

  constructor(options: ProgramOptions) {
    super();
    this.#options = options;
  }

  override generate(rng: fc.Random): fc.Value<Program> {
    return new fc.Value(shown(generate(rng, this.#options)), undefined);
  }

  override canShrinkWithoutContext(_: unknown): _ is Program {
    return false;
  }

  override shrink(program: Program): fc.Stream<fc.Value<Program>> {
    return fc.stream(simpler(program)).map((candidate) => new fc.Value(shown(candidate), undefined));
  }
}

export const randomProgram = (options: ProgramOptions = {}): fc.Arbitrary<Program> => new ProgramArbitrary(options);

/** The text that a program is run from. */
export const textOf = (program: Program): string => print(program, LIBRARY_NAMES);
