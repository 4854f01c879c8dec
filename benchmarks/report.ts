/** The table of a contest, ratios first. */
import type { Outcome } from './contest.ts';
import { duration } from './measure.ts';
import { OURS, type ContenderName } from './roster.ts';
import type { Mark, Row } from './rows.ts';

/** What was measured for a row; `beside` goes by that name. */
export interface Result {
  readonly row: Row;
  readonly outcomes: ReadonlyMap<string, Outcome>;
}

const TITLES: Readonly<Record<ContenderName | 'beside', string>> = {
  compiled: 'compiled',
  'compiled-2': 'compiled, 2 threads',
  'compiled-fast': '`fast`',
  eager: 'eager',
  'jax-js': 'jax-js',
  'tfjs-wasm': 'tfjs-wasm',
  'tfjs-cpu': 'tfjs-cpu',
  torch: 'PyTorch',
  'torch-2': 'PyTorch, 2 threads',
  jax: 'JAX',
  'jax-2': 'JAX, 2 threads',
  beside: 'beside',
};

/** Columns of ratios: how many times as fast the first is as the second. */
const PAIRS: readonly (readonly [ContenderName, ContenderName])[] = [
  ['compiled', 'jax-js'],
  ['compiled', 'tfjs-wasm'],
  ['compiled', 'tfjs-cpu'],
  ['compiled', 'torch'],
  ['compiled', 'jax'],
  ['compiled-2', 'compiled'],
  ['compiled-2', 'torch-2'],
  ['compiled-2', 'jax-2'],
  ['compiled-fast', 'compiled'],
  ['compiled', 'eager'],
];

export const median = (xs: readonly number[]): number => [...xs].sort((a, b) => a - b)[xs.length >> 1]!;

const measured = (outcome: Outcome | undefined): readonly number[] | null =>
  outcome === undefined || outcome.times.length === 0 ? null : outcome.times;

/** How many times as fast as `slow`, as the median over the rounds that both ran. */
function ratio(fast: readonly number[] | null, slow: readonly number[] | null): number | null {
  if (fast === null || slow === null) return null;
  return median(fast.slice(0, slow.length).map((t, i) => slow[i]! / t));
}

const times = (x: number): string => `${x.toPrecision(x < 100 ? 3 : Math.floor(Math.log10(x)) + 1)} ×`;

function perCall({ row }: Result, ns: readonly number[]): string {
  return duration(median(ns) / (row.per ?? 1));
}

/** The title names who is compared; ours is left out where it is `compiled`. */
const heading = ([of, against]: readonly [ContenderName, ContenderName]): string =>
  of === 'compiled' ? `over ${TITLES[against]}` : `${TITLES[of]} over ${TITLES[against]}`;

/** Whose times stand in the pair's column: the one that has no other. */
const shownTime = ([of, against]: readonly [ContenderName, ContenderName]): ContenderName =>
  against === 'compiled' ? of : against;

function cell(result: Result, pair: readonly [ContenderName, ContenderName]): string {
  const { outcomes } = result;
  const who = outcomes.get(shownTime(pair));
  if (who === undefined) return '';
  const ns = measured(who);
  if (ns === null) return 'cannot';
  const r = ratio(measured(outcomes.get(pair[0])), measured(outcomes.get(pair[1])));
  const differs = who.differs === undefined ? '' : ' ≠';
  return r === null ? `(${perCall(result, ns)})${differs}` : `${times(r)} (${perCall(result, ns)})${differs}`;
}

function own(result: Result): string {
  const outcome = result.outcomes.get('compiled');
  const ns = measured(outcome);
  if (ns === null) return outcome === undefined ? '' : 'cannot';
  const { flop } = result.row.work;
  const rate = flop === undefined || result.row.first ? '' : `, ${(flop / median(ns)).toFixed(1)} GFLOP/s`;
  return `${perCall(result, ns)}${rate}${outcome!.differs === undefined ? '' : ' ≠'}`;
}

/** Columns, as far as somebody who takes part fills them. */
export function columns(present: ReadonlySet<ContenderName>): {
  readonly head: string;
  readonly line: (result: Result) => string;
} {
  const pairs = PAIRS.filter((pair) => present.has(shownTime(pair)));
  const titles = ['work', ...pairs.map(heading), 'compiled'];
  return {
    head: `| ${titles.join(' | ')} |\n|${' --- |'.repeat(titles.length)}`,
    line: (result) => `| ${[result.row.title, ...pairs.map((pair) => cell(result, pair)), own(result)].join(' | ')} |`,
  };
}

interface Verdict {
  readonly wanted: string;
  /** By the medians, and by the best rounds. */
  readonly got: string;
  readonly best: string;
  readonly met: boolean | null;
}

const unmeasured = (wanted: string): Verdict => ({ wanted, got: '–', best: '–', met: null });

function judge(result: Result, mark: Mark): Verdict {
  const { row, outcomes } = result;
  const mine = measured(outcomes.get(mark.of));
  const who = mark.of === 'compiled' ? '' : `${TITLES[mark.of]}: `;
  if ('atMost' in mark) {
    const wanted = `${who}at most ${duration(mark.atMost)}`;
    if (mine === null) return unmeasured(wanted);
    const [ns, least] = [median(mine), Math.min(...mine)].map((t) => t / (row.per ?? 1)) as [number, number];
    return { wanted, got: duration(ns), best: duration(least), met: ns <= mark.atMost };
  }
  const beside = mark.against === 'beside';
  const wanted = `${who}${mark.atLeast} × ${beside ? row.beside!.title : TITLES[mark.against]}`;
  const theirs = measured(outcomes.get(mark.against));
  if (mine === null || theirs === null) return unmeasured(wanted);
  const size = beside ? row.work.flop! / row.beside!.work.flop! : 1;
  const r = size * ratio(mine, theirs)!;
  const best = (size * Math.min(...theirs)) / Math.min(...mine);
  return { wanted, got: times(r), best: times(best), met: r >= mark.atLeast };
}

const said = (met: boolean | null): string => (met === null ? 'not measured' : met ? 'met' : 'missed');

/** Every mark, and whether it is met. */
export function marks(results: readonly Result[]): string {
  const lines = results.flatMap((result) =>
    result.row.marks.map((mark) => {
      const { wanted, got, best, met } = judge(result, mark);
      return `| ${result.row.title} | ${wanted} | ${got} | ${best} | ${said(met)} |`;
    }),
  );
  return ['| work | mark | measured | by the best rounds | |', '| --- | --- | --- | --- | --- |', ...lines].join('\n');
}

/** Who could not, and whose results are not the others', with the reasons. */
export function remarks(results: readonly Result[]): string[] {
  return results.flatMap(({ row, outcomes }) =>
    [...outcomes.values()].flatMap(({ name, cannot, differs }) => [
      ...(cannot === undefined ? [] : [`${row.id}, ${name}: cannot (${cannot.slice(0, 160)})`]),
      ...(differs === undefined ? [] : [`${row.id}, ${name}: ${differs}`]),
    ]),
  );
}

/** Ours alone must not differ; a peer's numbers are its own. */
export const ourErrors = (results: readonly Result[]): boolean =>
  results.some(({ outcomes }) => OURS.some((name) => outcomes.get(name)?.differs !== undefined));
