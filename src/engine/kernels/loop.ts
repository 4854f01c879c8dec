/** Loops: elementwise expressions over any domain, read and written through any strides. */
import { sizeOf } from '../../base/shapes.ts';
import type { FunctionRef, Local } from '../../base/wasm/index.ts';
import type { Emission, Task } from '../emission.ts';
import type { LoopStep } from '../steps.ts';
import { writeLoop } from './loop-function.ts';
import { nanosecondsOf } from './loop-cost.ts';
import { loopKey } from './loop-key.ts';
import { nestOf } from './loop-nest.ts';
import { schedulesOf, unitsOf, type Schedule } from './loop-schedule.ts';

/**
 * A loop as a task. Its units are rows, groups of rows or pieces of rows, some thousand elements each; a loop over
 * nothing has none. In each element all reads come before all writes, so that a write may replace what was read
 * through the same access.
 */
export function loopTask(step: LoopStep, e: Emission): Task {
  const { nest, args } = nestOf(step);
  const empty = sizeOf(step.domain) === 0;
  const schedules = empty ? [] : schedulesOf(nest, step.graph);
  const key = `loop ${args.length} ${loopKey(nest, step.graph, schedules)}`;
  const params = ['i32', 'i32', 'i32', ...args.map(() => 'i32' as const)] as const;
  const single = (schedule: Schedule): FunctionRef =>
    e.module.function(undefined, params, [], (body) => writeLoop(body, schedule, nest, step.graph, e.slow));
  const write = (): FunctionRef => {
    if (schedules.length === 1) return single(schedules[0]!);
    return inTurn(
      e,
      params,
      schedules.map((schedule) => ({ run: single(schedule), units: unitsOf(schedule) })),
    );
  };
  return {
    function: e.shared(key, write),
    args,
    units: schedules.reduce((sum, schedule) => sum + unitsOf(schedule), 0),
    scratch: 0,
    nanoseconds: schedules.reduce((sum, schedule) => sum + nanosecondsOf(schedule), 0),
  };
}

interface Piece {
  readonly run: FunctionRef;
  readonly units: number;
}

/** One function whose units are those of several, one after the other. */
function inTurn(e: Emission, params: readonly 'i32'[], pieces: readonly Piece[]): FunctionRef {
  return e.module.function(undefined, params, [], (body) => {
    const [first, last, ...rest] = body.params as [Local, Local, ...Local[]];
    const from = body.local('i32');
    const to = body.local('i32');
    const clamped = (value: Local, start: number, units: number, out: Local): void => {
      // Signed throughout: what lies before the piece is negative.
      body.get(value).i32(start).op('i32.sub').tee(out).i32(0).get(out).i32(0).op('i32.gt_s').select('i32').tee(out);
      body.i32(units).get(out).i32(units).op('i32.lt_s').select('i32').set(out);
    };
    let start = 0;
    for (const { run, units } of pieces) {
      clamped(first, start, units, from);
      clamped(last, start, units, to);
      body.get(from).get(to).op('i32.lt_s');
      body.if([], () => {
        body.get(from).get(to);
        for (const parameter of rest) body.get(parameter);
        body.call(run);
      });
      start += units;
    }
  });
}
