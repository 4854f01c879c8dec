/**
 * For every op's samples: the type that TypeScript infers for the call against the shape that comes out of it. An
 * unknown axis (`number`) or rank (`Shape`) is right; a wrong literal, or a refusal of a call that runs, is not.
 */
import 'chainrule';
import ts from 'typescript';
import * as table from '../../src/ops/index.ts';
import { isOp, type Domain, type OpRecord, type Sample } from '../../src/ops/op.ts';
import { constant } from '../../src/value/create.ts';
import { isValue, type Value } from '../../src/value/value.ts';
import { compile } from './compile.ts';

type Tree = readonly number[] | { readonly [key: string]: Tree } | null;

/** The shapes in a result; null for what is no Value. */
function shapesOf(result: unknown): Tree {
  if (isValue(result)) return result.shape;
  if (typeof result !== 'object' || result === null) return null;
  return Object.fromEntries(Object.entries(result).map(([key, x]) => [key, shapesOf(x)]));
}

interface Called {
  readonly op: string;
  readonly code: string;
  readonly shapes: Tree;
}

/** Any operand in the domain that is easily made: shapes do not depend on numbers. */
function operand({ shape, dtype = 'float64', min = -2, max = 2, matrix }: Domain): Value {
  const n = shape.reduce((a, b) => a * b, 1);
  const at = (i: number): number => min + ((max - min) * (i + 0.5)) / n;
  const columns = shape.at(-1) ?? 1;
  const data = Array.from({ length: n }, (_, i) =>
    matrix === undefined
      ? at(i)
      : i % columns === Math.floor(i / columns) % (shape.at(-2) ?? 1)
        ? 3 + (i % columns)
        : 0.1 * Math.sin(i),
  );
  const whole =
    dtype === 'int32' || dtype === 'bool' ? data.map(Math.floor).map((x) => Math.max(x, Math.ceil(min))) : data;
  return constant(whole, { shape, dtype });
}

/** Names that a module of the library's own uses are no names here; what is left must be parameters and public names. */
const asWritten = (call: Sample['call']): string =>
  String(call).replaceAll(/\(0, _\w+\.(\w+)\)|_\w+ts\.(\w+)/g, '$1$2');

/** The call of a sample that is shared by a whole family: by the op's own name. */
const byName = (record: OpRecord, count: number): string => {
  const names = Array.from({ length: count }, (_, i) => `x${i}`);
  return `(${names.join(', ')}) => ${record.name}(${names.join(', ')})`;
};

const typed = (code: string, { inputs }: Sample): string => {
  const types = inputs.map(({ shape }) => `Value<[${shape.join(', ')}]>`).join(', ');
  return `hold(${JSON.stringify(inputs.length)}, null! as [${types}], ${code});`;
};

function callsOf(record: OpRecord): Called[] {
  return record.samples.flatMap((sample) => {
    const text = asWritten(sample.call);
    const shared = /\.(unary|binary|pointwise)\(p, [xyz, ]+, dtypes\)$/.test(text);
    const code = shared ? byName(record, sample.inputs.length) : text;
    return [
      { op: record.name, code: typed(code, sample), shapes: shapesOf(sample.call(...sample.inputs.map(operand))) },
    ];
  });
}

const records = Object.values<unknown>(table)
  .filter(isOp)
  .map(({ record }) => record);
const calls = records.flatMap(callsOf);
const names = Object.keys(table).filter((key) => isOp((table as Record<string, unknown>)[key]));
const reserved = /^(return|delete|in|var)$/;

const onOneLine = (text: string): string => text.replaceAll(/\/\/.*$/gm, '').replaceAll(/\s*\n\s*/g, ' ');

const prelude = `import { ${names.filter((name) => !reserved.test(name)).join(', ')}, zeros, ones, full, constant, value, type Value } from 'chainrule'; declare function hold<const A extends unknown[], R>(n: number, xs: A, f: (...xs: A) => R): R;`;
const code = [prelude, ...calls.map((call) => onOneLine(call.code))].join('\n');
const compiled = compile(code, { noImplicitAny: false });

/** Cannot find a name, or only a similar one, or a namespace; or found the browser's global `name`. */
const UNRESOLVED = [2304, 2552, 2503, 2538];
/** PyTorch lets a scalar have an axis 0; the types do not, and say so. */
const SCALAR_AXIS = /out of range for \[\]"/;

/** The statement of each line, with what TypeScript has to say about it. */
const lines = calls.map((call, i) => {
  const own = compiled.complaints.filter(({ line }) => line === i + 2);
  const statement = compiled.source.statements.find(
    (s) => compiled.source.getLineAndCharacterOfPosition(s.getStart()).line === i + 1,
  );
  const unresolved = own.some((c) => UNRESOLVED.includes(c.code) || SCALAR_AXIS.test(c.message));
  return { ...call, complaints: own, statement, unresolved };
});

const checker = compiled.program.getTypeChecker();

/** Compares a type with a shape; the text of what is wrong, or null. */
function disagreement(type: ts.Type, shapes: Tree): string | null {
  if (shapes === null) return null;
  if (!Array.isArray(shapes)) {
    for (const [key, inner] of Object.entries(shapes as Record<string, Tree>)) {
      const property = type.getProperty(key);
      const own = property === undefined ? elementType(type) : checker.getTypeOfSymbol(property);
      if (own === undefined) continue;
      const wrong = disagreement(own, inner);
      if (wrong !== null) return `${key}: ${wrong}`;
    }
    return null;
  }
  const property = type.getProperty('shape');
  if (property === undefined) return `${checker.typeToString(type)} is no Value`;
  return wrongShape(checker.getTypeOfSymbol(property), shapes as readonly number[]);
}

const elementType = (type: ts.Type): ts.Type | undefined => type.getNumberIndexType();

function wrongShape(type: ts.Type, shape: readonly number[]): string | null {
  const text = `${checker.typeToString(type)} for [${shape.join(', ')}]`;
  if (type.isUnion()) return type.types.every((t) => wrongShape(t, shape) !== null) ? text : null;
  if (!checker.isTupleType(type)) return null;
  const { target } = type as ts.TupleTypeReference;
  if (target.combinedFlags & ts.ElementFlags.Variable) return null;
  const axes = checker.getTypeArguments(type as ts.TypeReference);
  if (axes.length !== shape.length) return text;
  return axes.every((axis, i) => fits(axis, shape[i]!)) ? null : text;
}

const fits = (axis: ts.Type, n: number): boolean =>
  axis.isNumberLiteral() ? axis.value === n : axis.isUnion() ? axis.types.some((t) => fits(t, n)) : true;

function verdictOn({ complaints, statement, unresolved, shapes, code }: (typeof lines)[number]): string | null {
  if (unresolved) return null;
  const [complaint] = complaints;
  if (complaint !== undefined) return `refused: ${complaint.message}\n    ${code}`;
  const call = (statement as ts.ExpressionStatement).expression;
  const wrong = disagreement(checker.getTypeAtLocation(call), shapes);
  return wrong === null ? null : `${wrong}\n    ${code}`;
}

const byOp = new Map<string, (typeof lines)[number][]>(records.map(({ name }) => [name, []]));
for (const line of lines) byOp.get(line.op)!.push(line);

test('the prelude compiles', () => {
  expect(compiled.complaints.filter(({ line }) => line === 1)).toEqual([]);
});

test.each([...byOp].filter(([, own]) => own.length > 0))('%s › inferred shapes = run-time shapes', (_, own) => {
  expect(own.map(verdictOn).filter((wrong) => wrong !== null)).toEqual([]);
});

test('most samples are within reach of the check', () => {
  expect(lines.filter(({ unresolved }) => unresolved).length / lines.length).toBeLessThan(0.2);
});

// The check itself: with every length one too large, it must complain wherever a length is known.
test('wrong literals would be seen', () => {
  const other = (shapes: Tree): Tree =>
    shapes === null
      ? null
      : Array.isArray(shapes)
        ? (shapes as number[]).map((n) => n + 1)
        : Object.fromEntries(Object.entries(shapes).map(([key, inner]) => [key, other(inner)]));
  const caught = lines.filter(
    (line) => !line.unresolved && verdictOn({ ...line, shapes: other(line.shapes) }) !== null,
  );
  expect(caught.length / lines.length).toBeGreaterThan(0.3);
});
