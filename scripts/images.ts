// Draws the pictures of the documents with the library itself, light and dark: npm run images [-- --check]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { manualSeed, value } from 'chainrule';
import { moons } from 'chainrule/data';
import { toSvg } from 'chainrule/graph';
import { crossEntropy } from 'chainrule/losses';
import { MLP } from 'chainrule/nn';
import { Adam } from 'chainrule/optim';
import { fit, plotDecisionBoundary } from 'chainrule/train';
import { trainingPictures, type Draw } from './training-pictures.ts';

const folder = resolve(__dirname, '../docs/images');
const themes = ['light', 'dark'] as const;

function expression(): Promise<Draw> {
  const a = value(2).named('a');
  const b = value(1).named('b');
  const c = a.add(b).named('c');
  const d = b.add(1).named('d');
  const e = c.mul(d).named('e');
  const title = 'e = (a + b)·(b + 1), its derivatives on every edge';
  return Promise.resolve((theme) => toSvg(e, { partials: 'both', theme, title }));
}

async function boundary(): Promise<Draw> {
  manualSeed(0);
  const { x, y } = moons(200, { noise: 0.1 });
  const model = new MLP([2, 16, 2], { activation: 'tanh' });
  const optimizer = new Adam(model.parameters(), { lr: 0.05 });
  await fit(model, { x, y }, { loss: crossEntropy, optimizer, epochs: 200, batchSize: 200, progress: false });
  return (theme) => plotDecisionBoundary(model, x, y, { theme });
}

const pictures: Readonly<Record<string, () => Promise<Draw>>> = {
  'e-graph': expression,
  moons: boundary,
  ...trainingPictures,
};

async function main(): Promise<void> {
  const check = process.argv.includes('--check');
  mkdirSync(folder, { recursive: true });
  for (const [name, prepare] of Object.entries(pictures)) {
    const draw = await prepare();
    for (const theme of themes) {
      const file = theme === 'light' ? `${name}.svg` : `${name}-dark.svg`;
      const svg = `${(await draw(theme)).trimEnd()}\n`;
      if (!check) writeFileSync(join(folder, file), svg);
      else if (readFileSync(join(folder, file), 'utf8') !== svg) {
        console.error(`docs/images/${file} is not what the library draws: npm run images`);
        process.exitCode = 1;
      }
    }
  }
}

void main();
