/** Byte pairs: every text comes back, the merges are the most frequent pairs, and one text gives one tokenizer. */
import { BytePairTokenizer, CharTokenizer, fromJSON, WordTokenizer, type Tokenizer } from 'chainrule/data';
import fc from 'fast-check';

const through = (x: object): object => JSON.parse(JSON.stringify(x)) as object;
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string());

describe('round trips', () => {
  test('decoding undoes encoding, for any text, after JSON, too', () => {
    fc.assert(
      fc.property(
        anyText.filter((s) => s !== ''),
        anyText,
        (training, text) => {
          const trained = BytePairTokenizer.train(training, { vocabSize: 300 });
          const restored = BytePairTokenizer.fromJSON(through(trained));
          expect(trained.decode(trained.encode(text))).toBe(text);
          expect(restored.encode(text)).toEqual(trained.encode(text));
          expect(trained.decode(trained.encode(training))).toBe(training);
        },
      ),
    );
  });

  test.each(['\uFEFFa', 'naïve 😀 日本語\r\n', "don't  stop\t", '\0'])('%j comes back', (text) => {
    const tokenizer = BytePairTokenizer.train('a b c');
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test('half a surrogate pair is no character', () => {
    const tokenizer = BytePairTokenizer.train('a');
    expect(tokenizer.decode(tokenizer.encode('a\uD800b'))).toBe('a\uFFFDb');
  });
});

describe('merges', () => {
  test('Sennrich’s example: the most frequent pair first, of equally frequent ones the smaller bytes', () => {
    const times = (count: number, word: string): string[] => Array.from({ length: count }, () => word);
    const words = [...times(5, 'low'), ...times(2, 'lower'), ...times(6, 'newest'), ...times(3, 'widest')];
    const tokenizer = BytePairTokenizer.train(words, { vocabSize: 262 });
    expect(tokenizer.tokens.slice(256)).toEqual(['es', 'est', 'lo', 'low', 'ew', 'new']);
  });

  test('every merge is the most frequent pair of what the earlier merges leave', () => {
    const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(words, (list) => {
        const { merges } = BytePairTokenizer.train(list, { vocabSize: 264, minFrequency: 1 });
        let left = list.map((word) => [...new TextEncoder().encode(word)]);
        merges.forEach(([a, b], i) => {
          const counts = pairCounts(left);
          expect(counts.get(`${a},${b}`)).toBe(Math.max(...counts.values()));
          left = left.map((ids) => replaced(ids, a, b, 256 + i));
        });
        expect(merges.length === 8 || pairCounts(left).size === 0).toBe(true);
      }),
    );
  });

  test('a word is encoded by making the merges one after the other, however long it is', () => {
    const abc = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(abc, abc, (training, word) => {
        const tokenizer = BytePairTokenizer.train(training, { vocabSize: 280, minFrequency: 1 });
        let ids = [...new TextEncoder().encode(word)];
        tokenizer.merges.forEach(([a, b], i) => (ids = replaced(ids, a, b, 256 + i)));
        expect([...tokenizer.encode(word)]).toEqual(ids);
      }),
    );
  });

  test('encoding the training text gives the ids that training ended with', () => {
    const tokenizer = BytePairTokenizer.train('aaabdaaabac', { vocabSize: 259 });
    expect(tokenizer.tokens.slice(256)).toEqual(['aa', 'ab', 'aaab']);
    expect([...tokenizer.encode('aaabdaaabac')]).toEqual([258, 100, 258, 97, 99]);
  });

  test('rare pairs are left alone, and words are never joined', () => {
    expect(BytePairTokenizer.train('ab ab ab cd', { minFrequency: 3 }).tokens.slice(256)).toEqual(['ab']);
    expect(BytePairTokenizer.train('x y '.repeat(50)).tokens.slice(256)).toEqual([' y', ' x']);
  });

  function pairCounts(words: readonly (readonly number[])[]): Map<string, number> {
    const counts = new Map<string, number>();
    for (const ids of words) {
      for (let i = 0; i + 1 < ids.length; i++) {
        const pair = `${ids[i]},${ids[i + 1]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
    }
    return counts;
  }

  function replaced(ids: readonly number[], a: number, b: number, by: number): number[] {
    const out: number[] = [];
    for (let i = 0; i < ids.length; i++) {
      const joins = ids[i] === a && ids[i + 1] === b;
      out.push(joins ? by : ids[i]!);
      if (joins) i++;
    }
    return out;
  }
});

describe('special tokens', () => {
  const specialTokens = ['<|end|>', '<|end|>!', '[PAD]'];
  const tokenizer = BytePairTokenizer.train('one<|end|>two[PAD]', { vocabSize: 300, minFrequency: 1, specialTokens });

  test('are one token each, the last ids, the longer one first, and no merge reaches into them', () => {
    const first = tokenizer.size - 3;
    expect([...tokenizer.encode('<|end|><|end|>!')]).toEqual([first, first + 1]);
    expect(tokenizer.tokens.slice(256)).toEqual(['ne', 'one', 'tw', 'two', ...specialTokens]);
    expect(tokenizer.decode(tokenizer.encode('one[PAD] <|end|'))).toBe('one[PAD] <|end|');
    expect(tokenizer.encode('[PAD]')).toEqual(BytePairTokenizer.fromJSON(through(tokenizer)).encode('[PAD]'));
  });
});

test('one JSON function for all tokenizers', () => {
  const text = 'the cat sat on the mat';
  const all: Tokenizer[] = [CharTokenizer.train(text), WordTokenizer.train(text), BytePairTokenizer.train(text)];
  for (const tokenizer of all) {
    const restored = fromJSON(through(tokenizer)) as Tokenizer;
    expect(restored.constructor).toBe(tokenizer.constructor);
    expect(restored.decode(restored.encode(text))).toBe(text);
    expect(restored.tokens).toHaveLength(tokenizer.size);
  }
});

test('tokens are shown as text, pieces of characters as their bytes', () => {
  const tokenizer = BytePairTokenizer.train('ä ä ä', { vocabSize: 258 });
  expect([tokenizer.tokens[97], tokenizer.tokens[0xc3], ...tokenizer.tokens.slice(256)]).toEqual([
    'a',
    '<0xC3>',
    'ä',
    ' ä',
  ]);
});

test.each([
  [() => BytePairTokenizer.train(''), /no text to train on/],
  [() => BytePairTokenizer.train('a', { vocabSize: 256, specialTokens: ['x'] }), /vocabSize must be .* ≥ 257, got 256/],
  [
    () => BytePairTokenizer.train('a', { specialTokens: ['x', 'x'] }),
    /special token 1, "x", is empty, no text or there/,
  ],
  [() => BytePairTokenizer.train('a', { merges: 3 } as object), /unknown option "merges"/],
  [() => BytePairTokenizer.train('a').decode([256]), /id 256 stands for no token; there are 256/],
  [() => BytePairTokenizer.fromJSON({ merges: [[97, 256]], specialTokens: [] }), /not pairs of earlier tokens/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
