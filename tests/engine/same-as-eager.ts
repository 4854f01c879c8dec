/** Two runs of the same steps, one of them compiled, held against each other. */
import { compile, manualSeed, rand, type Value } from 'chainrule';

/** Everything that a step may change, as text. */
export const contentsOf = (cells: readonly Value[]): string => JSON.stringify(cells.map((x) => [x, x.grad]));

/** Something that has state, and a way to step it. */
export interface Run {
  readonly step: (...args: Value[]) => unknown;
  readonly cells: () => readonly Value[];
  /** What else it remembers. */
  readonly rest?: () => unknown;
}

/** Makes the same twice, runs one of them compiled, and compares after each step. */
export function sameAsEager(make: () => Run, inputs: readonly (readonly Value[])[]): ReturnType<typeof compile> {
  const seeded = (): Run => {
    manualSeed(3);
    return make();
  };
  const [eager, other] = [seeded(), seeded()];
  const compiled = compile(other.step);
  inputs.forEach((args, i) => {
    const outcome = (step: (...xs: Value[]) => unknown, run: Run): string => {
      manualSeed(100 + i);
      const result = JSON.stringify(step(...args));
      return [result, contentsOf(run.cells()), JSON.stringify(run.rest?.()), rand([1]).item()].join('\n');
    };
    expect(outcome(compiled as never, other)).toBe(outcome(eager.step, eager));
  });
  return compiled as never;
}
