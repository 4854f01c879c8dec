/**
 * A contender's process: reads one command a line from standard input, answers each with a line on descriptor 3.
 *   { do: 'prepare', assignment }   makes the work and runs it once: { time, processor }
 *   { do: 'results', folder }       the results of the first steps, as files: { arrays: { name: { file, dtype } } }
 *   { do: 'warm', ms, least }       runs for that long: { time, processor } of a run
 *   { do: 'round', calls }          runs that often: { time, processor } of a run
 * Times are nanoseconds: by the clock on the wall, and of all threads on processors. What fails is answered with { cannot: why }.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array };
const now = () => Number(process.hrtime.bigint());

/** A stopwatch; read with the number of runs it covered. */
function watch() {
  const start = now();
  const used = process.cpuUsage();
  return (runs) => {
    const time = now() - start;
    const { user, system } = process.cpuUsage(used);
    return { time: time / runs, processor: (1000 * (user + system)) / runs };
  };
}

/** The inputs as { name: { data, shape, dtype } }. */
function load(inputs) {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { file, shape, dtype }]) => {
      const bytes = readFileSync(file);
      const data = new ARRAYS[dtype](bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
      return [name, { data, shape, dtype }];
    }),
  );
}

function store(folder, results) {
  const named = Object.entries(results).map(([name, parts]) => {
    const file = join(folder, `${name}.bin`);
    const data = Float64Array.from(parts.flatMap((part) => [...part]));
    writeFileSync(file, data);
    return [name, file];
  });
  return Object.fromEntries(named);
}

/**
 * @param makers by kind of work: (inputs, options) → { run, read, finish }. `run` does the work once, `read` gives its
 * results as { name: numbers } (both may be asynchronous); `finish` waits for it and lets go of it, `read` as well.
 */
export async function contend(makers) {
  let task;
  let steps;
  const results = {};

  const take = async (handle) => {
    const read = await task.read(await handle);
    for (const [name, data] of Object.entries(read)) (results[name] ??= []).push(data);
  };

  const calls = async (n) => {
    for (let i = 0; i < n; i++) {
      const done = task.finish(task.run());
      if (done instanceof Promise) await done;
    }
  };

  const commands = {
    async prepare({ assignment }) {
      const make = makers[assignment.kind];
      if (make === undefined) return { cannot: 'not written for this contender' };
      task = await make(load(assignment.inputs), assignment.options);
      steps = assignment.steps;
      const elapsed = watch();
      await take(task.run());
      return elapsed(1);
    },
    async results({ folder }) {
      for (let i = 1; i < steps; i++) await take(task.run());
      return { arrays: store(folder, results) };
    },
    async warm({ ms, least }) {
      const elapsed = watch();
      const start = now();
      let n = 0;
      let batch = 1;
      while (n < least || now() - start < ms * 1e6) {
        await calls(batch);
        n += batch;
        if (now() - start < 1e6 * n) batch = Math.min(2 * batch, 1000);
      }
      return elapsed(n);
    },
    async round({ calls: n }) {
      const elapsed = watch();
      await calls(n);
      return elapsed(n);
    },
  };

  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = await commands[command.do](command);
    } catch (error) {
      answer = { cannot: String(error?.message ?? error) };
    }
    writeSync(3, `${JSON.stringify(answer)}\n`);
  }
  process.exit(0);
}
