/** What is computed twice is computed once. */
import { isPlainObject } from '../../base/trees.ts';
import { contentOf } from '../../value/value.ts';
import type { Capture, Instruction, Program } from '../program.ts';
import { rewrite } from '../rewrite.ts';

const numberKey = (x: number): string => (Object.is(x, -0) ? '-0' : String(x));

/** A text that is the same for the same attributes; null where some are no plain data (functions, Programs). */
function attributeKey(x: unknown): string | null {
  if (typeof x === 'number') return numberKey(x);
  if (typeof x === 'string') return JSON.stringify(x);
  if (typeof x === 'boolean' || x === null || x === undefined) return String(x);
  if (Array.isArray(x)) return joined('[', x.map(attributeKey));
  if (!isPlainObject(x)) return null;
  return joined(
    '{',
    Object.entries(x).map(([name, y]) => {
      const key = attributeKey(y);
      return key === null ? null : `${JSON.stringify(name)}:${key}`;
    }),
  );
}

const joined = (open: string, keys: readonly (string | null)[]): string | null =>
  keys.includes(null) ? null : `${open}${keys.join()}`;

/** A number for each object: two primitives may have one name. */
class Numbering {
  private readonly numbers: Map<object, number> = new Map();

  of(x: object): number {
    const known = this.numbers.get(x);
    if (known !== undefined) return known;
    this.numbers.set(x, this.numbers.size);
    return this.numbers.size - 1;
  }
}

function applicationKey({ primitive, inputs, attrs }: Instruction, numbering: Numbering): string | null {
  const key = primitive.effect === null ? attributeKey(attrs) : null;
  return key === null ? null : [primitive, ...inputs].map((x) => numbering.of(x)).join() + key;
}

/** Constants that are one number everywhere are known by it. */
function constantKey({ value }: Capture): string | null {
  const content = value._isCell ? null : contentOf(value);
  return typeof content === 'number' ? `${numberKey(content)} ${value.dtype}[${value.shape.join()}]` : null;
}

/** What is kept, by its key. */
class Known<T> {
  private readonly byKey: Map<string, T> = new Map();

  /** The first that had this key; undefined if x is the first, or has no key. */
  before(key: string | null, x: T): T | undefined {
    if (key === null) return undefined;
    const first = this.byKey.get(key);
    if (first === undefined) this.byKey.set(key, x);
    return first;
  }
}

/** The Program in which equal applications to equal operands are one. Draws are never equal. */
export function eliminateCommon(program: Program): Program {
  const numbering = new Numbering();
  const constants = new Known<Capture>();
  const applications = new Known<Instruction>();
  return rewrite(program, {
    capture(capture, to) {
      const first = constants.before(constantKey(capture), capture);
      if (first === undefined) to.keep(capture);
      else to.replace(capture.variable, first.variable);
    },
    instruction(instruction, to) {
      const first = applications.before(applicationKey(instruction, numbering), instruction);
      if (first === undefined) to.emit(instruction);
      else instruction.outputs.forEach((v, i) => to.replace(v, first.outputs[i]!));
    },
  });
}
