/** Which primitives an engine need not run by their reference kernels. */
import { sample } from 'fast-check';
import type { Primitive } from '../../src/ops/primitive.ts';
import { arbitraryOperands } from '../../src/testing/laws/sampling.ts';
import { withObserver } from '../../src/value/recording.ts';
import { ops } from './table.ts';

/** The kinds of lowering of every kernel that the table's samples apply. */
function kernels(): Map<Primitive, Set<string>> {
  const kinds = new Map<Primitive, Set<string>>();
  const look = (p: Primitive, lowering: string): unknown => kinds.set(p, (kinds.get(p) ?? new Set()).add(lowering));
  for (const { record } of ops) {
    for (const at of record.samples) {
      const [inputs] = sample(arbitraryOperands(at, false), { numRuns: 1, seed: 1 });
      withObserver(
        (p, xs, attrs) => p.compute.kind === 'kernel' && look(p, p.lower(xs, attrs)?.kind ?? 'none'),
        () => at.call(...inputs!),
      );
    }
  }
  return kinds;
}

test('what only copies is lowered to a map', () => {
  const copying = [...kernels()].filter(([{ compute }]) => compute.kind === 'kernel' && compute.copies === true);
  expect(copying.length).toBeGreaterThan(4);
  for (const [{ name }, kinds] of copying) expect([name, ...kinds]).toEqual([name, 'map']);
});
