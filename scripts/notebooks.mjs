// Runs the notebooks with the TypeScript kernel, against the built package:
//   npm run notebooks          and keeps their outputs
//   npm run notebooks:check    and compares their outputs with those that are kept
// Needs jupyter (Debian: jupyter-client jupyter-nbconvert python3-nbclient jupyter-core); the check is skipped without.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'notebooks');
const checks = process.argv.includes('--check');

const missing = whatIsMissing();
if (missing !== undefined) {
  console.log(`${checks ? 'skipped' : 'cannot run'}: notebooks, because ${missing}`);
  process.exitCode = checks ? 0 : 1;
} else {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ipynb'));
  const failed = names.filter((name) => !(checks ? check(name) : keep(name)));
  console.log(`${names.length - failed.length} passed, ${failed.length} failed`);
  process.exitCode = failed.length > 0 ? 1 : 0;
}

function whatIsMissing() {
  if (spawnSync('jupyter', ['nbconvert', '--version']).status !== 0) return 'there is no jupyter nbconvert';
  if (!existsSync(join(root, 'dist/cjs/index.js'))) return 'the package is not built (npm run build)';
  if (existsSync(join(folder, 'node_modules/tslab'))) return undefined;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  return status === 0 ? undefined : 'npm ci in notebooks/ failed';
}

/** The notebook as it is after all of its cells have run; undefined if one of them failed. */
function executed(name) {
  const out = mkdtempSync(join(tmpdir(), 'chainrule-notebooks-'));
  try {
    const options = ['--to', 'notebook', '--execute', '--log-level', 'ERROR', '--output-dir', out, name];
    const env = { ...process.env, JUPYTER_PATH: folder, FORCE_COLOR: '0' };
    const { status } = spawnSync('jupyter', ['nbconvert', ...options], { cwd: folder, env, stdio: 'inherit' });
    return status === 0 ? clean(read(join(out, name))) : undefined;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function read(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

/** Without times, counts and versions: what differs from run to run. */
function clean(notebook) {
  const cells = notebook.cells.map((cell) => ({
    ...cell,
    metadata: {},
    ...(cell.cell_type === 'code' ? { execution_count: null } : {}),
  }));
  const language = { name: 'typescript', file_extension: '.ts', mimetype: 'text/typescript' };
  return { ...notebook, cells, metadata: { kernelspec: notebook.metadata.kernelspec, language_info: language } };
}

function keep(name) {
  const notebook = executed(name);
  if (notebook !== undefined) writeFileSync(join(folder, name), `${JSON.stringify(notebook, null, 1)}\n`);
  return notebook !== undefined;
}

function check(name) {
  const notebook = executed(name);
  if (notebook === undefined) return false;
  const kept = read(join(folder, name));
  const changed = notebook.cells.filter((cell, i) => outputsOf(cell) !== outputsOf(kept.cells[i] ?? {}));
  for (const { id } of changed) console.log(`${name}: other outputs than those kept in ${id} (npm run notebooks)`);
  return changed.length === 0;
}

function outputsOf({ outputs = [] }) {
  return JSON.stringify(outputs);
}
