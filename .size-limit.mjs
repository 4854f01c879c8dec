// What a page loads, minified and gzipped. Whoever does not import `compile` must not pay for the engine.
import * as chainrule from './dist/esm/index.js';

const path = 'dist/esm/index.js';
const core = Object.keys(chainrule).filter((name) => name !== 'compile');

export default [
  { name: 'core, without the engine', path, import: `{ ${core.join(', ')} }`, gzip: true, limit: '115 kB' },
  { name: 'core and engine', path, gzip: true, limit: '170 kB' },
];
