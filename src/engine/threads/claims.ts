/** How threads claim grains of an open phase, in generated code; the words are control.ts's. */
import type { FunctionBody, FunctionRef, Local, WasmModule } from '../../base/wasm/index.ts';
import { BUSY, FAILED, TICKET, WAITING } from './control.ts';
import { mayWait } from './environment.ts';
import { writeAddresses, type RunLayout } from './phase.ts';
import type { ParallelPhase, Split } from './schedule.ts';

/** Turns of a waiting loop before a worker gives up (about 70 µs), and before the main thread sleeps (about as long as waking it takes). */
const WORKER_SPINS = 1 << 17;
const MAIN_SPINS = 1 << 15;

/** No wake-up is ever lost; should one be, it would cost this and not the process. */
const NAP_NANOSECONDS = 100_000_000n;

export interface Claims {
  readonly module: WasmModule;
  readonly threads: number;
  readonly wake: FunctionRef;
  readonly layout: RunLayout;
  readonly phases: readonly ParallelPhase[];
}

/** `(end, grains) → failed`: opens a phase, takes part in it, and returns when all of it is done. */
export function writeParallel({ module, layout, wake }: Claims, help: FunctionRef): FunctionRef {
  return module.function(undefined, ['i32', 'i32'], ['i32'], (f) => {
    const [end, grains] = f.params as [Local, Local];
    f.i32(layout.control);
    f.get(end).op('i64.extend_i32_u').i64(32n).op('i64.shl').get(grains).op('i64.extend_i32_u').op('i64.or');
    f.memory('i64.atomic.store', TICKET);
    f.call(wake);
    f.i32(layout.scratch).call(help);
    awaitWorkers(f, layout.control);
    f.i32(layout.control).memory('i32.atomic.load', FAILED);
  });
}

/**
 * Until no worker holds a claim. Whoever claimed had counted itself in before, so that a zero seen after the last claim
 * means that all is done.
 */
function awaitWorkers(f: FunctionBody, control: number): void {
  const busy = f.local('i32');
  const spins = f.local('i32');
  f.i32(MAIN_SPINS).set(spins);
  f.block([], (done) => {
    f.loop([], (again) => {
      f.i32(control).memory('i32.atomic.load', BUSY).tee(busy).op('i32.eqz').brIf(done);
      f.get(spins).i32(1).op('i32.sub').tee(spins).brIf(again);
      if (mayWait()) {
        f.i32(control).i32(1).memory('i32.atomic.store', WAITING);
        f.i32(control).get(busy).i64(NAP_NANOSECONDS).memory('memory.atomic.wait32', BUSY).drop();
        f.i32(control).i32(0).memory('i32.atomic.store', WAITING);
      }
      f.i32(1).set(spins).br(again);
    });
  });
}

/** `work: (thread) → i32`: takes part in phases as they open; ends with 0 after a while without, with 1 when told to leave. */
export function writeWork({ module, layout }: Claims, help: FunctionRef): void {
  const { control } = layout;
  module.function('work', ['i32'], ['i32'], (f) => {
    const [thread] = f.params as [Local];
    const spins = f.local('i32');
    const left = f.local('i32');
    f.i32(WORKER_SPINS).set(spins);
    f.loop([], (again) => {
      f.i32(control).memory('i32.atomic.load', TICKET).tee(left);
      f.if([], () => {
        f.get(left).i32(0).op('i32.lt_s');
        f.if([], () => f.i32(1).return());
        f.i32(control).i32(1).memory('i32.atomic.rmw.add', BUSY).drop();
        f.get(thread).i32(layout.scratchBytes).op('i32.mul').i32(layout.scratch).op('i32.add').call(help);
        f.i32(control).i32(1).memory('i32.atomic.rmw.sub', BUSY).drop();
        f.i32(control).memory('i32.atomic.load', WAITING);
        f.if([], () => f.i32(control).i32(1).memory('memory.atomic.notify', BUSY).drop());
        f.i32(WORKER_SPINS).set(spins);
      });
      f.get(spins).i32(1).op('i32.sub').tee(spins).brIf(again);
    });
    f.i32(0);
  });
}

/**
 * `(scratch)`: claims and does grains until none is left. A claim takes a share of what is left: large pieces first, that
 * cost few calls, and small ones at the end, so that nobody waits long for the last. It is one compare-and-exchange of
 * the whole ticket, so that whatever a thread slept through, it claims grains of the phase that is open then.
 */
export function writeHelp(claims: Claims): FunctionRef {
  const { module, layout, threads } = claims;
  const grains = writeGrains(claims);
  return module.function(undefined, ['i32'], [], (f) => {
    const [scratch] = f.params as [Local];
    const ticket = f.local('i64');
    const left = f.local('i32');
    const take = f.local('i32');
    const first = f.local('i32');
    f.loop([], (again) => {
      f.i32(layout.control).memory('i64.atomic.load', TICKET).tee(ticket).op('i32.wrap_i64').tee(left);
      f.i32(0).op('i32.le_s');
      f.if([], () => f.return());
      const share = 2 * threads;
      f.get(left).i32(share).op('i32.div_u').i32(1).get(left).i32(share).op('i32.ge_u').select('i32').set(take);
      f.i32(layout.control).get(ticket);
      f.get(ticket).get(take).op('i64.extend_i32_u').op('i64.sub');
      f.memory('i64.atomic.rmw.cmpxchg', TICKET).get(ticket).op('i64.ne').brIf(again);
      f.get(ticket).i64(32n).op('i64.shr_u').op('i32.wrap_i64').get(left).op('i32.sub').tee(first);
      f.get(first).get(take).op('i32.add').get(scratch).call(grains);
      f.br(again);
    });
  });
}

/** `(first, end, scratch)`: does these grains, all of one phase, which is found by halving. */
function writeGrains({ module, phases }: Claims): FunctionRef {
  return module.function(undefined, ['i32', 'i32', 'i32'], [], (f) => {
    const range = { begin: f.local('i32'), end: f.local('i32') };
    const search = (from: number, to: number): void => {
      if (to - from === 1) return phases[from]!.splits.forEach((split) => writePart(f, split, range));
      const middle = (from + to) >> 1;
      f.get(f.params[0]!).i32(phases[middle]!.first).op('i32.lt_u');
      f.if(
        [],
        () => search(from, middle),
        () => search(middle, to),
      );
    };
    search(0, phases.length);
  });
}

/** The units of one call that lie among the grains. */
function writePart(
  f: FunctionBody,
  split: Split,
  { begin, end }: { readonly begin: Local; readonly end: Local },
): void {
  const [first, behind, scratch] = f.params as [Local, Local, Local];
  const { call, size } = split;
  clamp(f, first, split.first, 'i32.gt_s');
  f.i32(split.first).op('i32.sub').i32(size).op('i32.mul').set(begin);
  clamp(f, behind, split.first + split.grains, 'i32.lt_s');
  f.i32(split.first).op('i32.sub').i32(size).op('i32.mul').set(end);
  clamp(f, end, call.task.units, 'i32.lt_s');
  f.set(end);
  f.get(begin).get(end).op('i32.lt_s');
  f.if([], () => {
    f.get(begin).get(end).get(scratch);
    writeAddresses(f, call);
    f.call(call.task.function);
  });
}

/** The value where the comparison with the bound holds, else the bound. */
function clamp(f: FunctionBody, value: Local, bound: number, comparison: 'i32.gt_s' | 'i32.lt_s'): void {
  f.get(value).i32(bound).get(value).i32(bound).op(comparison).select('i32');
}
