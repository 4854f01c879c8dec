/** Programs of one compiled function, the one used last in front. */
import { unflatten, type Structure } from '../base/trees.ts';
import { defaultDtype } from '../base/dtypes.ts';
import { generatorState, restoreGenerator } from '../base/random.ts';
import { makeProgram, type Instruction, type Program } from '../program/program.ts';
import type { Traced } from '../program/trace.ts';
import { callPrimitive, withDrawsAsInputs } from '../transform/call.ts';
import { applyOne, recordResults } from '../value/apply.ts';
import { lift } from '../value/lift.ts';
import { noGrad, state } from '../value/recording.ts';
import { isValue, type Value } from '../value/value.ts';
import type { Executable } from './executable.ts';
import { checksOf, fitLeaves, hold, type Checks, type Key } from './guards.ts';

/** How many Programs a compiled function keeps. */
export const CAPACITY = 32;

/** Collects the leaves of a tree that has this structure; false if it has another. */
export function gather(structure: Structure, tree: unknown, into: Value[]): boolean {
  switch (structure.kind) {
    case 'leaf':
      if (isValue(tree)) into.push(tree);
      else if (typeof tree === 'number') into.push(lift(tree, 'compile'));
      else return false;
      return true;
    case 'static':
      return Object.is(structure.value, tree);
    case 'array':
      return Array.isArray(tree) && gatherAll(structure.children, tree, into);
    case 'object':
      return gatherEntries(structure, tree, into);
  }
}

function gatherAll(structures: readonly Structure[], trees: readonly unknown[], into: Value[]): boolean {
  if (trees.length !== structures.length) return false;
  for (let i = 0; i < structures.length; i++) if (!gather(structures[i]!, trees[i], into)) return false;
  return true;
}

function gatherEntries(
  { keys, children }: Extract<Structure, { readonly kind: 'object' }>,
  tree: unknown,
  into: Value[],
): boolean {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree) || isValue(tree)) return false;
  const names = Object.keys(tree);
  if (names.length !== keys.length) return false;
  const entries = tree as Readonly<Record<string, unknown>>;
  for (let i = 0; i < keys.length; i++) {
    if (names[i] !== keys[i] || !gather(children[i]!, entries[names[i]!], into)) return false;
  }
  return true;
}

/** A Program whose results carry a graph: all that it depends on has become an operand. */
export interface Recorded {
  readonly body: Program;
  readonly draws: readonly Instruction[];
}

/**
 * A Program to be recorded as one node. Numbers that it draws are operands, too: its derivatives run it again, and must
 * see the same ones.
 */
export function recordedFrom(program: Program): { readonly run: Program; readonly recorded: Recorded } {
  const { program: run, draws } = withDrawsAsInputs(program);
  const body = makeProgram({ ...run, inputs: [...run.captures.map((c) => c.variable), ...run.inputs], captures: [] });
  return { run, recorded: { body, draws } };
}

/** One Program, compiled, and everything that it is specific to. */
export class Entry {
  readonly key: Key;
  readonly traced: Traced;
  readonly executable: Executable;
  readonly #recorded: Recorded | null;
  readonly #checks: Checks;

  constructor(key: Key, traced: Traced, executable: Executable, recorded: Recorded | null) {
    this.key = key;
    this.traced = traced;
    this.executable = executable;
    this.#recorded = recorded;
    this.#checks = checksOf(key.facts, traced.program.effects);
  }

  /** The arguments' leaves if the Program is for them; else null. */
  leavesOf(args: readonly unknown[]): Value[] | null {
    const { key } = this;
    if (key.gradients !== state.gradients || key.defaultDtype !== defaultDtype()) return null;
    const leaves: Value[] = [];
    if (!gather(key.structure, args, leaves)) return null;
    return fitLeaves(leaves, key.leaves) && hold(this.#checks, leaves) ? leaves : null;
  }

  /**
   * False where someone outside wants derivatives through arguments of a Program with effects, whose results have no
   * graph: then the function itself has to run.
   */
  isFor(leaves: readonly Value[]): boolean {
    if (!this.key.gradients || this.traced.program.effects.length === 0) return true;
    return leaves.every((x) => !x._requiresGrad || x._isCell);
  }

  /** The result for arguments that it is for. */
  run(leaves: readonly Value[]): unknown {
    const { gradInputs, flagWrites, program } = this.traced;
    const inputs = gradInputs.length === 0 ? leaves : [...leaves, ...gradInputs.map((i) => leaves[i]!.grad!)];
    const results = this.#recorded === null ? this.executable.run(inputs) : this.#record(this.#recorded, inputs);
    for (const { owner, name, value } of flagWrites) (owner as Record<string, unknown>)[name] = value;
    return program.result.kind === 'leaf' ? results[0] : unflatten(program.result, results);
  }

  #record({ body, draws }: Recorded, inputs: readonly Value[]): readonly Value[] {
    const { program, requiresGrad } = this.traced;
    const before = generatorState();
    try {
      const drawn = noGrad(() => draws.map(({ primitive, attrs }) => applyOne(primitive, [], attrs)));
      const results = this.executable.run([...inputs, ...drawn]);
      const captured = program.captures.map(({ value, slot }) => (slot === 'grad' ? value.grad! : value));
      const nodes = recordResults(callPrimitive, [...captured, ...inputs, ...drawn], { body }, results);
      return nodes.map((node, i) => (requiresGrad[i] ? node : results[i]!));
    } catch (error) {
      restoreGenerator(before);
      throw error;
    }
  }
}

/** The Programs of a function; at most CAPACITY. */
export class Cache {
  readonly entries: Entry[] = [];

  /** The entry for these arguments, which comes to the front, with their leaves. */
  find(args: readonly unknown[]): { readonly entry: Entry; readonly leaves: Value[] } | null {
    for (let i = 0; i < this.entries.length; i++) {
      const entry = this.entries[i]!;
      const leaves = entry.leavesOf(args);
      if (leaves === null) continue;
      if (i > 0) {
        this.entries.splice(i, 1);
        this.entries.unshift(entry);
      }
      return { entry, leaves };
    }
    return null;
  }

  add(entry: Entry): void {
    this.entries.unshift(entry);
    this.entries.splice(CAPACITY).forEach(({ executable }) => executable.dispose());
  }

  clear(): void {
    this.entries.splice(0).forEach(({ executable }) => executable.dispose());
  }
}
