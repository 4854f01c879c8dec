// npm run examples [-- --quick] [-- --data FOLDER] [-- --out FOLDER] [-- --only WORD]: runs the examples that
// have targets, one after the other, and says which were met. Each says itself what it skips for want of data.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    data: { type: 'string' },
    out: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const passedOn = [
  ...(values.quick ? ['--quick'] : []),
  ...(values.data === undefined ? [] : ['--data', values.data]),
  ...(values.out === undefined ? [] : ['--out', values.out]),
];
const names = readdirSync(join(root, 'examples'))
  .filter((name) => name.endsWith('.ts') && hasTarget(name) && name.includes(values.only))
  .sort();

/** The others are introductions with arguments of their own; the tests run them. */
function hasTarget(name) {
  return readFileSync(join(root, 'examples', name), 'utf8').includes('common/setting');
}

/** Runs one example; its exit code and what it printed, which is shown as it comes. */
function run(name) {
  return new Promise((resolve, reject) => {
    const tsNode = join(root, 'node_modules/ts-node/dist/bin.js');
    const child = spawn(process.execPath, [tsNode, join('examples', name), ...passedOn], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      process.stdout.write(chunk);
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code, text }));
  });
}

let [passed, failed] = [0, 0];
for (const name of names) {
  console.log(`\n=== ${name}`);
  const started = Date.now();
  const { code, text } = await run(name);
  const missed = text.match(/^MISSED: /gm)?.length ?? 0;
  passed += text.match(/^met: /gm)?.length ?? 0;
  // One that breaks down without having said what it missed has failed as well.
  failed += missed > 0 ? missed : Number(code !== 0);
  console.log(`--- ${name}: ${((Date.now() - started) / 1000).toFixed(0)} s${code === 0 ? '' : `, exit code ${code}`}`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || names.length === 0 ? 1 : 0;
