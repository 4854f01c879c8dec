/**
 * Threads in a browser: in a page that is cross-origin isolated, in one that is not, and in one whose policy forbids
 * workers. It needs Chromium: /usr/bin/chromium, or what CHROMIUM names; without, the check is skipped.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const chromium = process.env.CHROMIUM || '/usr/bin/chromium';
const patience = 120_000;
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
const policy = "default-src 'self'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'none'";
const hasCores = cpus().length > 1;

const same = {
  'at once, without any worker': true,
  'with workers': true,
  'thousands of runs': true,
  'in a store': true,
};
const pages = {
  isolated: {
    headers: isolation,
    workers: 3,
    expected: {
      'may share memory': true,
      'may wait': false,
      threads: hasCores,
      ...same,
      workers: 3,
      'a trap in a worker': 'compile: worker thread 1 failed: unreachable',
      'and then': true,
      warnings: 0,
    },
  },
  'not isolated': {
    headers: {},
    workers: 0,
    expected: { 'may share memory': false, threads: false, 'with one thread': true, warnings: 0 },
  },
  'without workers': {
    headers: { ...isolation, 'content-security-policy': policy },
    workers: 0,
    expected: { 'may share memory': true, ...same, workers: 0, warnings: 1 },
  },
};

const home = mkdtempSync(join(tmpdir(), 'chainrule-threads-'));
let failed = 0;
try {
  if (existsSync(chromium)) await checkAll();
  else console.log(`skipped: the browser, because there is no ${chromium} (CHROMIUM names another)`);
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = failed > 0 ? 1 : 0;

async function checkAll() {
  const bundle = await build({
    stdin: { contents: script(), resolveDir: root, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    tsconfigRaw: {},
    write: false,
    logLevel: 'error',
  });
  for (const [name, page] of Object.entries(pages)) {
    try {
      report(name, page.expected, await inBrowser(name, page, bundle.outputFiles[0].text));
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}: ${error.message}`);
    }
  }
}

function script() {
  return `import { findings } from './tests/engine/threads/page.ts';
const tell = (result) => fetch('/result', { method: 'POST', body: JSON.stringify(result) });
findings(Number(document.title)).then((found) => tell({ found }), (error) => tell({ error: String(error.stack) }));`;
}

function report(name, expected, findings) {
  const found = Object.fromEntries(findings);
  for (const [what, wanted] of Object.entries(expected)) {
    if (found[what] === wanted) continue;
    failed += 1;
    console.log(`FAILED  ${name}: ${what}: ${found[what]}, expected ${wanted}`);
  }
  console.log(`${name}: ${findings.map(([what, so]) => `${what}: ${so}`).join('; ')}`);
}

/** Opens the page; what it sends back. */
async function inBrowser(name, page, code) {
  let settle;
  const result = new Promise((resolve, reject) => (settle = { resolve, reject }));
  const server = createServer((request, response) => void answer(request, response, page, code, settle));
  await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
  const address = `http://127.0.0.1:${server.address().port}/`;
  // The page is this project's own; containers often lack what the sandbox needs.
  const quiet = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
  const profile = `--user-data-dir=${join(home, name.replaceAll(' ', '-'))}`;
  const browser = spawn(chromium, [...quiet, profile, '--remote-debugging-port=0', address], { stdio: 'ignore' });
  const closed = new Promise((done) => browser.once('close', done));
  browser.once('error', settle.reject);
  browser.once('exit', () => settle.reject(new Error('the browser ended before the page had answered')));
  const timer = setTimeout(() => settle.reject(new Error(`no answer within ${patience / 1000} s`)), patience);
  try {
    return await result;
  } finally {
    clearTimeout(timer);
    browser.kill();
    await closed;
    server.closeAllConnections();
    server.close();
  }
}

async function answer(request, response, { headers, workers }, code, settle) {
  if (request.url === '/result') {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { found, error } = JSON.parse(body);
    if (error === undefined) settle.resolve(found);
    else settle.reject(new Error(error));
    return response.end();
  }
  if (request.url === '/page.js') {
    return response.writeHead(200, { ...headers, 'content-type': 'text/javascript' }).end(code);
  }
  if (request.url !== '/') return response.writeHead(204).end();
  const html = `<!doctype html><meta charset="utf-8"><title>${workers}</title><script type="module" src="/page.js"></script>`;
  return response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(html);
}
