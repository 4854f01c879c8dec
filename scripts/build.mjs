// Builds dist/esm and dist/cjs from src, and fails unless everything that package.json promises is there. Types are not
// checked again: that is `npm run typecheck`, and every declaration says its own type (isolatedDeclarations).
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { stripSpecimens } from './strip-specimens.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

// Jest, and Node before 20.19, cannot require ESM: these packages travel inside the CommonJS build.
const esmOnly = ['ts-graphviz'];

// These await at the top level, so that nothing can require them: import() stays as it is written.
const importedOnly = ['vega', 'vega-lite'];

rmSync(dist, { recursive: true, force: true });
await Promise.all([compile('tsconfig.esm.json'), compile('tsconfig.cjs.json')]);
mark('esm', 'module');
mark('cjs', 'commonjs');
for (const name of esmOnly) await vendor(name);
for (const name of importedOnly) keepImport(name);
for (const build of ['esm', 'cjs']) leaveOutSpecimens(build);
requirePromised();

function compile(project) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return new Promise((resolve, reject) => {
    spawn(process.execPath, [tsc, '-p', project, '--noCheck'], { cwd: root, stdio: 'inherit' }).on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`${project} does not compile`)),
    );
  });
}

/** States the module system of one build, and again what has side effects: bundlers read the nearest package.json. */
function mark(build, type) {
  const prefix = `./dist/${build}/`;
  const sideEffects = manifest.sideEffects
    .filter((path) => path.startsWith(prefix))
    .map((path) => `./${path.slice(prefix.length)}`);
  writeFileSync(join(dist, build, 'package.json'), `${JSON.stringify({ type, sideEffects }, null, 2)}\n`);
}

/** Bundles one package as CommonJS and points every require of it there; chainrule's own modules stay separate files. */
async function vendor(name) {
  const cjs = join(dist, 'cjs');
  const users = files(cjs).filter((file) => file.endsWith('.js') && requires(file, name));
  if (users.length === 0) return;
  const outfile = join(cjs, 'vendor', `${name}.js`);
  const banner = { js: `/*\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}*/` };
  await build({
    entryPoints: [name],
    outfile,
    banner,
    bundle: true,
    format: 'cjs',
    platform: 'neutral',
    target: 'es2022',
  });
  for (const file of users) {
    const path = posix.normalize(relative(dirname(file), outfile).split(sep).join('/'));
    const specifier = path.startsWith('.') ? path : `./${path}`;
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`require("${name}")`, `require("${specifier}")`));
  }
}

/** Undoes what TypeScript makes of import() in CommonJS: a require. */
function keepImport(name) {
  const required = `Promise.resolve().then(() => __importStar(require('${name}')))`;
  const users = files(join(dist, 'cjs')).filter(
    (file) => file.endsWith('.js') && readFileSync(file, 'utf8').includes(required),
  );
  if (users.length === 0) throw new Error(`nothing imports ${name} any more, or it is emitted in another way`);
  for (const file of users) writeFileSync(file, readFileSync(file, 'utf8').replaceAll(required, `import('${name}')`));
}

/** What the records hold for the project's own tests; the builders, which pass on what users give them, stay whole. */
function leaveOutSpecimens(build) {
  const ops = join(dist, build, 'ops');
  const declarations = readdirSync(ops).filter((name) => name.endsWith('.js') && name !== 'op.js');
  for (const file of declarations.map((name) => join(ops, name))) {
    writeFileSync(file, stripSpecimens(readFileSync(file, 'utf8')));
  }
}

function requires(file, name) {
  return readFileSync(file, 'utf8').includes(`require("${name}")`);
}

function files(folder) {
  return readdirSync(folder, { recursive: true }).map((path) => join(folder, path));
}

function requirePromised() {
  const { main, module, types, bin, exports, typesVersions, sideEffects } = manifest;
  const promised = [...new Set(leaves([main, module, types, bin, exports, typesVersions, sideEffects]))];
  const missing = promised.filter((path) => !existsSync(join(root, path)));
  if (missing.length > 0) throw new Error(`package.json promises what is not there:\n  ${missing.join('\n  ')}`);
  for (const path of Object.values(bin)) chmodSync(join(root, path), 0o755);
}

function leaves(tree) {
  return typeof tree === 'string' ? [tree] : Object.values(tree).flatMap(leaves);
}
