// An LSTM learns how names are spelt, letter by letter, and makes up new ones.
//   npx ts-node examples/10-names.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; the folder holds names.txt)
// 32,033 names: 80 % to learn from, 10 % to look at after each epoch, 10 % held out for the figure at the end.
import { constant, manualSeed, noGrad, rand, type Value } from 'chainrule';
import { readLines, split, TensorDataset } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import { Embedding, Linear, LSTM, Module } from 'chainrule/nn';
import { AdamW } from 'chainrule/optim';
import { evaluate, fit, type Metric } from 'chainrule/train';
import { dataFile, quick, target } from './common/setting.ts';

/** Token 0 stands before and behind a name; 1 … 26 are its letters. */
const [EDGE, KINDS, NOTHING] = [0, 27, -100];
const idOf = (letter: string): number => letter.charCodeAt(0) - 96;
const letterOf = (id: number): string => String.fromCharCode(id + 96);

/** Rows of one length: each token, and the one that follows it; what lies behind a name is not learned. */
function examples(names: readonly string[], length: number): TensorDataset<[Value, Value]> {
  const x = new Int32Array(names.length * length);
  const y = new Int32Array(names.length * length).fill(NOTHING);
  names.forEach((name, row) => {
    const ids = [EDGE, ...Array.from(name, idOf), EDGE];
    x.set(ids.slice(0, -1), row * length);
    y.set(ids.slice(1), row * length);
  });
  const shape = [names.length, length];
  return new TensorDataset(constant(x, { shape }), constant(y, { shape }));
}

class Speller extends Module {
  readonly embedding = new Embedding(KINDS, 32);
  readonly lstm = new LSTM(32, 96, { batchFirst: true });
  readonly out = new Linear(96, KINDS);

  /** [n, length] tokens → [n, length, 27] logits of the next. */
  override forward(x: Value): Value {
    return this.out.forward(this.lstm.forward(this.embedding.forward(x)).output);
  }
}

const nextToken = (logits: Value, next: Value, reduction: 'mean' | 'sum' = 'mean'): Value =>
  crossEntropy(logits.flatten(0, 1), next.flatten(), { ignoreIndex: NOTHING, reduction });

/** Nats a character, over all of them, however they fall into batches. */
function natsPerCharacter(): Metric {
  let [nats, characters] = [0, 0];
  return {
    name: 'nats',
    reset: () => void ([nats, characters] = [0, 0]),
    update: (logits: Value, next: Value) => {
      nats += nextToken(logits, next, 'sum').item();
      characters += next.ne(NOTHING).sum().item();
    },
    result: () => nats / characters,
  };
}

/** A new name: each letter is drawn with the probability that the model gives it (Gumbel's trick). */
function invent(model: Speller): string {
  const ids = [EDGE];
  do {
    const logits = noGrad(() => model.forward(constant([ids])).at(0, -1));
    ids.push(
      logits
        .sub(rand([KINDS]).log().neg().log())
        .argmax()
        .item(),
    );
  } while (ids.at(-1) !== EDGE && ids.length < 20);
  return ids.slice(1, -1).map(letterOf).join('');
}

async function main(): Promise<void> {
  manualSeed(0);
  const names = readLines(dataFile('names.txt')).filter((line) => line !== '');
  const length = Math.max(...names.map((name) => name.length)) + 1;
  const { train, validation, test } = split(examples(names, length), { validation: 0.1, test: 0.1, seed: 0 });
  const model = new Speller();
  await fit(model, train, {
    loss: nextToken,
    optimizer: new AdamW(model.parameters(), { lr: 4e-3 }),
    epochs: quick ? 4 : 8,
    batchSize: 64,
    schedule: (done: number) => 1 - 0.95 * done,
    validation,
  });
  const { nats } = await evaluate(model, test, { metrics: [natsPerCharacter()] });
  target('nats a character on names held out,', nats!, { below: 2.1 });
  const known = new Set(names);
  const made = Array.from({ length: 12 }, () => invent(model));
  console.log(`made up: ${made.map((name) => (known.has(name) ? `${name} (exists)` : name)).join(', ')}`);
}

void main();
