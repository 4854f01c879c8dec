/** Every derivative of a function at one point, beside what differences say. */
import { firstOrder } from './first-order.ts';
import { higherOrders } from './higher.ts';
import type { Settings } from './options.ts';
import { sameNumbers, type Problem } from './problem.ts';
import { entryOf, isWorse, worstOfEach, type GradientEntry } from './rows.ts';

export interface GradientReport {
  /** True if nothing failed. Kinks do not count (unless `kinks: 'fail'`). */
  readonly ok: boolean;
  /** One for each element of each argument, in each mode and order. */
  readonly entries: readonly GradientEntry[];
  /** Those that failed. */
  readonly mismatches: readonly GradientEntry[];
  /** Those where f is not smooth. */
  readonly kinks: readonly GradientEntry[];
  /** The entry that came closest to failing, or failed most. */
  readonly worst: GradientEntry | null;
  /** What went wrong beside single derivatives: modes that disagree, a changed primal value, an f that is not pure. */
  readonly faults: readonly string[];
  toString(): string;
}

const failed = (faults: readonly string[]): Omit<GradientReport, 'toString'> => ({
  ok: false,
  entries: [],
  mismatches: [],
  kinks: [],
  worst: null,
  faults,
});

function figures(problem: Problem, settings: Settings, from: number): Omit<GradientReport, 'toString'> {
  const here = problem.evaluate(problem.point);
  if (!sameNumbers(here, problem.evaluate(problem.point))) {
    return failed(['f gives different results for the same input; fix its random draws or its state first']);
  }
  const { rows, faults } = from > 1 ? { rows: [], faults: [] } : firstOrder(problem, settings, here);
  // What is built on a wrong gradient is wrong as well: the first order tells more.
  const right = !rows.some((row) => row.comparison.verdict === 'mismatch');
  if (right && settings.order > 1) rows.push(...higherOrders(problem, settings));
  const entries = worstOfEach(rows).map((row) => entryOf(problem, row));
  const fails = ({ verdict }: GradientEntry): boolean =>
    verdict === 'mismatch' || verdict === 'notFinite' || (settings.kinks === 'fail' && verdict === 'kink');
  const mismatches = entries.filter(fails);
  const measured = entries.filter(({ verdict }) => verdict === 'ok' || verdict === 'mismatch');
  return {
    ok: mismatches.length === 0 && faults.length === 0,
    entries,
    mismatches,
    kinks: entries.filter(({ verdict }) => verdict === 'kink'),
    worst: measured.reduce<GradientEntry | null>((a, b) => (a === null || isWorse(b, a) ? b : a), null),
    faults,
  };
}

/** `from` 2: the first order is taken for granted. */
export function reportOn(problem: Problem, settings: Settings, from: number = 1): GradientReport {
  const found = figures(problem, settings, from);
  return { ...found, toString: () => summary(found) };
}

// Words ------------------------------------------------------------------------------------------------------------

const ORDERS = ['', 'first', 'second', 'third'];
const orderName = (order: number): string => (order < ORDERS.length ? `${ORDERS[order]} order` : `order ${order}`);

const SHOWN = 5;

const number = (x: number): string => (Number.isFinite(x) ? String(Number(x.toPrecision(10))) : String(x));

function describeEntry(e: GradientEntry): string {
  const at = e.element.length === 0 ? '' : `, element [${e.element.join(', ')}]`;
  const lines = [`${e.mode} mode, ${orderName(e.order)}: d ${e.output} / d ${e.name}${at}`];
  if (e.verdict === 'notFinite') {
    lines.push(`  f is NaN or infinite there: keep the inputs inside its domain`);
  } else {
    lines.push(`  expected ${number(e.expected)} (central differences)`, `  got      ${number(e.got)}`);
    lines.push(`  error    ${e.error.toExponential(2)}, allowed ${e.allowed.toExponential(2)}`);
  }
  if (e.kink !== null)
    lines.push(`  one-sided derivatives differ: ${number(e.kink.left)} from below, ${number(e.kink.right)} from above`);
  return lines.join('\n');
}

/** The failures, the gravest first, each with its figures. */
export function describeFailures({ mismatches, faults }: Pick<GradientReport, 'mismatches' | 'faults'>): string {
  const sorted = [...mismatches].sort((a, b) => a.order - b.order || (isWorse(a, b) ? -1 : 1));
  const lines = [...sorted.slice(0, SHOWN).map(describeEntry), ...faults];
  if (sorted.length > SHOWN) lines.push(`… and ${sorted.length - SHOWN} more`);
  return lines.join('\n');
}

function summary(report: Omit<GradientReport, 'toString'>): string {
  const { ok, entries, kinks, worst } = report;
  const head = `${entries.length} derivatives ${ok ? 'agree' : 'checked'}, ${kinks.length} at kinks`;
  const tail = ok ? (worst === null ? '' : `\nworst: ${describeEntry(worst)}`) : `\n${describeFailures(report)}`;
  return `${head}${tail}${kinks.length === 0 ? '' : `\nkink: ${describeEntry(kinks[0]!)}`}`;
}
