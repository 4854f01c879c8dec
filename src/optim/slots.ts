/** What an optimizer keeps for one parameter. */
import type { DType } from '../base/dtypes.ts';
import { ShapeError, showShape } from '../base/errors.ts';
import type { Shape } from '../base/shape-types.ts';
import { sameShape } from '../base/shapes.ts';
import { full } from '../value/create.ts';
import { state } from '../value/recording.ts';
import { contentOf, replaceContent, requireShape, type Value } from '../value/value.ts';

/** The state of one parameter: Values by name. */
export type ParameterState = Readonly<Record<string, Value>>;

interface Slot {
  readonly cell: Value;
  /** What it held before the first update. */
  readonly start: number;
}

/** What a slot has to be like. */
interface SlotForm {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly start: number;
}

/**
 * The slots of one parameter: running means, buffers, counts. Each is a cell that is made when it is first asked for and
 * lives as long as the optimizer, so that a compiled step updates it in place.
 */
export class Slots {
  readonly parameter: Value;
  /** The learning rate: a 0-d Value, so that another rate is no other program. */
  readonly lr: Value;
  readonly #slots = new Map<string, Slot>();

  constructor(parameter: Value, lr: Value) {
    this.parameter = parameter;
    this.lr = lr;
  }

  /**
   * Gives the slot the content `next(before)`, which it returns. It has the parameter's shape and dtype, and holds
   * `start` everywhere before its first update.
   * @example const mean = slots.update('expAvg', (m) => m.mul(beta).add(g.mul(1 - beta)))
   */
  update(name: string, next: (before: Value) => Value, start: number = 0): Value {
    const { shape, dtype } = this.parameter;
    return put(this.#slot(name, { shape, dtype, start }), next);
  }

  /** The same for a number: a 0-d float64 Value. */
  updateNumber(name: string, next: (before: Value) => Value, start: number = 0): Value {
    return put(this.#slot(name, { shape: [], dtype: 'float64', start }), next);
  }

  /** How often the parameter has been updated, this time included: a 0-d float64 Value. */
  count(): Value {
    return this.updateNumber('step', (count) => count.add(1));
  }

  #slot(name: string, { shape, dtype, start }: SlotForm): Value {
    const known = this.#slots.get(name);
    if (known === undefined) return this.#add(name, full(shape, start, { dtype }), start);
    if (known.start !== start) this.#slots.set(name, { ...known, start });
    return known.cell;
  }

  #add(name: string, cell: Value, start: number): Value {
    const { label } = this.parameter;
    // A compiled step that makes its slots need not be traced again to see that they last.
    state.lifting?.adopt(cell);
    cell.named(label === null ? name : `${label}.${name}`);
    this.#slots.set(name, { cell, start });
    return cell;
  }

  /** A copy. */
  save(): ParameterState {
    return Object.fromEntries([...this.#slots].map(([name, { cell }]) => [name, cell.detach()]));
  }

  /** @throws ShapeError unless every entry has the parameter's shape, or is a scalar. */
  check(saved: ParameterState, position: number): void {
    for (const [name, x] of Object.entries(saved)) {
      const { shape } = this.parameter;
      if (x.rank === 0 || sameShape(x.shape, shape)) continue;
      throw new ShapeError(
        `${name} of parameter ${position} is ${showShape(x.shape)}, the parameter ${showShape(shape)}`,
        { op: 'loadStateDict', shapes: [x.shape, shape] },
      );
    }
  }

  /** Takes over what was saved; slots that were not there then are as if never used. Cells stay the same cells. */
  load(saved: ParameterState): void {
    for (const [name, { cell, start }] of this.#slots) if (!Object.hasOwn(saved, name)) cell.assign(start);
    for (const [name, x] of Object.entries(saved)) {
      const known = this.#slots.get(name);
      if (known === undefined) this.#add(name, this.#cellLike(x).assign(x), 0);
      else known.cell.assign(x);
    }
  }

  /** Forgets what was not there when this was saved. */
  keepOnly(saved: ParameterState): void {
    for (const name of [...this.#slots.keys()]) if (!Object.hasOwn(saved, name)) this.#slots.delete(name);
  }

  /** Counts keep their dtype; what has the parameter's shape has its dtype, too. */
  #cellLike({ shape, dtype }: Value): Value {
    return full(shape, 0, { dtype: shape.length === 0 ? dtype : this.parameter.dtype });
  }
}

function put(cell: Value, next: (before: Value) => Value): Value {
  const made = next(cell);
  requireShape('update', made, cell.shape);
  const content: Value = made.dtype === cell.dtype ? made : made.to(cell.dtype);
  if (state.trace === null) replaceContent(cell, contentOf(content));
  else cell.assign(content);
  return content;
}
