// A contender for tests: `node pretender.mjs honest|wrong|unable|mortal`.
import { contend } from '../../benchmarks/peers/contender.mjs';

const [, , manner] = process.argv;

await contend({
  small({ x, y }) {
    if (manner === 'unable') throw new Error('no vectors here');
    if (manner === 'mortal') process.exit(3);
    const slip = manner === 'wrong' ? 1e-3 : 0;
    return {
      run: () => Float32Array.from(x.data, (a, i) => a + y.data[i] + slip),
      read: (z) => ({ z }),
      finish: () => undefined,
    };
  },
});
