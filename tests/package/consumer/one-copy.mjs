// require and import in one process must see one copy of everything: two copies of the Value class would not mix.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
for (const path of process.argv.slice(2)) {
  const required = require(path);
  const imported = await import(path);
  for (const name of Object.keys(imported)) {
    assert.equal(required[name], imported[name], `${path}: ${name} differs between require and import`);
  }
}

const { value } = require('chainrule');
const { toDot } = await import('chainrule/graph');
const e = value(2).add(value(1)).mul(3);
assert.match(toDot(e), /digraph/);
