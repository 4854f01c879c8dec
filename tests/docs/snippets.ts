import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { format } from 'node:util';
import { transformSync } from '@swc/core';

const root = resolve(__dirname, '../..');

export interface Snippet {
  readonly document: string;
  readonly line: number;
  readonly code: string;
  /** Why it is not run: the words after `ts ignore`. */
  readonly ignored: string | undefined;
}

/** README.md and every page under docs, as paths from the project's root. */
export function documents(): string[] {
  const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path));
  return ['README.md', ...pages.sort()];
}

/**
 * The fenced `ts` blocks of one page. The word after `ts` may be
 *  - `continued`: the block goes on from the one before it;
 *  - `ignore <reason>`: the block is not run.
 */
export function snippetsOf(document: string): Snippet[] {
  const text = readFileSync(join(root, document), 'utf8');
  return parseSnippets(document, text);
}

export function parseSnippets(document: string, text: string): Snippet[] {
  const snippets: Snippet[] = [];
  const fence = /^( *)```ts\b *(.*)\n([\s\S]*?)^ *```$/gm;
  for (const match of text.matchAll(fence)) {
    const [indent, mode, body] = match.slice(1) as [string, string, string];
    const line = text.slice(0, match.index).split('\n').length;
    const code = body.replaceAll(new RegExp(`^${indent}`, 'gm'), '');
    const before = mode === 'continued' ? (snippets.at(-1)?.code ?? '') : '';
    const ignored = mode.startsWith('ignore') ? mode.slice('ignore'.length).trim() : undefined;
    snippets.push({ document, line, code: before + code, ignored });
  }
  return snippets;
}

/** What a line `console.log(…) // text` prints, and the text it promises; runs of white space count as one space. */
export interface Promised {
  readonly promised: string;
  readonly printed: string;
}

type Require = (name: string) => unknown;
type Test = (name: string, body: () => unknown) => unknown;
type Body = (require: Require, exports: object, console: object, tell: object, test: Test) => Promise<void>;

/**
 * Runs a snippet as a program of its own, and returns what it promised to print beside what it printed. A `test` in it
 * runs at once.
 */
export async function runSnippet(code: string, require: Require): Promise<Promised[]> {
  const promises = new Map<number, { promised: string; printed: string[] }>();
  const lines = code.split('\n').map((text, index) => {
    const [, call, promised] = /^\s*(console\.log\(.*\);?)\s*\/\/ (.*)$/.exec(text) ?? [];
    if (call === undefined) return text;
    promises.set(index, { promised: promised!.trim().replaceAll(/\s+/g, ' '), printed: [] });
    return text.replace('console.log(', `__tell[${index}](`);
  });
  const tell = Object.fromEntries(
    [...promises].map(([index, { printed }]) => [index, (...values: unknown[]) => printed.push(format(...values))]),
  );
  const test: Test = (_, body) => body();
  await compiled(lines.join('\n'))(require, {}, { ...console, log: () => undefined }, tell, test);
  return [...promises.values()].map(({ promised, printed }) => ({
    promised,
    printed: printed.join(' ').replaceAll(/\s+/g, ' '),
  }));
}

function compiled(code: string): Body {
  const { code: body } = transformSync(code, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  // The snippet is the project's own text; a function gives it the names that a module would have, and await.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  return new Function('require', 'exports', 'console', '__tell', 'test', `return (async () => {${body}\n})()`) as Body;
}
