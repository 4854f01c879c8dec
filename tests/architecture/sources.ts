import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative, resolve, sep } from 'node:path';
import ts from 'typescript';

const root = resolve(__dirname, '../..');

/** One import (or re-export) of one file: `to` is a file of src, or the name of a package. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  readonly external: boolean;
  /** Erased before anything runs, so it binds no module to another. */
  readonly typeOnly: boolean;
}

/** The TypeScript files under the named top-level folders, as paths from the project's root with forward slashes. */
export function filesUnder(...folders: string[]): string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts') && !path.split(sep).includes('node_modules'))
      .map((path) =>
        relative(root, join(root, folder, path))
          .split(sep)
          .join('/'),
      ),
  );
}

export function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

export function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
}

/** The room a file lives in: src/ops/exp.ts is in "ops", src/index.ts in "index". */
export function roomOf(file: string): string {
  return file.split('/')[1]!.replace(/\.ts$/, '');
}

export function importsOf(file: string): Import[] {
  const source = parse(file);
  const found: Import[] = [];
  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      const external = !specifier.startsWith('.');
      const to = external ? specifier : posix.join(dirname(file), specifier);
      found.push({ from: file, to, line, external, typeOnly: isTypeOnly(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

export function describeImport(edge: Import): string {
  return `${edge.from}:${edge.line} imports ${edge.to}`;
}

function specifierOf(node: ts.Node): string | undefined {
  if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
    return (node.moduleSpecifier as ts.StringLiteral).text;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    const [argument] = node.arguments;
    return argument && ts.isStringLiteral(argument) ? argument.text : undefined;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument) && ts.isStringLiteral(node.argument.literal)) {
    return node.argument.literal.text;
  }
  return undefined;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true;
  if (ts.isExportDeclaration(node)) return node.isTypeOnly || everyElementIsType(node.exportClause);
  if (!ts.isImportDeclaration(node) || !node.importClause) return false;
  const { phaseModifier, name, namedBindings } = node.importClause;
  return phaseModifier === ts.SyntaxKind.TypeKeyword || (!name && everyElementIsType(namedBindings));
}

function everyElementIsType(bindings: ts.NamedImportBindings | ts.NamedExportBindings | undefined): boolean {
  if (!bindings || !(ts.isNamedImports(bindings) || ts.isNamedExports(bindings))) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}
