/**
 * The built package in a browser (npm run test:browser, after a build): its files as they are, by an import map; the same
 * isolated from other origins, where threads share memory; and bundled. All must reach the same bits as Node, random
 * programs among them, and load nothing of Node's. It needs Chromium: /usr/bin/chromium, or what CHROMIUM names; without,
 * the check is skipped.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, visit } from './chromium.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const program = 'tests/package/browser/bits.mjs';
const patience = 60_000;
/** Random programs of each kind. */
const programCount = 40;

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
};
/** What a page needs to be sent with for its threads to share memory. */
const isolation = [
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Embedder-Policy', 'require-corp'],
];
/** Sends the results, or what went wrong, back to the server. */
const telling = `const tell = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
bits(programs).then((lines) => tell({ lines }), (error) => tell({ error: String(error.stack) }));`;

const home = mkdtempSync(join(tmpdir(), 'chainrule-browser-'));

let passed = 0;
let failed = 0;
const missing = whatIsMissing();
try {
  if (missing === undefined) await compare();
  else console.log(`skipped: the browser, because ${missing}`);
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function whatIsMissing() {
  if (!existsSync(join(root, 'dist/esm/index.js'))) return 'the package is not built (npm run build)';
  if (!existsSync(chromium)) return `there is no ${chromium} (CHROMIUM names another)`;
  return undefined;
}

async function compare() {
  writeFileSync(join(home, 'programs.mjs'), await randomPrograms());
  const { bits } = await import(join(root, program));
  const { programs } = await import(join(home, 'programs.mjs'));
  const expected = await bits(programs);
  await bundle();
  for (const page of ['import-map', 'isolated', 'bundle']) {
    try {
      const serve = (request, response) => answer(request, response, page);
      const { lines } = await visit({ profile: join(home, page), patience, serve });
      report(page, expected, lines);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${page}: ${error.message}`);
    }
  }
}

/** Written by the sources: the built package lacks what it takes. */
async function randomPrograms() {
  const outfile = join(home, 'random.mjs');
  const rooms = ['optim', 'testing'].map((room) => [`chainrule/${room}`, join(root, `src/${room}/index.ts`)]);
  await build({
    entryPoints: [join(root, 'tests/package/browser/random.ts')],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    logLevel: 'error',
    tsconfigRaw: {},
    alias: { chainrule: join(root, 'src/index.ts'), ...Object.fromEntries(rooms) },
  });
  const { programsModule } = await import(outfile);
  return programsModule(programCount);
}

function report(page, expected, got) {
  const found = new Map(got);
  const different = expected.filter(([name, hash]) => found.get(name) !== hash);
  for (const [name, hash] of different) console.log(`FAILED  ${page}: ${name}: ${found.get(name)}, in Node ${hash}`);
  passed += expected.length - different.length;
  failed += different.length;
  if (different.length === 0) console.log(`ok      ${page}: ${expected.length} results have the bits that Node gives`);
}

/** As an application is built; what is imported on demand stays in files of its own. */
function bundle() {
  const own = JSON.stringify(join(home, 'programs.mjs'));
  const entry = `import { bits } from ${JSON.stringify(`./${program}`)};\nimport { programs } from ${own};\n${telling}`;
  return build({
    stdin: { contents: entry, resolveDir: root },
    outdir: home,
    entryNames: 'bundle',
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
    // Asked for only by who trains with a progress bar in a terminal, plots or reads Arrow files.
    external: ['apache-arrow', 'cli-progress', 'vega', 'vega-lite'],
  });
}

function pageOf(name) {
  const failing = `addEventListener('error', (event) =>
    fetch('/result', { method: 'POST', body: JSON.stringify({ error: event.message ?? 'a file does not load' }) }), true);`;
  const map = `<script type="importmap">${JSON.stringify({ imports: importMap() })}</script>`;
  const script =
    name === 'bundle'
      ? '<script type="module" src="/built/bundle.js"></script>'
      : `<script type="module">import { bits } from '/${program}';\nimport { programs } from '/built/programs.mjs';\n${telling}</script>`;
  return `<!doctype html><meta charset="utf-8"><script>${failing}</script>${name === 'bundle' ? '' : map}${script}`;
}

/** chainrule's subpaths, and the packages that its pictures need, each by what its own package.json says. */
function importMap() {
  const own = manifest('.').exports;
  const imports = {};
  for (const [path, conditions] of Object.entries(own)) {
    if (path !== './package.json') imports[`chainrule${path.slice(1)}`] = url('.', conditions.import.default);
  }
  const wanted = ['ts-graphviz', '@viz-js/viz'];
  for (const name of wanted) {
    const { exports, dependencies = {} } = manifest(`node_modules/${name}`);
    const entries = exports['.'] === undefined ? { '.': exports } : exports;
    for (const [path, target] of Object.entries(entries)) {
      if (path === './package.json') continue;
      imports[`${name}${path.slice(1)}`] = url(`node_modules/${name}`, forBrowsers(target));
    }
    wanted.push(...Object.keys(dependencies).filter((dependency) => !wanted.includes(dependency)));
  }
  return imports;
}

function forBrowsers(target) {
  return typeof target === 'string' ? target : forBrowsers(target.browser ?? target.import ?? target.default);
}

function manifest(folder) {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
}

function url(folder, path) {
  return `/${join(folder, path).split(sep).join('/')}`;
}

function answer(request, response, page) {
  const path = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
  if (page === 'isolated') for (const [name, value] of isolation) response.setHeader(name, value);
  if (path === '/') return response.writeHead(200, { 'content-type': types['.html'] }).end(pageOf(page));
  if (path === '/favicon.ico') return response.writeHead(204).end();
  const file = path.startsWith('/built/') ? resolve(home, path.slice(7)) : resolve(root, path.slice(1));
  const isInside = [root, home].some((folder) => file.startsWith(folder + sep));
  if (!isInside || !existsSync(file)) throw new Error(`the page asks for ${path}, which is not there`);
  return response
    .writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' })
    .end(readFileSync(file));
}
