/** Joins the rooms: gives ops what they need of Value, and Value the ops as methods. Imported for its effect. */
import * as table from '../ops/index.ts';
import { isOp } from '../ops/op.ts';
import { bindRuntime } from '../ops/runtime.ts';
import { apply, applyOne } from './apply.ts';
import { lift } from './lift.ts';
import { installMethods } from './methods.ts';
import { binary, fit, pointwise, promoteAll, unary } from './pointwise.ts';
import { withScope } from './recording.ts';
import { contentOf, immediate, isTraced, isValue, makeCell, setLabel, Value } from './value.ts';

function asLeaf(x: Value, options: { readonly requiresGrad?: boolean; readonly label?: string } | undefined): Value {
  if (isTraced(x)) return x;
  const leaf = makeCell(Object.freeze(x.shape), x.dtype, contentOf(x), options?.requiresGrad ?? false);
  if (options?.label !== undefined) setLabel(leaf, options.label);
  return leaf;
}

bindRuntime({
  applyOne,
  apply,
  unary,
  binary,
  pointwise,
  fit,
  promoteAll,
  lift,
  fill: (shape, content, dtype) => immediate(shape, dtype, content),
  fromArray: (data, shape, dtype) => immediate(shape, dtype, shape.length === 0 ? data[0]! : data),
  asLeaf,
  isValue,
  withScope,
});

installMethods();
for (const entry of Object.values<unknown>(table)) {
  if (!isOp(entry) || entry.method === undefined) continue;
  Object.defineProperty(Value.prototype, entry.record.name, {
    value: entry.method,
    writable: true,
    configurable: true,
  });
}
