import { columns, marks, ourErrors, remarks, type Result } from '../../benchmarks/report.ts';
import type { ContenderName } from '../../benchmarks/roster.ts';
import type { Mark } from '../../benchmarks/rows.ts';
import { product } from '../../benchmarks/works.ts';

interface Told {
  readonly times?: readonly number[];
  readonly cannot?: string;
  readonly differs?: string;
}

/** A row of 1 GFLOP, with one of half as much beside it. */
function result(told: Partial<Record<ContenderName | 'beside', Told>>, ...wanted: Mark[]): Result {
  const [work, half] = [product(1000, 1000, 500), product(1000, 1000, 250)];
  const outcomes = Object.entries(told).map(([name, rest]) => [name, { name, times: [], ...rest }] as const);
  const row = { id: 'row', title: 'the row', work, beside: { title: 'half', work: half }, marks: wanted };
  return { row, outcomes: new Map(outcomes) };
}

const line = (r: Result, ...present: ContenderName[]): string => columns(new Set(present)).line(r);
const lastLine = (text: string): string => text.split('\n').at(-1)!;

describe('the table', () => {
  test('has a column for those who take part, ratios before times', () => {
    expect(columns(new Set(['compiled', 'torch'])).head).toContain('| work | over PyTorch | compiled |');
  });

  test('says how many times as fast as a peer, as the median of the rounds, with the peer’s time', () => {
    const r = result({ compiled: { times: [1e6, 2e6, 1e6] }, torch: { times: [3e6, 4e6, 5e6] } });
    expect(line(r, 'compiled', 'torch')).toBe('| the row | 3.00 × (4.0 ms) | 1.0 ms, 1000.0 GFLOP/s |');
  });

  test('compares rounds that both ran: a slow peer runs fewer', () => {
    const r = result({ compiled: { times: [1e6, 2e6, 4e6] }, torch: { times: [8e6] } });
    expect(line(r, 'compiled', 'torch')).toContain('8.00 ×');
  });

  test('shows who cannot, and whose results differ', () => {
    const r = result({ compiled: { times: [1e6] }, torch: { cannot: 'why' }, jax: { times: [1e6], differs: 'how' } });
    expect(line(r, 'compiled', 'torch', 'jax')).toMatch(/\| cannot \| 1\.00 × \(1\.0 ms\) ≠ \|/);
    expect(remarks([r])).toEqual(['row, torch: cannot (why)', 'row, jax: how']);
    expect(ourErrors([r])).toBe(false);
    expect(ourErrors([result({ 'compiled-2': { differs: 'how' } })])).toBe(true);
  });
});

describe('marks', () => {
  const told = { compiled: { times: [1e6] }, beside: { times: [1e6] }, torch: { times: [5e5] } };

  test.each<[Mark, string]>([
    [{ of: 'compiled', against: 'torch', atLeast: 0.5 }, '| 0.5 × PyTorch | 0.500 × | 0.500 × | met |'],
    [{ of: 'compiled', against: 'torch', atLeast: 0.6 }, '| 0.6 × PyTorch | 0.500 × | 0.500 × | missed |'],
    [{ of: 'compiled', against: 'jax', atLeast: 1 }, '| 1 × JAX | – | – | not measured |'],
    [{ of: 'compiled', atMost: 2e6 }, '| at most 2.0 ms | 1.0 ms | 1.0 ms | met |'],
    [{ of: 'compiled', atMost: 9e5 }, '| at most 900.0 µs | 1.0 ms | 1.0 ms | missed |'],
  ])('%j', (mark, expected) => {
    expect(lastLine(marks([result(told, mark)]))).toContain(expected);
  });

  test('what stands beside is compared by FLOP', () => {
    const mark: Mark = { of: 'compiled', against: 'beside', atLeast: 1.5 };
    expect(lastLine(marks([result(told, mark)]))).toContain('| 1.5 × half | 2.00 × | 2.00 × | met |');
  });
});
