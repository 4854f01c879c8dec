// Every subpath named on the command line, by require.
const assert = require('node:assert/strict');

for (const path of process.argv.slice(2)) {
  assert.ok(Object.keys(require(path)).length > 0, `${path} exports nothing`);
}

const { value } = require('chainrule');
assert.equal(value(2).mul(3).item(), 6);
