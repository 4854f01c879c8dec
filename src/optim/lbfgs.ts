/** L-BFGS. */
import { OptionError, TraceError } from '../base/errors.ts';
import { concat } from '../ops/index.ts';
import { zeros } from '../value/create.ts';
import { enableGrad, noGrad, state } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import type { BaseSettings, Settings } from './group.ts';
import { advanced, dot, EMPTY, largest, loadMemory, saveMemory, type Memory } from './lbfgs-memory.ts';
import { strongWolfe } from './line-search.ts';
import { Optimizer, type Parameters } from './optimizer.ts';
import { number, whole, type Rule } from './settings.ts';
import type { OptimizerState } from './state.ts';

/** Under PyTorch's spelling, too. */
export type LineSearchName = 'strongWolfe' | 'strong_wolfe';

export interface LBFGSOptions {
  /** The step along the direction, the first to be tried with a line search; default 1. */
  readonly lr?: number;
  /** Iterations of one step; default 20. */
  readonly maxIter?: number;
  /** Evaluations of the closure in one step, where the next iteration is left out; default 1.25·maxIter. */
  readonly maxEval?: number;
  /** Where no element of the gradient is larger, the minimum is reached; default 1e-7. */
  readonly toleranceGrad?: number;
  /** Smaller changes of the loss, or of all parameters, end the step; default 1e-9. */
  readonly toleranceChange?: number;
  /** So many changes of the gradient are remembered; default 100. */
  readonly historySize?: number;
  /** Search along the direction for a step that satisfies the strong Wolfe conditions; default null, a step of lr. */
  readonly lineSearchFn?: LineSearchName | null;
}

export interface LBFGSSettings extends BaseSettings, Required<LBFGSOptions> {
  readonly lr: number;
}

const lineSearchFn: Rule<LineSearchName | null> = {
  initial: null,
  check: (op, option, x) => {
    if (x === null) return null;
    if (x === 'strongWolfe' || x === 'strong_wolfe') return 'strongWolfe';
    throw new OptionError(`lineSearchFn is strongWolfe or null, got ${JSON.stringify(x)}`, { op, option });
  },
};

const settings: Settings<LBFGSSettings> = {
  rules: {
    lr: number(1),
    maxIter: whole(20),
    maxEval: whole(25),
    toleranceGrad: number(1e-7),
    toleranceChange: number(1e-9),
    historySize: whole(100),
    lineSearchFn,
  },
};

/**
 * Quasi-Newton steps from the last changes of the gradient, for losses without noise: full batches, small models. It
 * evaluates the loss several times in a step, and decides by numbers: `step` takes a closure that computes gradients
 * and returns the loss, and is not compiled itself; the closure may be.
 * Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.LBFGS.html
 * @throws OptionError for several parameter groups; TraceError inside a compiled function.
 * @example
 * const optimizer = new LBFGS(model.parameters(), { lineSearchFn: 'strongWolfe' })
 * const closure = compile(() => {
 *   optimizer.zeroGrad()
 *   const loss = mseLoss(model.forward(x), y)
 *   loss.backward()
 *   return loss
 * })
 * for (let i = 0; i < 10; i++) optimizer.step(closure)
 */
export class LBFGS extends Optimizer<LBFGSSettings> {
  #memory: Memory = EMPTY;

  constructor(parameters: Parameters<LBFGSSettings>, options: LBFGSOptions = {}) {
    const { maxIter = 20 } = options ?? {};
    super(parameters, { maxEval: Math.floor((maxIter * 5) / 4) || 1, ...options }, settings);
    if (this.paramGroups.length === 1) return;
    throw new OptionError('there can be one parameter group only: all parameters move together', {
      op: 'LBFGS',
      option: 'parameters',
    });
  }

  /** Not asked: all parameters move together. */
  protected override update(parameter: Value): Value {
    return parameter;
  }

  /** Up to `maxIter` iterations. Returns the loss before them, as the closure has computed it. */
  override step(closure?: () => Value): Value {
    const { lifting } = state;
    if (typeof closure !== 'function') {
      throw new OptionError('step needs a closure that computes gradients and returns the loss', {
        op: 'LBFGS',
        option: 'closure',
        hint: 'step(() => { optimizer.zeroGrad(); const loss = …; loss.backward(); return loss })',
      });
    }
    if (lifting !== null) {
      throw new TraceError(`LBFGS decides by numbers, which are unknown inside ${lifting.trace.by}`, {
        op: 'LBFGS',
        hint: 'Compile the closure instead of the step.',
      });
    }
    return noGrad(() => this.#iterate(closure));
  }

  #iterate(closure: () => Value): Value {
    const { maxIter, maxEval, historySize, toleranceGrad, toleranceChange } = this.paramGroups[0];
    this.countStep();
    const loss = enableGrad(closure);
    let point: Point = { f: numberOf(loss), gradient: this.#gradient() };
    let memory: Memory = { ...this.#memory, evaluations: this.#memory.evaluations + 1 };
    let evaluations = 1;
    const isDone = (): boolean => largest(point.gradient) <= toleranceGrad;
    for (let i = 1; i <= maxIter && !(i === 1 && isDone()); i++) {
      memory = advanced(memory, point.gradient, historySize, this.paramGroups[0].lr);
      const { direction, t } = memory.last!;
      const slope = dot(point.gradient, direction);
      if (slope > -toleranceChange) break;
      const line: Line = { start: point, direction, t, slope, isLast: i === maxIter, maxEval: maxEval - evaluations };
      const moved = this.#move(closure, line);
      evaluations += moved.evaluations;
      memory = {
        ...memory,
        last: { ...memory.last!, t: moved.t },
        evaluations: memory.evaluations + moved.evaluations,
      };
      const change = Math.abs(moved.point.f - point.f);
      point = moved.point;
      if (line.isLast || evaluations >= maxEval || isDone()) break;
      if (largest(direction.mul(moved.t)) <= toleranceChange || change < toleranceChange) break;
    }
    this.#memory = memory;
    return loss;
  }

  /** Along the direction: as far as the line search says, or as far as it was told. */
  #move(closure: () => Value, line: Line): Moved {
    const { start, direction, t, isLast } = line;
    const from = this.parameters.map((p) => p.detach());
    if (this.paramGroups[0].lineSearchFn !== null) return this.#search(closure, line, from);
    this.#go(from, direction, t);
    // Where the next step begins with an evaluation, of other data perhaps, this one can be spared.
    if (isLast) return { t, point: start, evaluations: 0 };
    return { t, point: { f: numberOf(enableGrad(closure)), gradient: this.#gradient() }, evaluations: 1 };
  }

  #search(closure: () => Value, { start, direction, t, slope, maxEval }: Line, from: readonly Value[]): Moved {
    const { point, evaluations } = strongWolfe({
      evaluate: (at) => {
        this.#go(from, direction, at);
        const f = numberOf(enableGrad(closure));
        const gradient = this.#gradient();
        return { t: at, f, gradient, slope: dot(gradient, direction) };
      },
      start: { ...start, t: 0, slope },
      firstStep: t,
      norm: largest(direction),
      toleranceChange: LINE_TOLERANCE,
      maxSteps: maxEval,
    });
    this.#go(from, direction, point.t);
    return { t: point.t, point, evaluations };
  }

  /** Sets the parameters to what they were plus t times the direction. */
  #go(from: readonly Value[], direction: Value, t: number): void {
    let offset = 0;
    this.parameters.forEach((p, i) => {
      const part = direction.narrow(0, offset, p.size).reshape(p.shape);
      p.assign(from[i]!.add(part.mul(t)));
      offset += p.size;
    });
  }

  /** The gradients of all parameters as one vector; zeros where there are none. */
  #gradient(): Value {
    return concat(
      this.parameters.map((p) => (p.grad ?? zeros(p.shape, { dtype: p.dtype })).reshape([p.size])),
      0,
    ).detach();
  }

  override stateDict(): OptimizerState {
    const saved = super.stateDict();
    return { ...saved, parameters: [saveMemory(this.#memory), ...saved.parameters.slice(1)] };
  }

  override loadStateDict(saved: OptimizerState): void {
    // What is no state at all is refused there.
    if (!Array.isArray(saved?.parameters)) return super.loadStateDict(saved);
    const [first = {}, ...rest] = saved.parameters as OptimizerState['parameters'];
    const memory = loadMemory(first, this.parameters);
    super.loadStateDict({ ...saved, parameters: [{}, ...rest] });
    this.#memory = memory;
  }
}

/** Smaller brackets are not searched. */
const LINE_TOLERANCE = 1e-9;

interface Point {
  readonly f: number;
  readonly gradient: Value;
}

interface Line {
  readonly start: Point;
  readonly direction: Value;
  readonly t: number;
  readonly slope: number;
  readonly isLast: boolean;
  readonly maxEval: number;
}

interface Moved {
  readonly t: number;
  readonly point: Point;
  readonly evaluations: number;
}

function numberOf(loss: unknown): number {
  if (isValue(loss)) return loss.item();
  throw new OptionError(`the closure must return the loss, got ${loss === null ? 'null' : typeof loss}`, {
    op: 'LBFGS',
    option: 'closure',
  });
}
