/** One batch: forward pass, backward pass and update as one program. */
import { OptionError, showShape } from '../base/errors.ts';
import { mapTree } from '../base/trees.ts';
import type { AnyModule } from '../nn/module.ts';
import { clipGradNorm, clipGradValue } from '../optim/clip.ts';
import { LBFGS } from '../optim/lbfgs.ts';
import type { ExponentialMovingAverage } from '../optim/moving-average.ts';
import type { Optimizer } from '../optim/optimizer.ts';
import { constant } from '../value/create.ts';
import { noGrad } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import { runner, type CompileChoice } from './compiled.ts';
import { NotFiniteError, requireFinite } from './finite.ts';
import { fullSnapshot, snapshot } from './snapshot.ts';

/** The loss of a prediction: one number. */
export type Loss<P = Value, T = Value> = (prediction: P, target: T) => Value;

/** A loss of whatever predictions and targets. */
export type AnyLoss = Loss<never, never>;

export interface StepOptions {
  readonly model: AnyModule;
  readonly optimizer: Optimizer;
  readonly forward: (x: unknown) => unknown;
  readonly loss: AnyLoss;
  readonly clipNorm: number | null;
  readonly clipValue: number | null;
  /** An update is made from so many batches. */
  readonly accumulate: number;
  readonly ema: ExponentialMovingAverage | null;
  /** Whether someone looks at predictions. */
  readonly keepsPrediction: boolean;
  readonly compile: CompileChoice;
}

export interface StepResult {
  readonly loss: Value;
  /** Without its graph; null if nobody looks at it. */
  readonly prediction: unknown;
}

export interface Step {
  /** Learns from a batch. @throws NotFiniteError with everything as it was before. */
  run(x: unknown, y: unknown): StepResult;
  /** Updates from what has been accumulated, if anything has. */
  flush(): void;
  dispose(): void;
}

/** The loss of a batch, and the prediction that it is of. @throws OptionError unless it is one number. */
export function lossOf(forward: (x: unknown) => unknown, loss: AnyLoss, x: unknown, y: unknown): [Value, unknown] {
  const prediction = forward(x);
  const l: unknown = loss(prediction as never, y as never);
  if (isValue(l) && l.size === 1) return [l, prediction];
  throw new OptionError(`loss must return one number, got ${isValue(l) ? `a Value ${showShape(l.shape)}` : typeof l}`, {
    op: 'fit',
    option: 'loss',
    hint: "Write loss: crossEntropy, or (prediction, target) => …; take the mean where reduction is 'none'.",
  });
}

const detached = (tree: unknown): unknown => mapTree(tree, isValue, (x) => x.detach());

function clip({ optimizer, clipNorm, clipValue }: StepOptions): void {
  if (clipValue !== null) clipGradValue(optimizer.parameters, clipValue);
  if (clipNorm !== null) clipGradNorm(optimizer.parameters, clipNorm);
}

/**
 * The loss, if it is finite and all gradients are: 0·g is 0 for finite g, else NaN.
 * @throws NotFiniteError
 */
function checked(loss: Value, optimizer: Optimizer): Value {
  return noGrad(() => {
    const sums = optimizer.parameters.flatMap((p) => (p.grad === null ? [] : [p.grad.mul(0).sum().to(loss.dtype)]));
    return requireFinite(sums.reduce((total, sum) => total.add(sum), loss.detach()));
  });
}

/** All that `backward` adds to, trained or not. */
function zeroGrad({ model, optimizer }: StepOptions): void {
  model.zeroGrad();
  optimizer.zeroGrad();
}

function advance(options: StepOptions): void {
  options.optimizer.step();
  options.ema?.update();
}

/** A program that gives one Value is quicker to call than one that gives a tree. */
type Result = Value | readonly [loss: Value, prediction: unknown];

const resultOf = ({ keepsPrediction }: StepOptions, loss: Value, prediction: unknown): Result =>
  keepsPrediction ? [loss, detached(prediction)] : loss;

const told = (result: Result): StepResult =>
  isValue(result) ? { loss: result, prediction: null } : { loss: result[0], prediction: result[1] };

/** Runs f op by op; what it has changed when it fails is undone. */
const undoing =
  <A extends unknown[], R>(take: () => () => void, f: (...args: A) => R) =>
  (...args: A): R => {
    const restore = take();
    try {
      return f(...args);
    } catch (error) {
      restore();
      throw error;
    }
  };

/** An update for every batch. */
function plainStep(options: StepOptions): Step {
  const { model, optimizer, compile } = options;
  const update = (x: unknown, y: unknown): Result => {
    const [loss, prediction] = lossOf(options.forward, options.loss, x, y);
    zeroGrad(options);
    loss.backward();
    clip(options);
    const finite = checked(loss, optimizer);
    advance(options);
    return resultOf(options, finite, prediction);
  };
  const { run, dispose } = runner(
    'fit',
    update,
    compile,
    undoing(() => snapshot(model, optimizer), update),
  );
  return { run: (x, y) => told(run(x, y)), flush: () => {}, dispose };
}

/** Gradients of several batches add up to an update. Two programs: one for each batch, one for each update. */
function accumulatingStep(options: StepOptions): Step {
  const { model, optimizer, compile, accumulate } = options;
  let pending = 0;
  const add = (x: unknown, y: unknown): Result => {
    const [loss, prediction] = lossOf(options.forward, options.loss, x, y);
    loss.backward();
    return resultOf(options, checked(loss, optimizer), prediction);
  };
  const update = (share: Value): Value => {
    noGrad(() => {
      for (const p of optimizer.parameters) if (p.grad !== null) p.grad = p.grad.mul(share.to(p.dtype));
    });
    clip(options);
    const fine = checked(share, optimizer);
    advance(options);
    zeroGrad(options);
    return fine;
  };
  const take = (): (() => void) => snapshot(model, optimizer);
  const adding = runner('fit', add, compile, undoing(take, add));
  const updating = runner('fit', update, compile, undoing(take, update));
  const flush = (): void => {
    if (pending === 0) return;
    const share = constant(1 / pending, { dtype: 'float64' });
    pending = 0;
    updating.run(share);
  };
  return {
    run: (x, y) => {
      if (pending === 0) zeroGrad(options);
      const result = told(adding.run(x, y));
      if (++pending === accumulate) flush();
      return result;
    },
    flush,
    dispose: () => {
      adding.dispose();
      updating.dispose();
    },
  };
}

/** Steps that evaluate the loss several times, and decide by numbers: what computes gradients is compiled. */
function searchingStep(options: StepOptions): Step {
  const { model, optimizer, compile, ema } = options;
  const gradients = (x: unknown, y: unknown): Result => {
    const [loss, prediction] = lossOf(options.forward, options.loss, x, y);
    zeroGrad(options);
    loss.backward();
    clip(options);
    return resultOf(options, loss.detach(), prediction);
  };
  const { run, dispose } = runner('fit', gradients, compile);
  const step = (x: unknown, y: unknown): StepResult => {
    let first: StepResult | null = null;
    optimizer.step(() => {
      const result = told(run(x, y));
      first ??= result;
      return result.loss;
    });
    const wrong = [first!.loss, ...optimizer.parameters].map((v) => v.data.find((n) => !Number.isFinite(n)));
    const found = wrong.find((n) => n !== undefined);
    if (found !== undefined) throw new NotFiniteError(found);
    ema?.update();
    return first!;
  };
  return { run: undoing(() => fullSnapshot(model, optimizer), step), flush: () => {}, dispose };
}

/** How this model learns from a batch. @throws OptionError for options that exclude each other. */
export function stepOf(options: StepOptions): Step {
  if (options.optimizer instanceof LBFGS) {
    if (options.accumulate === 1) return searchingStep(options);
    throw new OptionError('LBFGS makes a step from one batch; give larger batches', {
      op: 'fit',
      option: 'accumulate',
    });
  }
  return options.accumulate === 1 ? plainStep(options) : accumulatingStep(options);
}
