// e = (a + b)·(b + 1): values, derivatives, and the graph as a picture.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { value } from 'chainrule';
import { toDot, toSvg } from 'chainrule/graph';

const a = value(2).named('a');
const b = value(1).named('b');
const c = a.add(b).named('c');
const d = b.add(1).named('d');
const e = c.mul(d).named('e');
e.backward();

console.log(`e = (a + b)·(b + 1) = ${e.item()}`);
// Two paths lead from b to e. Along each, local derivatives are multiplied; the paths are added.
console.log(`∂e/∂a = 1·d       = ${a.grad!.item()}`);
console.log(`∂e/∂b = 1·d + 1·c = ${b.grad!.item()}`);

console.log(`\nAs DOT, for any Graphviz: ${toDot(e).length} characters`);

const out = process.argv[2] ?? 'out';

async function draw(): Promise<void> {
  const path = join(out, 'expression.svg');
  mkdirSync(out, { recursive: true });
  writeFileSync(path, await toSvg(e, { partials: 'both' }));
  console.log(`As a picture, with nothing to install: ${path}`);
}

void draw();
