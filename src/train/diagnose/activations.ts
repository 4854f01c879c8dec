/** Which units of an activation are dead or saturated, told by its slope: no activation is known by name. */
import { isFloat } from '../../base/dtypes.ts';
import { applyOne } from '../../value/apply.ts';
import { constant, full } from '../../value/create.ts';
import { noGrad } from '../../value/recording.ts';
import { contentOf, type Value } from '../../value/value.ts';
import type { OpCall, Probe } from './probe.ts';

/** How an activation's units fared on the batch. */
export interface ActivationReport {
  /** The layer that it comes after, or is part of: `layers.0 Linear`. */
  readonly layer: string;
  readonly op: string;
  readonly units: number;
  /** Units whose slope is 0 for every example: nothing in front of them learns. */
  readonly dead: number;
  /** The share of elements on the flat ends of a squashing function; null for activations that do not squash. */
  readonly saturated: number | null;
  /** How many elements each unit was judged by. */
  readonly examples: number;
}

/** Where slopes are asked for: the far ends, and between them. */
const FAR = 30;
const GRID = [-FAR, ...Array.from({ length: 81 }, (_, i) => (i - 40) / 8), FAR];
/** Flat: a slope below this share of the steepest. */
const FLAT_ENDS = 0.02;
const FLAT = 0.05;

/** An activation's slope: the steepest, and whether it lies flat at both ends, or is 0 at one. */
interface Shape {
  readonly steepest: number;
  readonly squashes: boolean;
  readonly rectifies: boolean;
}

/** The slope in the first operand, elementwise; null where there is none. */
function slopeOf({ primitive }: OpCall, inputs: readonly Value[], y: Value): Value | null {
  const ones = full(y.shape, 1, { dtype: y.dtype });
  const [a, b, c] = inputs as [Value, Value, Value];
  return noGrad(() => primitive.partials?.[0]?.(ones, y, a, b, c) ?? null);
}

/** The op on the grid, its other operands as they are; null if they differ from element to element. */
function shapeOf(call: OpCall): Shape | null {
  const { dtype } = call.inputs[0]!;
  const grid = constant(GRID, { dtype });
  const others = call.inputs.slice(1).map((x) => [contentOf(x), x.dtype] as const);
  if (others.some(([content]) => typeof content !== 'number')) return null;
  const inputs = [grid, ...others.map(([content, type]) => full(grid.shape, content as number, { dtype: type }))];
  const y = noGrad(() => applyOne(call.primitive, inputs, call.attrs));
  const slopes = slopeOf(call, inputs, y)?.data;
  if (slopes === undefined) return null;
  const steepness = Array.from(slopes, Math.abs);
  const steepest = Math.max(...steepness);
  if (!Number.isFinite(steepest) || steepest === 0) return null;
  const [first, last] = [steepness[0]!, steepness.at(-1)!];
  return {
    steepest,
    squashes: Math.max(first, last) < FLAT_ENDS * steepest,
    rectifies: Math.min(first, last) === 0,
  };
}

/** For each unit whether every element holds. */
function unitsWhere(holds: (element: number) => boolean, x: Value, axis: number): boolean[] {
  const units = x.shape[axis]!;
  const inner = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const all = new Array<boolean>(units).fill(true);
  x.data.forEach((element, i) => {
    if (!holds(element)) all[Math.floor(i / inner) % units] = false;
  });
  return all;
}

const count = (xs: Iterable<boolean>): number => [...xs].reduce((n, x) => n + Number(x), 0);

function reportOf(call: OpCall): ActivationReport | null {
  const { output, inputs, primitive, attrs } = call;
  if (output.rank === 0 || output.size < 2 || !isFloat(output.dtype)) return null;
  const shape = shapeOf(call);
  if (shape === null || !(shape.squashes || shape.rectifies)) return null;
  const slopes = slopeOf(call, inputs, output);
  if (slopes === null) return null;
  const units = output.shape[call.unitAxis] ?? 1;
  const flat = (slope: number): boolean => Math.abs(slope) < FLAT * shape.steepest;
  return {
    layer: call.layer,
    op: call.composite?.name ?? primitive.title(attrs),
    units,
    dead: shape.squashes ? 0 : count(unitsWhere((slope) => slope === 0, slopes, call.unitAxis)),
    saturated: shape.squashes ? count(Array.from(slopes.data, flat)) / output.size : null,
    examples: output.size / units,
  };
}

/** Several calls of one activation, as a recurrent layer makes them: a unit is dead if it is so every time. */
function merged(reports: readonly ActivationReport[]): ActivationReport {
  const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
  const first = reports[0]!;
  return {
    ...first,
    dead: Math.min(...reports.map(({ dead }) => dead)),
    saturated: first.saturated === null ? null : mean(reports.map(({ saturated }) => saturated ?? 0)),
    examples: reports.reduce((sum, { examples }) => sum + examples, 0),
  };
}

/**
 * The activations among the ops: pointwise functions with a flat end. One inside a composite counts if it is all that the
 * composite is made of: x·sigmoid(x) does not saturate where its sigmoid does. The model's result is judged by the loss.
 */
export function activationReports({ ops, parts }: Probe, results: ReadonlySet<Value>): ActivationReport[] {
  const groups = new Map<string, ActivationReport[]>();
  for (const call of ops) {
    const isAlone = call.composite === null || parts.get(call.composite.id) === 1;
    const report = isAlone && !results.has(call.output) ? reportOf(call) : null;
    if (report === null) continue;
    const key = `${report.layer}\n${report.op}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [report]);
    else group.push(report);
  }
  return [...groups.values()].map(merged);
}
