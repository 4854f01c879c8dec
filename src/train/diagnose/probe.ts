/** One forward and one backward pass, looked at from within. */
import { ShapeError, showShape } from '../../base/errors.ts';
import type { Attributes, Primitive } from '../../ops/primitive.ts';
import type { AnyModule } from '../../nn/module.ts';
import { enableGrad, state, withObserver, type Observer, type Scope } from '../../value/recording.ts';
import { isValue, type Value } from '../../value/value.ts';
import type { Loss } from '../step.ts';
import { hasNaN, valuesIn } from './numbers.ts';

/** A module's last call. */
export interface LayerCall {
  readonly path: string;
  readonly module: AnyModule;
  readonly outputs: readonly Value[];
}

/** A pointwise op that a module called. */
export interface OpCall {
  /** The module with parameters that comes before it, or that calls it: `layers.0 Linear`. */
  readonly layer: string;
  readonly primitive: Primitive;
  readonly attrs: Attributes;
  readonly inputs: readonly Value[];
  readonly output: Value;
  /** The composite op that it is part of; null where the module's own code calls it. */
  readonly composite: Scope | null;
  /** Which axis of the output counts units: 1 after convolutions, else the last. */
  readonly unitAxis: number;
}

/** A model, and the batch that it is looked at with. */
export interface Patient {
  readonly model: AnyModule;
  /** What the model makes of the batch. */
  readonly forward: () => unknown;
  readonly target: unknown;
  readonly loss: Loss;
}

/** What was seen. */
export interface Probe {
  readonly loss: number;
  readonly prediction: unknown;
  /** Modules with parameters of their own, in the order of their first calls. */
  readonly layers: readonly LayerCall[];
  readonly ops: readonly OpCall[];
  /** Of how many ops each instance of a composite is made, by the numbers of their scopes. */
  readonly parts: ReadonlyMap<number, number>;
  /** The gradient of every parameter; null where none arrived. */
  readonly gradients: ReadonlyMap<Value, Value | null>;
  /** The first op that made a NaN of numbers, and where; null if none did. */
  readonly nan: string | null;
}

const depthOf = (scope: Scope | null): number => {
  let depth = 0;
  for (let at = scope; at !== null; at = at.parent) depth++;
  return depth;
};

/** Weights of at least three axes are a convolution's: what comes out has its channels on axis 1. */
const isConvolution = (module: AnyModule): boolean => module.ownParameters().some(([, leaf]) => leaf.rank >= 3);

class Watch {
  readonly layers = new Map<AnyModule, LayerCall>();
  readonly ops: OpCall[] = [];
  readonly parts = new Map<number, number>();
  nan: string | null = null;
  readonly #open: { readonly path: string; readonly module: AnyModule }[] = [];
  #channels = false;
  #before = '';
  readonly #outside = depthOf(state.scope);

  /** Stands in for the forward passes; hooks would make compiled functions of this model be traced again. */
  around(model: AnyModule): () => void {
    const undo = [...model.namedModules()].map(([path, module]) => {
      const forward = module.forward.bind(module);
      // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
      const before = module.forward;
      module.forward = (...inputs: never[]) => this.#call(path, module, () => forward(...inputs));
      return () => {
        module.forward = before;
      };
    });
    return () => undo.forEach((each) => each());
  }

  #call(path: string, module: AnyModule, forward: () => unknown): unknown {
    this.#open.push({ path, module });
    const output = forward();
    this.#open.pop();
    if (module.ownParameters().length === 0) return output;
    this.#before = nameOfLayer(path, module);
    const outputs = valuesIn(output);
    for (const y of outputs) if (y.requiresGrad) y.retainGrad();
    this.layers.set(module, { path, module, outputs });
    if (module.ownParameters().some(([, leaf]) => leaf.rank >= 2)) this.#channels = isConvolution(module);
    return output;
  }

  readonly observe: Observer = (primitive, inputs, attrs, outputs) => {
    const at = this.#open.at(-1);
    this.#lookForNaN(primitive, inputs, attrs, outputs, at);
    if (at === undefined || state.pulling !== null) return;
    const inside = depthOf(state.scope) - this.#outside - this.#open.length;
    const composite = inside > 0 ? state.scope! : null;
    if (composite !== null && !primitive.implicit) {
      this.parts.set(composite.id, (this.parts.get(composite.id) ?? 0) + 1);
    }
    if (inside > 1 || primitive.partials === null) return;
    const output = outputs[0]!;
    const layer = at.module.ownParameters().length > 0 ? nameOfLayer(at.path, at.module) : this.#before;
    const unitAxis = this.#channels ? 1 : output.rank - 1;
    this.ops.push({ layer, primitive, attrs, inputs, output, composite, unitAxis });
  };

  #lookForNaN(
    primitive: Primitive,
    inputs: readonly Value[],
    attrs: Attributes,
    outputs: readonly Value[],
    at: { readonly path: string; readonly module: AnyModule } | undefined,
  ): void {
    if (this.nan !== null || !outputs.some(hasNaN) || inputs.some(hasNaN)) return;
    const place = at === undefined ? 'the loss' : nameOfLayer(at.path, at.module);
    const { pulling } = state;
    this.nan =
      pulling === null ? `${primitive.title(attrs)} in ${place}` : `the backward pass of ${pulling.op ?? 'a leaf'}`;
  }
}

/** `layers.0 Linear`; the model itself by its class. */
export const nameOfLayer = (path: string, module: AnyModule): string =>
  path === '' ? module.constructor.name : `${path} ${module.constructor.name}`;

function lossOf({ loss, target }: Patient, prediction: unknown): Value {
  const l: unknown = loss(prediction as never, target as never);
  if (isValue(l) && l.size === 1) return l;
  throw new ShapeError(`the loss must be one number, got ${isValue(l) ? showShape(l.shape) : typeof l}`, {
    op: 'diagnose',
    hint: "Use reduction 'mean' or 'sum', and return the loss.",
  });
}

/** The loss, and the gradients of it where it has any. */
export function passes(patient: Patient): { readonly loss: Value; readonly prediction: unknown } {
  const prediction = patient.forward();
  const loss = lossOf(patient, prediction);
  if (loss.requiresGrad) loss.backward();
  return { loss, prediction };
}

/** Runs both passes in training mode. What it changes the caller puts right. */
export function probe(patient: Patient): Probe {
  const { model } = patient;
  const watch = new Watch();
  const restore = watch.around(model);
  const parameters = model.parameters();
  for (const p of parameters) p.grad = null;
  model.train();
  try {
    return withObserver(watch.observe, () =>
      enableGrad(() => {
        const { loss, prediction } = passes(patient);
        return {
          loss: loss.item(),
          prediction,
          layers: [...watch.layers.values()],
          ops: watch.ops,
          parts: watch.parts,
          gradients: new Map(parameters.map((p) => [p, p.grad])),
          nan: watch.nan,
        };
      }),
    );
  } finally {
    restore();
  }
}
