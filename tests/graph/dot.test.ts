import { value } from 'chainrule';
import { toDot, toSvg } from 'chainrule/graph';
import fc from 'fast-check';
import { fromDot } from 'ts-graphviz';
import { chain, classic, layers } from './graphs.ts';
import { elements, parseXml, textOf, type Element } from './xml.ts';

const groups = (svg: Element, kind: string): Element[] =>
  elements(svg, 'g').filter((g) => g.attributes['class']?.split(' ')[0] === kind);

const titleOf = (g: Element): string => textOf(elements(g, 'title')[0]!);

describe('toDot', () => {
  test('is the same text every time', () => {
    expect(toDot(classic().e)).toBe(toDot(classic().e));
  });

  test('is read back by another parser with all nodes and edges', () => {
    const graph = fromDot(toDot(classic().e, { partials: 'both' }));
    expect([graph.nodes.length, graph.edges.length]).toEqual([6, 6]);
    const nested = fromDot(toDot(layers(3), { fold: false }));
    expect(nested.subgraphs.map((cluster) => cluster.nodes.length)).toEqual([5, 5, 5]);
  });

  test.each(['LR', 'TB', 'RL', 'BT'] as const)('direction %s', (direction) => {
    expect(toDot(classic().e, { direction })).toContain(`rankdir = "${direction}"`);
  });

  test('the dark theme has other colours, for readers that know no style sheets', () => {
    expect(toDot(classic().e, { theme: 'dark' })).toContain('bgcolor = "#0d1117"');
    expect(toDot(classic().e)).toContain('bgcolor = "#ffffff"');
  });

  test('a legend explains the colours', () => {
    expect(toDot(classic().e, { colorBy: 'gradient' })).toContain('vanished: below 1e-6');
    expect(toDot(classic().e, { colorBy: 'gradient', legend: false })).not.toContain('vanished: below');
    expect(toDot(classic().e, { legend: true })).toContain('folded scope');
  });
});

describe('labels hold anything', () => {
  const draw = (label: string): Promise<string> => toSvg(value(1, { label }).mul(2).named(label));

  const shownIn = (svg: string): string =>
    elements(groups(parseXml(svg), 'node')[0]!, 'text')
      .map(textOf)
      .join('');

  test.each([
    ['quotes', 'say "hi" & \'bye\''],
    ['a Windows path', 'C:\\'],
    ['backslashes and what Graphviz would replace', '\\N \\G \\n \\\\'],
    ['HTML', '<b onload="x">bold</b>'],
    ['what looks like an HTML label', '<TABLE><TR></TABLE>'],
    ['entities', '&amp; &lt; &#38;'],
    ['Unicode', 'θ₁ ∂ñ 漢字 🦉'],
    ['DOT', '"]; evil -> node; ["'],
    ['CDATA and comments', ']]> <!-- -->'],
  ])('%s', async (_, label) => {
    expect(shownIn(await draw(label))).toContain(label.replace(/ /g, ' '));
  });

  test.each([
    ['line breaks', 'a\nb\r\nc', 'a↵b↵c'],
    ['control characters', 'a\x00b\x1bc', 'a␀b␛c'],
    ['lone surrogates', 'a\ud800b', 'a\ufffdb'],
    ['marks that turn text around', 'a\u202eb', 'ab'],
    ['long ones, cut', 'x'.repeat(100), `${'x'.repeat(47)}…`],
  ])('%s', async (_, label, shown) => {
    expect(shownIn(await draw(label))).toContain(shown);
  });

  test('the empty label', async () => {
    expect(groups(parseXml(await draw('')), 'node')).toHaveLength(3);
  });

  test('any string at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 20 }), async (label) => {
        const svg = await toSvg(value(1, { label }).mul(2), { title: label });
        expect(groups(parseXml(svg), 'node')).toHaveLength(3);
        expect(fromDot(toDot(value(1, { label }).mul(2))).nodes).toHaveLength(3);
      }),
      { numRuns: 60 },
    );
  });
});

describe('toSvg', () => {
  test('is one well-formed element with a title and a description for screen readers', async () => {
    const svg = parseXml(await toSvg(classic().e));
    expect(svg.name).toBe('svg');
    expect(svg.attributes['role']).toBe('img');
    const ids = svg.attributes['aria-labelledby']!.split(' ');
    const texts = ids.map((id) =>
      textOf([...elements(svg, 'title'), ...elements(svg, 'desc')].find((x) => x.attributes['id'] === id)!),
    );
    expect(texts).toEqual(['Computation graph of e', '6 nodes, 6 edges.']);
  });

  test('nodes and edges carry ids and titles', async () => {
    const svg = parseXml(await toSvg(classic().e, { partials: 'symbols' }));
    expect(groups(svg, 'node').map((g) => [g.attributes['id'], titleOf(g)])).toContainEqual([
      'chainrule-n2',
      'c = add, value 3, gradient 2',
    ]);
    expect(groups(svg, 'edge').map((g) => [g.attributes['id'], titleOf(g)])).toContainEqual([
      'chainrule-e4',
      'c → e: ∂ = d',
    ]);
  });

  test('frames are named', async () => {
    const svg = parseXml(await toSvg(layers(12), { repeats: true, fold: false }));
    expect(groups(svg, 'cluster').map((g) => [g.attributes['class'], titleOf(g)])).toEqual([
      ['cluster scope repeated', 'Layer'],
    ]);
  });

  test('all ids are different, and begin as told', async () => {
    const svg = parseXml(await toSvg(layers(3), { id: 'left' }));
    const ids: string[] = [];
    const visit = (x: Element): void => {
      if (x.attributes['id'] !== undefined) ids.push(x.attributes['id']);
      x.children.forEach((child) => typeof child !== 'string' && visit(child));
    };
    visit(svg);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.every((id) => id.startsWith('left'))).toBe(true);
  });

  test('follows light and dark, or stays', async () => {
    const [auto, light, dark] = await Promise.all(
      (['auto', 'light', 'dark'] as const).map((theme) => toSvg(classic().e, { theme })),
    );
    expect(auto).toContain('prefers-color-scheme:dark');
    expect(light).not.toContain('prefers-color-scheme');
    expect(dark).toContain('fill="#0d1117"');
  });

  test('texts keep the width that was reckoned for them', async () => {
    const long = elements(parseXml(await toSvg(value([1.25, 2.5], { label: 'weights' }).sum())), 'text');
    const wide = long.filter((text) => textOf(text).length >= 3);
    expect(wide.length).toBeGreaterThan(0);
    expect(wide.every((text) => Number(text.attributes['textLength']) > 0)).toBe(true);
  });

  test('refuses at once', () => {
    expect(() => toSvg(classic().e, { colour: 'red' } as never)).toThrow(/toSvg: unknown option "colour"/);
  });

  test('3,000 nodes without scopes are drawn', async () => {
    const svg = parseXml(await toSvg(chain(1000)));
    expect(groups(svg, 'node').length).toBeLessThan(20);
  });
});
