/** Reductions of expressions, with the bits of the reference kernels. */
import type { LaneGraph, Node, NumericType } from '../../base/lanes/graph.ts';
import { laneWidth } from '../../base/lanes/vector-form.ts';
import { sizeOf } from '../../base/shapes.ts';
import type { FunctionRef } from '../../base/wasm/index.ts';
import type { Emission, Task } from '../emission.ts';
import type { ReduceStep } from '../steps.ts';
import { combineFor, type Combine } from './combine.ts';
import { columnScratch, tileOf, writeColumns } from './reduce-columns.ts';
import { graphKey } from './graph-key.ts';
import { Frame } from './reduce-frame.ts';
import { lanesOf, layoutOf, type Layout } from './reduce-layout.ts';
import { comparesVectors, writePlaces } from './reduce-places.ts';
import { rowScratch, writeRows } from './reduce-rows.ts';

/**
 * The task of a reduction. Its output may share memory with nothing that it reads.
 *
 * A unit is one result, or a tile of neighbouring ones.
 */
export function reduceTask(step: ReduceStep, e: Emission): Task {
  const { reducer } = step;
  const value = numeric(step.graph, step.value);
  const type = value.type as NumericType;
  const places = reducer === 'argmax' || reducer === 'argmin';
  const layout = layoutOf(step, value, (width) => !places || comparesVectors(width, type));
  const combine = places ? undefined : combineFor(reducer, type, step.value.type === 'mask');
  const write = (frame: Frame): void => {
    if (combine === undefined) writePlaces(frame, { type, largest: reducer === 'argmax' });
    else if (layout.way === 'rows') writeRows(frame, combine);
    else writeColumns(frame, combine);
  };
  return {
    function: emit(step, layout, e, write),
    args: [...layout.reads.map((read) => step.reads[read.input.value as number]!.buffer), step.to.buffer],
    units: sizeOf(layout.units) * Math.ceil(layout.columns / tileOf({ lanes: lanesOf(layout.width) })),
    scratch: combine === undefined ? 0 : scratchOf(layout, combine),
    nanoseconds: nanosecondsOf(step, layout),
  };
}

const scratchOf = (layout: Layout, combine: Combine): number =>
  layout.way === 'rows' ? rowScratch(layout.count, combine) : columnScratch(layout.count, combine);

/** Truth values as 1 and 0, in the type that lets the expression be computed in vectors. */
function numeric(graph: LaneGraph, value: Node): Node {
  if (value.type !== 'mask') return value;
  return graph.to(value, laneWidth(graph.reachable(value)) === 8 ? 'f64' : 'i32');
}

function emit(step: ReduceStep, layout: Layout, e: Emission, write: (frame: Frame) => void): FunctionRef {
  const addresses = new Array<'i32'>(layout.reads.length + 1).fill('i32');
  return e.shared(keyOf(step, layout), () =>
    e.module.function(undefined, ['i32', 'i32', 'i32', ...addresses], [], (body) => {
      write(new Frame(body, layout, step.graph, e.slow));
    }),
  );
}

/** All that the code depends on. */
function keyOf({ reducer, graph, value: { type } }: ReduceStep, layout: Layout): string {
  const { way, width, units, columns, inner, to, reads, value } = layout;
  const walks = reads.map(({ dtype, start, units: along, lane, inner: within }) => [dtype, start, along, lane, within]);
  const expression = graphKey(graph, [value], (input) => reads.findIndex((read) => read.input === input));
  return `reduce ${reducer} ${type} ${expression} ${JSON.stringify([way, width, units, columns, inner, to, walks])}`;
}

/** About what an element costs, and a result. */
function nanosecondsOf(step: ReduceStep, layout: Layout): number {
  const perElement = (0.5 + 0.25 * layout.order.length) / lanesOf(layout.width);
  return sizeOf(step.outer) * (5 + layout.count * perElement);
}
