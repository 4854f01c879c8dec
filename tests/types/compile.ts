/** User code, type-checked as a program of its own against the sources. */
import { resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(__dirname, '../..');

export interface Complaint {
  /** From 1. */
  readonly line: number;
  readonly code: number;
  readonly message: string;
}

export interface Compiled {
  readonly program: ts.Program;
  readonly source: ts.SourceFile;
  readonly complaints: readonly Complaint[];
}

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
  types: [],
  paths: { chainrule: [`${root}/src/index.ts`], 'chainrule/*': [`${root}/src/*/index.ts`] },
};

/** Checks `code` as a module beside the sources. Only its own complaints are returned. */
export function compile(code: string, options: ts.CompilerOptions = {}): Compiled {
  const file = `${root}/src/user-code.ts`;
  const all = { ...OPTIONS, ...options };
  const host = ts.createCompilerHost(all);
  const own = ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, true);
  const program = ts.createProgram([file], all, {
    ...host,
    fileExists: (path) => path === file || host.fileExists(path),
    readFile: (path) => (path === file ? code : host.readFile(path)),
    getSourceFile: (path, ...rest) => (path === file ? own : host.getSourceFile(path, ...rest)),
  });
  const source = program.getSourceFile(file)!;
  const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  return { program, source, complaints: found.map((d) => complaint(source, d)) };
}

function complaint(source: ts.SourceFile, { start, code, messageText }: ts.Diagnostic): Complaint {
  const line = source.getLineAndCharacterOfPosition(start ?? 0).line + 1;
  return { line, code, message: ts.flattenDiagnosticMessageText(messageText, '\n') };
}
