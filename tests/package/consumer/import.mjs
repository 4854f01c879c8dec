// Every subpath named on the command line, by import.
import assert from 'node:assert/strict';
import { value } from 'chainrule';

for (const path of process.argv.slice(2)) {
  assert.ok(Object.keys(await import(path)).length > 0, `${path} exports nothing`);
}
assert.equal(value(2).mul(3).item(), 6);
