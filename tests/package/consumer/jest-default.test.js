// Run by Jest with no configuration at all: CommonJS, nothing in node_modules transformed.
const paths = ['', '/graph', '/testing', '/nn', '/losses', '/optim', '/data', '/train'].map(
  (path) => `chainrule${path}`,
);

test.each(paths)('require(%j)', (path) => {
  expect(Object.keys(require(path))).not.toHaveLength(0);
});

test('the subpaths share one Value class', async () => {
  const { isValue, value } = require('chainrule');
  const { toDot, toSvg } = require('chainrule/graph');
  const { Linear } = require('chainrule/nn');
  const a = value(2, { label: 'a' });
  const e = a.add(1).mul(3);
  expect(toDot(e)).toMatch(/digraph/);
  expect(await toSvg(e)).toMatch(/<svg/);
  expect(new Linear(2, 1).parameters().every(isValue)).toBe(true);
});
