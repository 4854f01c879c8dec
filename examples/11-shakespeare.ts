// A small Transformer learns to write like Shakespeare, character by character.
//   npx ts-node examples/11-shakespeare.ts --data FOLDER     (or CHAINRULE_DATA=FOLDER; it holds tinyshakespeare.txt)
// It learns from the first 90 % of the text; the figure at the end is of the last 10 %, which it has not seen.
import { constant, manualSeed, noGrad, rand, type Value } from 'chainrule';
import { CharTokenizer, DataLoader, readText, splitSequence, textBlocks } from 'chainrule/data';
import { crossEntropy } from 'chainrule/losses';
import {
  Embedding,
  LayerNorm,
  Linear,
  Module,
  PositionalEncoding,
  TransformerEncoder,
  TransformerEncoderLayer,
} from 'chainrule/nn';
import { AdamW, OneCycleLR } from 'chainrule/optim';
import { evaluate, fit } from 'chainrule/train';
import { dataFile, quick, target } from './common/setting.ts';

const [CONTEXT, WIDTH, HEADS, LAYERS] = [64, 64, 4, 2];
const BATCH = 16;

/** A Transformer of which every position sees itself and what stands before it. */
class Writer extends Module {
  readonly tokens: Embedding;
  readonly positions = new PositionalEncoding(WIDTH, { kind: 'learned', maxLen: CONTEXT });
  readonly blocks: TransformerEncoder;
  readonly out: Linear;

  constructor(characters: number) {
    super(characters);
    this.tokens = new Embedding(characters, WIDTH);
    const block = new TransformerEncoderLayer(WIDTH, HEADS, {
      dimFeedforward: 4 * WIDTH,
      dropout: 0,
      activation: 'gelu',
      normFirst: true,
      batchFirst: true,
    });
    this.blocks = new TransformerEncoder(block, LAYERS, { norm: new LayerNorm(WIDTH) });
    this.out = new Linear(WIDTH, characters);
  }

  /** [n, length] characters → [n, length, characters] logits of the next. */
  override forward(x: Value): Value {
    const seen = this.positions.forward(this.tokens.forward(x));
    return this.out.forward(this.blocks.forward(seen, { isCausal: true }));
  }
}

/** Nats a character. */
const nextCharacter = (logits: Value, next: Value): Value => crossEntropy(logits.flatten(0, 1), next.flatten());

/** Goes on from a beginning: each character is drawn with the probability that the model gives it (Gumbel's trick). */
function write(model: Writer, letters: CharTokenizer, beginning: string, length: number): string {
  const ids = [...letters.encode(beginning)];
  model.eval();
  while (ids.length < length) {
    const logits = noGrad(() => model.forward(constant([ids.slice(-CONTEXT)])).at(0, -1));
    ids.push(
      logits
        .sub(rand([letters.size]).log().neg().log())
        .argmax()
        .item(),
    );
  }
  return letters.decode(ids);
}

async function main(): Promise<void> {
  manualSeed(0);
  const text = readText(dataFile('tinyshakespeare.txt'));
  const letters = CharTokenizer.train(text);
  const { train, test } = splitSequence(letters.encode(text), { test: 0.1 });
  const model = new Writer(letters.size);
  const [epochs, batches] = [quick ? 4 : 10, quick ? 250 : 500];
  const optimizer = new AdamW(model.parameters());
  await fit(
    model,
    new DataLoader(textBlocks(train, { length: CONTEXT, stride: 1 }), {
      batchSize: BATCH,
      shuffle: true,
      samples: batches * BATCH,
      seed: 0,
    }),
    {
      loss: nextCharacter,
      optimizer,
      epochs,
      schedule: {
        scheduler: new OneCycleLR(optimizer, { maxLr: 5e-3, totalSteps: epochs * batches, pctStart: 0.1 }),
        every: 'batch',
      },
      clipNorm: 1,
    },
  );
  const { loss } = await evaluate(model, textBlocks(test, { length: CONTEXT }), { loss: nextCharacter, batchSize: 64 });
  target('nats a character on the last tenth of the plays,', loss!, { below: 2.1 });
  console.log(`\n${write(model, letters, 'ROMEO:\n', 400)}`);
}

void main();
