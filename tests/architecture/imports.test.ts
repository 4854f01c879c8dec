import { cycles } from './cycles.ts';
import { describeImport, filesUnder, importsOf, roomOf, type Import } from './sources.ts';

const foundations = ['base', 'ops', 'value', 'program', 'transform'];
const core = [...foundations, 'engine'];

/** The rooms each room may import from at run time, beside itself. */
const below: Record<string, readonly string[]> = {
  base: [],
  ops: ['base'],
  value: ['base', 'ops'],
  program: ['base', 'ops', 'value'],
  transform: ['base', 'ops', 'value', 'program'],
  engine: foundations,
  index: core,
  graph: foundations,
  testing: foundations,
  nn: core,
  losses: core,
  optim: core,
  data: core,
  train: [...core, 'nn', 'losses', 'optim', 'data'],
  cli: [...core, 'index', 'graph', 'testing', 'nn', 'losses', 'optim', 'data', 'train'],
};

/** The packages and Node modules a room may need; the rest, and so the core, needs none and runs in a browser. */
const packages: Record<string, RegExp> = {
  graph: /^(ts-graphviz|@viz-js\/viz)$/,
  testing: /^fast-check$/,
  // Asked for when an Arrow file is read.
  data: /^(node:|apache-arrow$)/,
  // Asked for when a bar or a plot is wanted.
  train: /^(cli-progress|vega|vega-lite)$/,
  cli: /./,
};

const files = filesUnder('src');
const imports = files.flatMap(importsOf);
const atRunTime = imports.filter((edge) => !edge.typeOnly);

function isUpward({ from, to, external }: Import): boolean {
  if (external) return false;
  const [room, target] = [roomOf(from), roomOf(to)];
  return room !== target && !below[room]!.includes(target);
}

function isForeign({ from, to, external }: Import): boolean {
  return external && !packages[roomOf(from)]?.test(to);
}

test('every room is known here', () => {
  expect(files.map(roomOf).filter((room) => !(room in below))).toEqual([]);
});

test('run-time imports point down', () => {
  expect(atRunTime.filter(isUpward).map(describeImport)).toEqual([]);
});

test('every subpath by itself installs the ops', () => {
  const subpaths = files.filter((file) => /^src\/(\w+\/)?index\.ts$/.test(file) && !/^src\/(ops|cli)\//.test(file));
  const installing = imports.filter((edge) => edge.to === 'src/value/install.ts').map((edge) => edge.from);
  expect(subpaths).toContain('src/nn/index.ts');
  expect(subpaths.filter((file) => !installing.includes(file))).toEqual([]);
});

test('nobody imports src/index.ts, except the command', () => {
  const users = imports.filter((edge) => edge.to === 'src/index.ts' && roomOf(edge.from) !== 'cli');
  expect(users.map(describeImport)).toEqual([]);
});

test('packages stay behind their subpath', () => {
  expect(atRunTime.filter(isForeign).map(describeImport)).toEqual([]);
});

test('no cycles among run-time imports', () => {
  const graph = new Map<string, string[]>(files.map((file) => [file, []]));
  for (const edge of atRunTime) if (!edge.external) graph.get(edge.from)!.push(edge.to);
  expect(cycles(graph).map((cycle) => cycle.join(' → '))).toEqual([]);
});

test('a cycle is found and told once', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['b']],
    ['d', []],
  ]);
  expect(cycles(graph)).toEqual([['b', 'c', 'b']]);
});
