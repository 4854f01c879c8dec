/** diagnose: what is wrong with a model, its data or its training, and what to try. */
import { checkOptions, OptionError, ShapeError, showShape } from '../../base/errors.ts';
import { restoreGenerator, generatorState } from '../../base/random.ts';
import { Module, type AnyModule } from '../../nn/module.ts';
import { Optimizer } from '../../optim/optimizer.ts';
import type { Value } from '../../value/value.ts';
import { batchOf, type BatchLike } from '../feed.ts';
import { forwardOf, type Forward } from '../forward.ts';
import type { Loss } from '../step.ts';
import { undisturbed } from '../undisturbed.ts';
import { activationReports, type ActivationReport } from './activations.ts';
import { baselineOf, type Baseline } from './baseline.ts';
import { inputFinding, lossFinding, numbersOutOfRange, parameterFindings } from './checks.ts';
import { readCurves, type Curves, type CurveVerdict } from './curves.ts';
import type { Finding } from './finding.ts';
import { layerReports, updatesOf, type LayerReport } from './layers.ts';
import { normOf, valuesIn } from './numbers.ts';
import { passes, probe, type Patient } from './probe.ts';
import { textOf } from './report.ts';
import { findingsOf } from './rules.ts';

/** A batch: inputs (one Value, or a list where the model takes several) and targets. */
export type DiagnosedBatch =
  { readonly x: Value | readonly Value[]; readonly y: Value } | readonly [x: Value | readonly Value[], y: Value];

export interface DiagnoseOptions {
  /** As for training: (prediction, target) → one number. */
  readonly loss: Loss;
  /** Whose step is tried, to see by how much it changes the weights. */
  readonly optimizer?: Optimizer;
  /** Of a run, to tell bias from variance. */
  readonly history?: Curves;
  /** What the model makes of `x`; by default `model.forward(x)`, or `model.forward(...x)` for several inputs. */
  readonly forward?: Forward;
}

/** What `diagnose` has measured and found; printed as a table. */
export class Diagnosis {
  readonly examples: number;
  readonly loss: number;
  /** The loss of a prediction of zeros; null where the loss cannot take one. */
  readonly baseline: Baseline | null;
  /** Of all parameters, as one vector. */
  readonly gradientNorm: number;
  /** Modules with parameters of their own, in the order in which they run. */
  readonly layers: readonly LayerReport[];
  readonly activations: readonly ActivationReport[];
  /** What the history says; null without one. */
  readonly curves: CurveVerdict | null;
  /** What may be wrong, causes before what follows from them; empty for a healthy model. */
  readonly findings: readonly Finding[];

  constructor(measured: Omit<Diagnosis, 'toString'>) {
    this.examples = measured.examples;
    this.loss = measured.loss;
    this.baseline = measured.baseline;
    this.gradientNorm = measured.gradientNorm;
    this.layers = measured.layers;
    this.activations = measured.activations;
    this.curves = measured.curves;
    this.findings = measured.findings;
  }

  toString(): string {
    return textOf(this);
  }

  static {
    // What Node's console shows.
    Object.defineProperty(this.prototype, Symbol.for('nodejs.util.inspect.custom'), {
      value(this: Diagnosis): string {
        return this.toString();
      },
    });
  }
}

const op = 'diagnose';

function checkArguments(model: unknown, { loss, optimizer, history }: DiagnoseOptions): void {
  if (!(model instanceof Module)) {
    throw new OptionError(`the model must be a Module, got ${typeof model}`, { op, option: 'model' });
  }
  if (typeof loss !== 'function') {
    throw new OptionError(`loss must be a function of prediction and target, got ${typeof loss}`, {
      op,
      option: 'loss',
      hint: 'diagnose(model, { x, y }, { loss: crossEntropy })',
    });
  }
  if (optimizer !== undefined && !(optimizer instanceof Optimizer)) {
    throw new OptionError(`optimizer must be an Optimizer, got ${typeof optimizer}`, { op, option: 'optimizer' });
  }
  if (history === undefined || Array.isArray((history as Partial<Curves> | null)?.epochs)) return;
  throw new OptionError('history must be what fit returns, with a list of epochs', { op, option: 'history' });
}

/** The Values of a batch, and its two parts. */
function readBatch(given: unknown): { x: unknown; y: unknown; inputs: readonly Value[]; targets: readonly Value[] } {
  const { x, y } = batchOf(op, given);
  const [inputs, targets] = [valuesIn(x), valuesIn(y)];
  const [first] = inputs;
  if (first === undefined || targets.length === 0) {
    throw new OptionError('a batch is { x, y } or [x, y], of Values', { op, option: 'batch' });
  }
  if (first.shape[0]! > 0) return { x, y, inputs, targets };
  throw new ShapeError(`the batch has no examples: x is ${showShape(first.shape)}`, { op, shapes: [first.shape] });
}

/** Everything that is measured; the caller makes the model as it was. */
function examine(model: AnyModule, batch: BatchLike, options: DiagnoseOptions): Diagnosis {
  const { loss, optimizer, history } = options;
  const { x, y, inputs, targets } = readBatch(batch);
  const forward = forwardOf(op, model, options.forward);
  const patient: Patient = { model, forward: () => forward(x), target: y, loss };
  const random = generatorState();
  const seen = probe(patient);
  const gradients = [...seen.gradients.values()].filter((g) => g !== null);
  const step = (): Value => {
    restoreGenerator(random);
    optimizer!.zeroGrad();
    return passes(patient).loss;
  };
  const broken = numbersOutOfRange(model, inputs, targets, seen);
  const tried = optimizer !== undefined && broken.length === 0 ? updatesOf(optimizer, step) : null;
  const layers = layerReports(seen, tried);
  const activations = activationReports(seen, new Set(valuesIn(seen.prediction)));
  const baseline = baselineOf(seen.prediction, y, loss);
  const gradientNorm = normOf(...gradients);
  const curves = history === undefined ? null : readCurves(history, baseline?.loss ?? null);
  const judged = (): (Finding | null)[] => [
    ...inputs.map(inputFinding),
    ...parameterFindings(model, seen, optimizer),
    ...findingsOf(layers, activations, gradientNorm),
    lossFinding(seen.loss, baseline),
  ];
  // Where numbers are broken, everything that is computed from them is.
  const findings = [...broken, ...(broken.length > 0 ? [] : judged()), ...(curves?.findings ?? [])];
  return new Diagnosis({
    examples: inputs[0]!.shape[0]!,
    loss: seen.loss,
    baseline,
    gradientNorm,
    layers,
    activations,
    curves: curves?.verdict ?? null,
    findings: findings.filter((finding) => finding !== null),
  });
}

/**
 * Runs a model forward and backward on one batch, in training mode, and says what may be wrong: gradients that vanish or
 * explode on their way, dead and saturated units, parameters that get no gradient, steps that are too large or too small
 * (with an `optimizer`, one of whose steps is tried), a loss above that of guessing, NaN and the op that made it, inputs
 * out of scale; and, with a `history`, whether the run underfits, overfits, diverges or was stopped too early. Each finding
 * says what to try. The model, its gradients, the optimizer and the random numbers are afterwards as they were.
 * @throws OptionError for a batch that is none; ShapeError for a loss that is not one number.
 * @example console.log(diagnose(model, { x, y }, { loss: crossEntropy, optimizer, history }))
 * @example expect(diagnose(model, [x, y], { loss: mseLoss }).findings).toEqual([])
 */
export function diagnose(model: AnyModule, batch: BatchLike, options: DiagnoseOptions): Diagnosis {
  checkOptions(op, options, ['loss', 'optimizer', 'history', 'forward']);
  checkArguments(model, options);
  return undisturbed(model, options.optimizer, () => examine(model, batch, options));
}
