/** Tokenizers: what is encoded comes back, and what training did not see is said. */
import { CharTokenizer, WordTokenizer } from 'chainrule/data';
import fc from 'fast-check';

const through = (x: object): object => JSON.parse(JSON.stringify(x)) as object;

test('characters: decoding undoes encoding, also after JSON; ids are in sorted order', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const tokenizer = CharTokenizer.fromJSON(through(CharTokenizer.train(text)));
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }),
  );
  expect([...CharTokenizer.train('banana').encode('nab')]).toEqual([2, 0, 1]);
});

test('words: the most frequent first, 0 for what training did not see', () => {
  const trained = WordTokenizer.train("The cat, the dog; don't!", { lowercase: true });
  for (const tokenizer of [trained, WordTokenizer.fromJSON(through(trained))]) {
    expect(tokenizer.decode(tokenizer.encode("THE bird don't!"))).toBe("the <unk> don't !");
    expect(tokenizer.tokens.slice(0, 2)).toEqual(['<unk>', 'the']);
  }
  expect(WordTokenizer.train('a a b b c', { size: 3 }).tokens).toEqual(['<unk>', 'a', 'b']);
  expect(WordTokenizer.train('a a b', { minCount: 2 }).size).toBe(2);
});

test.each([
  [() => CharTokenizer.train(''), /no text to train on/],
  [() => CharTokenizer.train('ab').encode('abc'), /character 2, "c", was not in the training text/],
  [() => CharTokenizer.train('ab').decode([2]), /id 2 stands for no token; there are 2/],
  [() => CharTokenizer.fromJSON({}), /saved tokens are not a list of text/],
  [() => WordTokenizer.train('  '), /no words to train on/],
  [() => WordTokenizer.train('a', { size: 1 }), /size must be a whole number ≥ 2/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
