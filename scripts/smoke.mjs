// Installs the packed tarball the way a user would, and uses it: every subpath by require and by import, in TypeScript,
// in Jest with its default configuration, in a browser bundle, from the command line; then again on Node 24; and plots.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';

const execute = promisify(execFile);
const require = createRequire(import.meta.url);
const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { devDependencies, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const oldestTypeScript = '5.0.4';

let passed = 0;
let failed = 0;
const home = mkdtempSync(join(tmpdir(), 'chainrule-smoke-'));
const consumer = join(home, 'consumer');
try {
  await installConsumer();
  await useOn(process.execPath, process.version);
  await useInTypeScript();
  await useInJest();
  await useInBrowserBundle();
  await useOnNode24();
  await usePlots();
} finally {
  rmSync(home, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

async function installConsumer() {
  cpSync(join(root, 'tests/package/consumer'), consumer, { recursive: true });
  writeFileSync(join(consumer, 'package.json'), '{ "name": "consumer", "private": true }\n');
  const { stdout } = await npm(['pack', '--ignore-scripts', '--json', '--pack-destination', home], root);
  const [{ filename, size }] = Object.values(JSON.parse(stdout));
  console.log(`${filename}: ${Math.round(size / 1000)} kB`);
  const typescript = `typescript@${oldestTypeScript}`;
  await npmInstall([join(home, filename), `fast-check@${devDependencies['fast-check']}`, typescript], consumer);
}

/** What a user's plain JavaScript does, on one Node. Node must stay silent: no warning about a module system. */
async function useOn(node, version) {
  for (const program of ['require.cjs', 'import.mjs', 'one-copy.mjs', 'alone.mjs']) {
    await check(`${version} ${program}`, () => quiet(node, [program, ...subpaths()]));
  }
  const command = join('node_modules', '.bin', 'chainrule');
  const expression = ['graph', '(a+b)*(b+1)', 'a=2', 'b=1', '--derivatives'];
  await check(`${version} chainrule --help`, () => quiet(node, [command, '--help']));
  await check(`${version} chainrule graph`, async () => {
    rmSync(join(consumer, 'e.svg'), { force: true });
    await quiet(node, [command, ...expression, '-o', 'e.svg']);
    expectText(readFileSync(join(consumer, 'e.svg'), 'utf8'), '<svg');
  });
  await check(`${version} chainrule graph, a syntax error`, async () => {
    const outcome = await execute(node, [command, 'graph', '(a+'], { cwd: consumer }).catch((error) => error);
    if (outcome.code !== 1 || outcome.stderr === '') throw new Error(`exit code ${outcome.code}, not 1 with a message`);
  });
}

/** The declarations, checked as strictly as a consumer can, under every way TypeScript resolves a package. */
async function useInTypeScript() {
  const current = require.resolve('typescript/bin/tsc');
  const oldest = join(consumer, 'node_modules/typescript/bin/tsc');
  // Under node10 the declarations of fast-check itself do not resolve, so there libraries go unchecked.
  const modes = [
    ['node16', '--module', 'node16', '--moduleResolution', 'node16', 'types.ts', 'types.mts'],
    ['bundler', '--module', 'esnext', '--moduleResolution', 'bundler', 'types.ts'],
    ['node10', '--module', 'commonjs', '--moduleResolution', 'node', '--skipLibCheck', 'types.ts'],
  ];
  cpSync(join(consumer, 'types.ts'), join(consumer, 'types.mts'));
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022'];
  for (const [mode, ...options] of modes) {
    const deprecated = mode === 'node10' ? ['--ignoreDeprecations', '6.0'] : [];
    await check(`types, ${mode}`, () => run(process.execPath, [current, ...strict, ...options, ...deprecated]));
    await check(`types, ${mode}, TypeScript ${oldestTypeScript}`, () =>
      run(process.execPath, [oldest, ...strict, ...options]),
    );
  }
}

async function useInJest() {
  const jest = join(dirname(require.resolve('jest/package.json')), 'bin/jest.js');
  await check('jest with its default configuration', () =>
    run(process.execPath, [jest, '--rootDir', consumer, '--watchman=false', ...['--testPathPatterns', 'jest-default']]),
  );
}

/** No module of Node's may be needed, and dropping unused modules must not drop the methods. */
async function useInBrowserBundle() {
  const outfile = join(consumer, 'bundle.js');
  const options = { bundle: true, minify: true, platform: 'browser', format: 'iife', logLevel: 'silent' };
  await check('browser bundle', async () => {
    await build({ ...options, entryPoints: [join(consumer, 'browser.mjs')], outfile, nodePaths: [] });
    const { stdout } = await run(process.execPath, [outfile]);
    expectText(stdout, '6');
  });
}

async function useOnNode24() {
  const folder = join(home, 'node24');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  try {
    await npmInstall(['node@24'], folder);
    const node = join(folder, 'node_modules/node/bin/node');
    if (!existsSync(node)) throw new Error('npm ran no install script, so there is no binary');
    const { stdout } = await execute(node, ['--version']);
    await useOn(node, stdout.trim());
  } catch (error) {
    console.log(`skipped: the packed tarball on Node 24 (${firstLine(error)})`);
  }
}

/** With the optional peers that draw. */
async function usePlots() {
  await npmInstall(
    ['vega', 'vega-lite'].map((name) => `${name}@${devDependencies[name]}`),
    consumer,
  );
  for (const program of ['plots.cjs', 'plots.mjs']) {
    await check(program, async () => expectText((await run(process.execPath, [program])).stdout, '<svg'));
  }
}

async function check(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${indent(`${error.stdout ?? ''}${error.stderr ?? ''}` || String(error))}`);
  }
}

async function quiet(node, args) {
  const { stderr } = await run(node, args);
  if (stderr !== '') throw new Error(`it wrote to standard error:\n${stderr}`);
}

function run(program, args) {
  return execute(program, args, { cwd: consumer, env: { ...process.env, NODE_OPTIONS: '', NODE_PATH: '' } });
}

function npm(args, cwd) {
  return execute('npm', args, { cwd, maxBuffer: 1 << 26, shell: process.platform === 'win32' });
}

function npmInstall(packages, cwd) {
  return npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--save-exact', ...packages], cwd);
}

function subpaths() {
  return Object.keys(exports)
    .filter((path) => path !== './package.json')
    .map((path) => `chainrule${path.slice(1)}`);
}

function expectText(text, part) {
  if (!text.includes(part)) throw new Error(`expected ${JSON.stringify(part)} in:\n${text.slice(0, 1000)}`);
}

function firstLine(error) {
  return String(error.stderr || error.message || error).split('\n')[0];
}

function indent(text) {
  return text.trimEnd().replace(/^/gm, '        ');
}
