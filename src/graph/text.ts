/** Texts that hold whatever users wrote: made safe for XML, DOT and the eye. */

const LONGEST_LABEL = 48;

const VISIBLE: Readonly<Record<string, string>> = { '\n': '↵', '\r': '↵', '\t': '⇥', '\x7f': '␡' };

/** One visible character for what XML forbids or nobody sees. */
function visible(c: string): string {
  const code = c.codePointAt(0)!;
  if (VISIBLE[c] !== undefined) return VISIBLE[c];
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  return '\uFFFD';
}

/**
 * One line without control characters: line breaks as ↵, control characters as their signs, lone surrogates and
 * noncharacters as \uFFFD. Marks that turn the direction of text go, lest a label rearrange its neighbours.
 */
export const printable = (text: string): string =>
  text
    .replace(/\r\n/g, '\n')
    // eslint-disable-next-line no-control-regex -- control characters are what it is about
    .replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\uFFFE\uFFFF]|\p{Surrogate}/gu, visible)
    .replace(/[\u202A-\u202E\u2066-\u2069]/g, '');

/** The same, long ones cut. */
export function shortLabel(text: string): string {
  const characters = [...printable(text)];
  return characters.length <= LONGEST_LABEL
    ? characters.join('')
    : `${characters.slice(0, LONGEST_LABEL - 1).join('')}…`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For XML text and attributes. */
export const escapeXml = (text: string): string => printable(text).replace(/[&<>"']/g, (c) => ENTITIES[c]!);

/** For the text of Graphviz's HTML-like labels, which treat a backslash as the start of an escape even there. */
export const escapeLabel = (text: string): string => escapeXml(text).replace(/\\/g, '&#92;&#92;');

/** `2,412`. */
export const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** `1 op`, `2 ops`. */
export const counted = (n: number, noun: string): string => `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`;
