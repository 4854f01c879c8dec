/**
 * Threads in a browser: in a page that is cross-origin isolated, in one that is not, and in one whose policy forbids
 * workers. It needs Chromium: /usr/bin/chromium, or what CHROMIUM names; without, the check is skipped.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { chromium, visit } from './chromium.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
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
      const serve = (request, response) => answer(request, response, page, bundle.outputFiles[0].text);
      const { found } = await visit({ profile: join(home, name.replaceAll(' ', '-')), patience, serve });
      report(name, page.expected, found);
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

function answer(request, response, { headers, workers }, code) {
  if (request.url === '/page.js') {
    return response.writeHead(200, { ...headers, 'content-type': 'text/javascript' }).end(code);
  }
  if (request.url !== '/') return response.writeHead(204).end();
  const html = `<!doctype html><meta charset="utf-8"><title>${workers}</title><script type="module" src="/page.js"></script>`;
  return response.writeHead(200, { ...headers, 'content-type': 'text/html' }).end(html);
}
