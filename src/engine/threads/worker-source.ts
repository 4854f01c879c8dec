/** What a worker runs: one text for Node and browsers, so that no bundler has to find a file. */
import { BUSY, FAILED, TICKET } from './control.ts';
import { CURRENT, ENDED, EPOCH, GONE, INSIDE, MAIL, READY, SLEEPERS, STATE, TEXT_UNITS } from './pool-words.ts';

/** The first message to a worker; `block` and `text` say where its own words and its text lie. */
export interface Greeting {
  readonly pool: SharedArrayBuffer;
  readonly worker: number;
  readonly block: number;
  readonly text: number;
  /** How long it sleeps, in milliseconds, before it ends. */
  readonly patience: number;
}

/** A program to take part in. */
export interface Enrolment {
  readonly id: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: number;
  readonly threads: number;
}

/** A program to forget. */
export interface Discharge {
  readonly drop: number;
}

export type Message = Greeting | Enrolment | Discharge;

/**
 * A worker is in its event loop only while messages are due: MAIL counts them. Otherwise it is in the current program,
 * whose `work` ends after a while without work, or asleep. Nobody counts on it: it may be late for anything.
 *
 * It says where it is (INSIDE) before it looks a second time whether that program is still the current one; who takes a
 * program away says so first and looks where everybody is then. One of the two sees the other. Going to sleep is done
 * the same way: it counts itself among the sleepers, then looks a last time whether there is anything to do.
 */
export const workerSource: string = `'use strict';
const port = typeof require === 'function' ? require('node:worker_threads').parentPort : self;
const programs = new Map();
let words, texts, me, block, patience, received = 0;

port.onmessage = ({ data }) => {
  received++;
  if (data.pool) greet(data);
  else if (data.module) programs.set(data.id, data);
  else programs.delete(data.drop);
  serve();
};

function greet(data) {
  words = new Int32Array(data.pool);
  texts = new Uint16Array(data.pool, data.text, ${TEXT_UNITS + 1});
  me = data.worker;
  block = data.block;
  patience = data.patience;
  Atomics.store(words, block + ${STATE}, ${READY});
}

function serve() {
  const hasMail = () => received !== Atomics.load(words, block + ${MAIL});
  while (!hasMail()) {
    const epoch = Atomics.load(words, ${EPOCH});
    const id = Atomics.load(words, ${CURRENT});
    const found = programs.get(id);
    const program = found !== undefined && me < found.threads && !found.broken ? found : undefined;
    if (program !== undefined) visit(program);
    Atomics.add(words, ${SLEEPERS}, 1);
    const isNeeded =
      hasMail() ||
      id !== Atomics.load(words, ${CURRENT}) ||
      (program !== undefined && !program.broken && Atomics.load(program.words, ${TICKET / 4}) > 0);
    const ending = isNeeded ? '' : Atomics.wait(words, ${EPOCH}, epoch, patience);
    Atomics.sub(words, ${SLEEPERS}, 1);
    if (ending === 'timed-out' && !hasMail()) return end();
  }
}

function visit(program) {
  let isWorking = false;
  Atomics.store(words, block + ${INSIDE}, program.id);
  try {
    if (Atomics.load(words, ${CURRENT}) === program.id) {
      program.words ??= new Int32Array(program.memory.buffer, program.control, ${FAILED / 4 + 1});
      program.work ??= instantiate(program);
      isWorking = true;
      program.work(me);
    }
  } catch (error) {
    fail(program, error, isWorking);
  }
  Atomics.store(words, block + ${INSIDE}, 0);
}

function instantiate({ module, memory }) {
  const foreign = () => { throw new Error('only the main thread calls host functions'); };
  return new WebAssembly.Instance(module, { engine: { memory, host: foreign, wake: foreign } }).exports.work;
}

// Only claimed grains can fail once it works: it holds a claim then, which it gives back.
function fail(program, error, isWorking) {
  const text = String((error && error.message) || error).slice(0, ${TEXT_UNITS});
  texts[0] = text.length;
  for (let i = 0; i < text.length; i++) texts[i + 1] = text.charCodeAt(i);
  Atomics.store(program.words, ${FAILED / 4}, me);
  if (!isWorking) program.broken = true;
  else if (Atomics.sub(program.words, ${BUSY / 4}, 1) > 0) Atomics.notify(program.words, ${BUSY / 4});
}

function end() {
  Atomics.store(words, block + ${STATE}, ${GONE});
  Atomics.add(words, ${ENDED}, 1);
  port.close();
}
`;
