/** What L-BFGS remembers: late changes of parameters and gradient, from which it knows curvatures. */
import { ShapeError, showShape } from '../base/errors.ts';
import { stack } from '../ops/index.ts';
import { constant } from '../value/create.ts';
import type { Value } from '../value/value.ts';
import type { ParameterState } from './slots.ts';

/** A change of the parameters, and of the gradient with it. */
interface Change {
  readonly step: Value;
  readonly gradient: Value;
  /** 1 / ⟨step, gradient⟩. */
  readonly rho: number;
}

/** All parameters are one vector here. */
export interface Memory {
  readonly iterations: number;
  readonly evaluations: number;
  /** Oldest first. */
  readonly changes: readonly Change[];
  /** The curvature along the last change, inverted. */
  readonly scale: number;
  /** The last direction, how far it was followed, and the gradient where it began. */
  readonly last: { readonly direction: Value; readonly t: number; readonly gradient: Value } | null;
}

export const EMPTY: Memory = { iterations: 0, evaluations: 0, changes: [], scale: 1, last: null };

/** Smaller curvatures are noise. */
const LEAST_CURVATURE = 1e-10;

export const dot = (a: Value, b: Value): number => a.mul(b).sum().item();

/** The largest |element|. */
export const largest = (a: Value): number => a.abs().max().item();

/** With the next direction, downhill from this gradient, and the step to try along it. */
export function advanced(memory: Memory, gradient: Value, historySize: number, lr: number): Memory {
  const iterations = memory.iterations + 1;
  if (memory.last === null) {
    const t = Math.min(1, 1 / gradient.abs().sum().item()) * lr;
    return { ...memory, iterations, last: { direction: gradient.neg(), t, gradient } };
  }
  const known = remembered(memory, gradient, historySize);
  return { ...known, iterations, last: { direction: quasiNewton(known, gradient), t: lr, gradient } };
}

/** With the last change, if the function curves upwards along it. */
function remembered(memory: Memory, gradient: Value, historySize: number): Memory {
  const { direction, t, gradient: before } = memory.last!;
  const [step, y] = [direction.mul(t), gradient.sub(before)];
  const curvature = dot(y, step);
  if (!(curvature > LEAST_CURVATURE)) return memory;
  const changes = [...memory.changes, { step, gradient: y, rho: 1 / curvature }].slice(-historySize);
  return { ...memory, changes, scale: curvature / dot(y, y) };
}

/** −H·g, with the inverse Hessian H that the changes suggest: the two-loop recursion. */
function quasiNewton({ changes, scale }: Memory, gradient: Value): Value {
  const alphas = new Array<number>(changes.length).fill(0);
  let q = gradient.neg();
  for (let i = changes.length - 1; i >= 0; i--) {
    const { step, gradient: y, rho } = changes[i]!;
    alphas[i] = dot(step, q) * rho;
    q = q.sub(y.mul(alphas[i]!));
  }
  let r = q.mul(scale);
  changes.forEach(({ step, gradient: y, rho }, i) => {
    const beta = dot(y, r) * rho;
    r = r.add(step.mul(alphas[i]! - beta));
  });
  return r;
}

const number = (x: number): Value => constant(x, { dtype: 'float64' });

/** As Values by name. */
export function saveMemory({ iterations, evaluations, changes, scale, last }: Memory): ParameterState {
  const counts = { iterations: number(iterations), evaluations: number(evaluations), scale: number(scale) };
  if (last === null) return counts;
  const known = { ...counts, direction: last.direction.detach(), t: number(last.t), gradient: last.gradient.detach() };
  if (changes.length === 0) return known;
  const table = (of: (change: Change) => Value): Value => stack(changes.map(of)).detach();
  return { ...known, steps: table(({ step }) => step), gradients: table((change) => change.gradient) };
}

/** @throws ShapeError unless it is of so many parameters. */
export function loadMemory(saved: ParameterState, parameters: readonly Value[]): Memory {
  const size = parameters.reduce((sum, p) => sum + p.size, 0);
  const item = (name: string, otherwise: number): number => saved[name]?.item() ?? otherwise;
  const counts = { iterations: item('iterations', 0), evaluations: item('evaluations', 0), scale: item('scale', 1) };
  const { direction, gradient, steps, gradients } = saved;
  if (direction === undefined || gradient === undefined) return { ...EMPTY, ...counts };
  for (const [name, x] of Object.entries({ direction, gradient, steps, gradients })) {
    if (x !== undefined && x.shape.at(-1) !== size) {
      throw new ShapeError(`${name} is ${showShape(x.shape)}, the parameters have ${size} elements`, {
        op: 'loadStateDict',
        shapes: [x.shape],
      });
    }
  }
  const rows = (table: Value | undefined): readonly Value[] => table?.unbind(0) ?? [];
  const [taken, changed] = [rows(steps), rows(gradients)];
  const changes = taken.map((step, i) => ({ step, gradient: changed[i]!, rho: 1 / dot(changed[i]!, step) }));
  return { ...counts, changes, last: { direction, t: item('t', 1), gradient } };
}
