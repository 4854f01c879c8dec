/**
 * npm run docs: writes docs/ops.md from the table. npm run docs:check: exits 1 if it is stale.
 * A row's words are the first sentence of the JSDoc above the op's declaration; everything else is in its record.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import '../src/value/install.ts';
import * as table from '../src/ops/index.ts';
import { isOp, type Family, type Op } from '../src/ops/op.ts';

const OPS = join('src', 'ops');
const OUT = join('docs', 'ops.md');

interface Described {
  readonly file: string;
  /** What the file is about: its first comment. */
  readonly title: string;
  readonly sentence: string;
}

const firstSentence = (text: string): string => {
  const flat = text.replace(/\s+/g, ' ').trim();
  const end = flat.search(/[.:;](\s|$)/);
  return end < 0 ? flat : flat.slice(0, end);
};

/** The JSDoc of each exported declaration of a file, and the file's own. */
function describeFile(file: string): Map<string, Described> {
  const text = readFileSync(join(OPS, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const title = firstSentence(/^\/\*\*([\s\S]*?)\*\//.exec(text)?.[1]?.replace(/^\s*\*/gm, '') ?? file);
  const found = new Map<string, Described>();
  for (const statement of source.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const comments = ts.getJSDocCommentsAndTags(statement).filter(ts.isJSDoc);
    const comment = comments.at(-1)?.comment;
    const sentence = firstSentence(typeof comment === 'string' ? comment : (ts.getTextOfJSDocComment(comment) ?? ''));
    for (const { name } of statement.declarationList.declarations) {
      if (ts.isIdentifier(name)) found.set(name.text, { file, title, sentence });
    }
  }
  return found;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function kindOf({ record }: Op<Family>): string {
  if (record.primitive === null) return 'composite';
  return record.primitive.derivatives.kind === 'none' ? 'no derivative' : 'all orders';
}

/** How it is called: elementwise ops take their operands and nothing else, which their functions' lengths tell. */
function formOf(name: string, entry: Op<Family>): string {
  if (entry.method === undefined) return `\`${name}(…)\``;
  const rest = ['…', '', 'y'][(entry as unknown as { length: number }).length] ?? '…';
  return `\`x.${name}(${rest})\``;
}

/** GitHub's name for a heading's place. */
const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');

interface Row {
  readonly name: string;
  readonly text: string;
}

function page(): string {
  const described = new Map(
    readdirSync(OPS)
      .filter((f) => f.endsWith('.ts'))
      .flatMap((file) => [...describeFile(file)]),
  );
  const ops = Object.entries(table as Record<string, unknown>).filter((entry): entry is [string, Op<Family>] =>
    isOp(entry[1]),
  );
  const groups = new Map<string, Row[]>();
  for (const [name, entry] of ops.sort(([a], [b]) => (a < b ? -1 : 1))) {
    const about = described.get(name);
    if (about === undefined || about.sentence === '')
      throw new Error(`${name} has no JSDoc above its declaration in ${OPS}`);
    const text = `| ${formOf(name, entry)} | ${cell(entry.record.glyph)} | ${cell(about.sentence)} | ${kindOf(entry)} | ${entry.record.gold.join(', ') || '–'} |`;
    groups.set(about.title, [...(groups.get(about.title) ?? []), { name, text }]);
  }
  const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
  const contents = sorted.map(
    ([title, rows]) => `- [${title}](#${anchor(title)}): ${rows.map(({ name }) => name).join(', ')}`,
  );
  const head = '| op | sign | what it is | derivatives | PyTorch |\n| --- | --- | --- | --- | --- |';
  const sections = sorted.map(
    ([title, rows]) => `## ${title}\n\n${head}\n${rows.map(({ text }) => text).join('\n')}\n`,
  );
  return `<!-- Written by npm run docs from the op table; do not edit. -->

# Ops

${ops.length} ops. Each is a function, \`add(a, b)\`, and unless it takes a list, a method, \`a.add(b)\`. A *composite* is made of
other ops and has all their derivatives. The last column names PyTorch's operators whose samples the op is held against.

${contents.join('\n')}

${sections.join('\n')}`;
}

const written = page();
if (process.argv.includes('--check')) {
  const current = readFileSync(OUT, 'utf8');
  if (current !== written) {
    console.error(`${OUT} is stale: run npm run docs`);
    process.exitCode = 1;
  } else console.log(`${OUT} is current`);
} else {
  writeFileSync(OUT, written);
  console.log(`wrote ${OUT}`);
}
