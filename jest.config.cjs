// ESM-only packages that src or tests import: Jest runs CommonJS here and must compile them.
const esm = ['ts-graphviz', '@ts-graphviz', 'vega[^/]*', 'd3-[^/]*', 'internmap', 'delaunator', 'robust-predicates'];

const swc = {
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  // A test that hangs ends; a busy machine is no failure.
  testTimeout: 60_000,
  // Jest leaves a core idle by default: half of two.
  maxWorkers: '100%',
  roots: ['<rootDir>/tests'],
  testMatch: ['**/*.test.ts'],
  // Tests read like a user's program: the package by its name means the sources.
  moduleNameMapper: {
    '^chainrule$': '<rootDir>/src/index.ts',
    '^chainrule/(\\w+)$': '<rootDir>/src/$1/index.ts',
    // Its build for Node awaits at the top level, which CommonJS cannot.
    '^vega-canvas$': '<rootDir>/node_modules/vega-canvas/build/vega-canvas.browser.js',
  },
  transform: { '^.+\\.[cm]?[jt]s$': ['@swc/jest', swc] },
  transformIgnorePatterns: [`/node_modules/(?!(${esm.join('|')})/)`],
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
};
