import { parseSnippets, runSnippet } from './snippets.ts';

describe('the extractor', () => {
  const text =
    'Text\n```ts\nconst a = 2;\n```\n\n```ts continued\nconsole.log(a + 1); // 3\n```\n```ts ignore\nx\n```\n';
  const [first, second, third] = parseSnippets('x.md', text);

  test('finds blocks, their lines and their modes', () => {
    expect(first).toEqual({ document: 'x.md', line: 2, code: 'const a = 2;\n', ignored: undefined });
    expect(second!.code).toBe('const a = 2;\nconsole.log(a + 1); // 3\n');
    expect(third!.ignored).toBe('');
  });

  test('compares what is printed with what is promised', async () => {
    expect(await runSnippet(second!.code, require)).toEqual([{ promised: '3', printed: '3' }]);
  });

  test('imports and awaits', async () => {
    const code =
      "import { sep } from 'node:path';\nconst s = await Promise.resolve(sep);\nconsole.log([s]); // [ '/' ]\n";
    expect(await runSnippet(code, require)).toEqual([{ promised: "[ '/' ]", printed: "[ '/' ]" }]);
  });
});
