/** A small strict XML reader: enough to hold SVG to being well-formed. */

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: (Element | string)[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const allowed = (code: number): boolean =>
  code === 9 ||
  code === 10 ||
  code === 13 ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  code >= 0x10000;

function decode(text: string): string {
  for (const c of text) if (!allowed(c.codePointAt(0)!)) throw new Error(`forbidden character ${c.codePointAt(0)!}`);
  return text.replace(/&([^;&\s]*);?/g, (whole, name: string) => {
    if (!whole.endsWith(';')) throw new Error(`bare ampersand: ${whole}`);
    const code = /^#x[\da-f]+$/i.test(name)
      ? parseInt(name.slice(2), 16)
      : /^#\d+$/.test(name)
        ? Number(name.slice(1))
        : null;
    if (code !== null && allowed(code)) return String.fromCodePoint(code);
    const known = ENTITIES[name];
    if (known === undefined) throw new Error(`unknown entity ${whole}`);
    return known;
  });
}

/** @throws Error unless the text is one well-formed element. */
export function parseXml(text: string): Element {
  const root: Element = { name: '', attributes: {}, children: [] };
  const open = [root];
  const token = /<\/([\w:-]+)\s*>|<([\w:-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<]+)|(.)/gsu;
  for (const [, closed, name, attributes, empty, content, bad] of text.trim().matchAll(token)) {
    const parent = open.at(-1)!;
    if (bad !== undefined) throw new Error(`unexpected ${bad}`);
    if (content !== undefined) parent.children.push(decode(content));
    else if (closed !== undefined) {
      if (open.pop()!.name !== closed) throw new Error(`</${closed}> closes <${parent.name}>`);
    } else {
      const entries = [...attributes!.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, decode(value!)]);
      if (new Set(entries.map(([key]) => key)).size !== entries.length)
        throw new Error(`<${name!}> repeats an attribute`);
      const element: Element = {
        name: name!,
        attributes: Object.fromEntries(entries) as Record<string, string>,
        children: [],
      };
      parent.children.push(element);
      if (empty === '') open.push(element);
    }
  }
  const elements = root.children.filter((child) => typeof child !== 'string');
  if (open.length !== 1 || elements.length !== 1) throw new Error('not one closed element');
  return elements[0]!;
}

/** All elements of a name, in the order of the document. */
export function elements(root: Element, name: string): Element[] {
  const inner = root.children.flatMap((child) => (typeof child === 'string' ? [] : elements(child, name)));
  return root.name === name ? [root, ...inner] : inner;
}

export const textOf = (element: Element): string =>
  element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
