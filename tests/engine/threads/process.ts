/** Run as a process of its own: a program for four threads; once as many workers are there as the argument says, it tells. */
import { LinkedRun } from '../../../src/engine/threads/link.ts';
import { threadPool } from '../../../src/engine/threads/pool.ts';
import { ARRAYS, call, numbers, program } from './tasks.ts';

const linking = program(4, (k) => [
  { calls: [call(k.mix, 64, [ARRAYS])] },
  { calls: [call(k.spin(1000), 64, [ARRAYS])] },
]);
const linked = new LinkedRun(linking);
linked.run();
const first = numbers(linking, ARRAYS, 4);

const wanted = Number(process.argv[2]);
const timer = setInterval(() => {
  linked.run();
  if (threadPool().ready < wanted) return;
  clearInterval(timer);
  console.log(JSON.stringify({ first, workers: threadPool().ready }));
}, 20);
