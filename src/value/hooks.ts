/** Gradient hooks: functions that see a Value's cotangent when the reverse walk reaches it. */
import { cellOf, isValue, requireShape, type Value } from './value.ts';

/** Gets the cotangent; may return another one to go on with. */
export type GradientHook = (g: Value) => Value | null | undefined | void;

const hooks = new WeakMap<Value, GradientHook[]>();
let anyHooks = false;

/** Registers a hook; the returned function removes it. */
export function addHook(x: Value, hook: GradientHook): () => void {
  anyHooks = true;
  const list = hooks.get(x) ?? [];
  hooks.set(x, list);
  list.push(hook);
  return () => {
    const i = list.indexOf(hook);
    if (i >= 0) list.splice(i, 1);
  };
}

/** A snapshot's hooks are those of its cell. */
const hooksOf = (x: Value): readonly GradientHook[] | undefined => hooks.get(cellOf(x));

/** The cotangent after all hooks of x have seen it. */
export function applyHooks(x: Value, g: Value): Value {
  if (!anyHooks) return g;
  let current = g;
  // A copy: a hook may remove itself.
  for (const hook of [...(hooksOf(x) ?? [])]) {
    const replaced = hook(current) ?? null;
    if (replaced === null) continue;
    if (!isValue(replaced)) {
      throw new TypeError(`onGrad: the hook must return a Value, or nothing to let g pass, got ${typeof replaced}`);
    }
    requireShape('onGrad', replaced, x.shape);
    current = replaced;
  }
  return current;
}
