// Type-checks every `ts` snippet of the documents, strictly, as a program of its own. (tests/docs runs them.)
import { resolve } from 'node:path';
import ts from 'typescript';
import { documents, snippetsOf, type Snippet } from '../tests/docs/snippets.ts';

const root = resolve(__dirname, '..');
const snippets = new Map<string, Snippet>();
for (const snippet of documents().flatMap(snippetsOf)) {
  if (snippet.ignored === undefined) snippets.set(`${root}/${snippet.document}.${snippet.line}.mts`, snippet);
}

const { config } = ts.readConfigFile(`${root}/tsconfig.json`, (path) => ts.sys.readFile(path)) as { config: object };
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
const host = snippetHost({ ...options, isolatedDeclarations: false });
const program = ts.createProgram([...snippets.keys()], host.options, host);

let failed = 0;
for (const [file, snippet] of snippets) {
  const source = program.getSourceFile(file)!;
  const complaints = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  if (complaints.length > 0) failed += 1;
  for (const complaint of complaints) console.log(describe(snippet, complaint));
}
console.log(`${snippets.size - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/** The compiler's own host, to which the snippets look like files. */
function snippetHost(options: ts.CompilerOptions): ts.CompilerHost & { options: ts.CompilerOptions } {
  const disk = ts.createCompilerHost(options);
  return {
    ...disk,
    options,
    fileExists: (path) => snippets.has(path) || disk.fileExists(path),
    readFile: (path) => snippets.get(path)?.code ?? disk.readFile(path),
    getSourceFile: (path, language, ...rest) => {
      const snippet = snippets.get(path);
      if (!snippet) return disk.getSourceFile(path, language, ...rest);
      return ts.createSourceFile(path, snippet.code, language);
    },
  };
}

function describe({ document, line, code }: Snippet, { start, messageText }: ts.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(messageText, '\n');
  const at = code.slice(0, start).split('\n').length - 1;
  return `${document}:${line}: ${text}\n    ${code.split('\n')[at]!.trim()}`;
}
