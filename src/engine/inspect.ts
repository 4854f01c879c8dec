/** A compiled function's programs, as they are shown. */
import { optimize } from '../program/passes/index.ts';
import type { Program } from '../program/program.ts';
import type { ExecutableStats } from './executable.ts';

/** A Program on its way from the trace to the engine. */
export interface PassResult {
  /** `trace`, then the name of each pass. */
  readonly name: string;
  /** As this pass left it. */
  readonly program: Program;
}

/** One program in the cache of a compiled function. */
export interface CompiledProgram {
  /** As it was traced: what derivatives are taken of. */
  readonly program: Program;
  /**
   * The Program as it was traced and after each pass; the last is what runs. Each prints as text and can be drawn.
   * @example for (const { name, program } of f.programs[0].passes()) console.log(`${name}: ${program}`)
   */
  passes(): readonly PassResult[];
  /** What the Program costs after all passes, and how the engine runs it. */
  stats(): ExecutableStats;
  /** What runs, as text, under a line of figures. */
  toString(): string;
}

function passesOf(traced: Program): readonly PassResult[] {
  const results: PassResult[] = [{ name: 'trace', program: traced }];
  optimize(traced, (name, program) => void results.push({ name, program }));
  return results;
}

const PREFIXES = ['', 'k', 'M', 'G', 'T'];

/** 1234567 → 1.23 M */
function short(x: number): string {
  let [scaled, power] = [x, 0];
  while (scaled >= 1000 && power < PREFIXES.length - 1) {
    scaled /= 1000;
    power++;
  }
  return `${power === 0 ? scaled : scaled.toPrecision(3)} ${PREFIXES[power]!}`;
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function figures({ instructions, steps, byStep, flop, arenaBytes, fallbacks }: ExecutableStats): string {
  const kinds = Object.entries(byStep).map(([kind, count]) => `${count} ${kind}`);
  return [
    `// ${counted(instructions, 'instruction')} in ${counted(steps, 'step')}${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}`,
    `${short(flop)}FLOP`,
    `arena ${short(arenaBytes)}B`,
    ...(fallbacks.length === 0 ? [] : [`without kernel: ${[...new Set(fallbacks)].join(', ')}`]),
  ].join('; ');
}

/** What is shown of a traced Program and what runs it; nothing is computed before it is asked for. */
export function shownProgram(program: Program, stats: () => ExecutableStats): CompiledProgram {
  return {
    program,
    passes: () => passesOf(program),
    stats,
    toString: () => `${figures(stats())}\n${String(optimize(program))}`,
  };
}
