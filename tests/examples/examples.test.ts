import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const root = resolve(__dirname, '../..');
const tsNode = join(root, 'node_modules/ts-node/dist/bin.js');
let out: string;

beforeAll(() => {
  out = mkdtempSync(join(tmpdir(), 'chainrule-examples-'));
});

afterAll(() => rmSync(out, { recursive: true, force: true }));

/** What an example prints, run as a reader runs it. */
async function printed(name: string, ...args: string[]): Promise<string> {
  const env: NodeJS.ProcessEnv = { ...process.env, CHAINRULE_DATA: '' };
  const { stdout } = await promisify(execFile)(process.execPath, [tsNode, `examples/${name}.ts`, ...args], {
    cwd: root,
    env,
  });
  return stdout;
}

const picture = (name: string): string => readFileSync(join(out, name), 'utf8');

test('01-expression: the derivatives of (a + b)·(b + 1), and its picture', async () => {
  const text = await printed('01-expression', out);
  expect(text).toMatch(/∂e\/∂a = .*= 2\n∂e\/∂b = .*= 5\n/);
  expect(picture('expression.svg')).toMatch(/^<svg[^]*<\/svg>\n*$/);
});

test('02-derivatives: Newton’s method arrives at (1, 1)', async () => {
  expect(await printed('02-derivatives')).toContain('step 6  u = 1.000000000  v = 1.000000000');
});

test('03-moons: learns, and draws what it has learned', async () => {
  const text = await printed('03-moons', out);
  expect(text).toMatch(/Accuracy on new moons: (99|100)\.\d %/);
  expect(picture('moons-loss.svg')).toContain('Loss while training');
  expect(picture('moons-boundary.svg')).toContain('Decision boundary');
}, 60_000);

test('04-digits: says what it needs where there is no data', async () => {
  expect(await printed('04-digits')).toMatch(/^skipped: no file like train-images\..*--data FOLDER/);
});

test('05-custom-op: keeps the laws; a wrong sign is found', async () => {
  const text = await printed('05-custom-op');
  expect(text).toContain('Every law of the library’s own ops holds for it.');
  expect(text).toMatch(/expected -0\.7357.*\n\s+got +0\.7357/);
});
