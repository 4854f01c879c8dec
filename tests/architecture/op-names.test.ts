import ts from 'typescript';
import { filesUnder, parse } from './sources.ts';

// Code that asks "is this op exp?" is a rule that belongs into exp's own declaration. Such a question is a comparison:
// of a name (`node.op === 'exp'`, `case 'exp'`) or of the op itself (`node.primitive === exp`). Calling an op is fine.

const asksForName = /(^|\.)(op|name|kind|glyph|primitive|opName|primitiveName)$/;

/** Every exported constant of an op file that is annotated as an op or a primitive, with the file that declares it. */
function declaredOps(): Map<string, string> {
  const ops = new Map<string, string>();
  for (const file of filesUnder('src/ops')) {
    for (const statement of parse(file).statements.filter(ts.isVariableStatement)) {
      for (const { name, type } of statement.declarationList.declarations) {
        if (type && /^(Op|Primitive)\b/.test(type.getText())) ops.set(name.getText(), file);
      }
    }
  }
  return ops;
}

function questions(file: string, ops: ReadonlyMap<string, string>): string[] {
  const source = parse(file);
  // Lanes are below ops and have instructions of their own, some of the same names.
  if (file.startsWith('src/base/')) return [];
  const imported = importedOps(source);
  const found: string[] = [];
  const isForeign = (name: string): boolean => ops.has(name) && ops.get(name) !== file;
  const visit = (node: ts.Node): void => {
    for (const [asked, answer] of comparisons(node)) {
      const byName = ts.isStringLiteral(answer) && asksForName.test(asked.getText()) && isForeign(answer.text);
      const byIdentity = ts.isIdentifier(answer) && imported.has(answer.text) && isForeign(answer.text);
      if (!byName && !byIdentity) continue;
      const { line } = source.getLineAndCharacterOfPosition(answer.getStart());
      found.push(`${file}:${line + 1} asks whether ${asked.getText()} is ${answer.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The names that a file imports from the op files, so that a local variable of an op's name is not taken for the op. */
function importedOps(source: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  for (const statement of source.statements.filter(ts.isImportDeclaration)) {
    const bindings = statement.importClause?.namedBindings;
    if (bindings === undefined || !ts.isNamedImports(bindings)) continue;
    bindings.elements.forEach((element) => names.add(element.name.text));
  }
  return names;
}

/** Pairs of expressions that a node compares. */
function comparisons(node: ts.Node): [asked: ts.Expression, answer: ts.Expression][] {
  if (ts.isSwitchStatement(node)) {
    return node.caseBlock.clauses.filter(ts.isCaseClause).map((clause) => [node.expression, clause.expression]);
  }
  const equality = [ts.SyntaxKind.EqualsEqualsEqualsToken, ts.SyntaxKind.ExclamationEqualsEqualsToken];
  if (!ts.isBinaryExpression(node) || !equality.includes(node.operatorToken.kind)) return [];
  return [
    [node.left, node.right],
    [node.right, node.left],
  ];
}

test("nothing outside an op's own file asks for the op", () => {
  const ops = declaredOps();
  expect(filesUnder('src').flatMap((file) => questions(file, ops))).toEqual([]);
});
