// Op records carry samples, refused calls and names of PyTorch's operators for this project's own tests. They are a
// quarter of the core's weight and of no use to anyone who installs it, so the build leaves them out. Lines keep their
// numbers, and with them the source maps hold.
import ts from 'typescript';

const SPECIMENS = new Set(['samples', 'errors', 'gold']);

const isNamed = (node) => node.name !== undefined && ts.isIdentifier(node.name) && SPECIMENS.has(node.name.text);

/** The text of a compiled op file with every specimen replaced by an empty list. */
export function stripSpecimens(text) {
  const source = ts.createSourceFile('op.js', text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const cuts = [];
  const visit = (node) => {
    if (ts.isPropertyAssignment(node) && isNamed(node)) cuts.push({ node: node.initializer, by: '[]' });
    else if (ts.isShorthandPropertyAssignment(node) && isNamed(node)) cuts.push({ node, by: `${node.name.text}: []` });
    else ts.forEachChild(node, visit);
  };
  visit(source);
  let [out, from] = ['', 0];
  for (const { node, by } of cuts) {
    const removed = text.slice(node.getStart(), node.getEnd());
    out += text.slice(from, node.getStart()) + by + removed.replace(/[^\n]/g, '');
    from = node.getEnd();
  }
  return out + text.slice(from);
}
