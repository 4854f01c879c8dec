/**
 * Random numbers: Threefry-2x32 (20 rounds), keyed by (seed, draw index), with the element's index as counter. A draw
 * is a pure function of those three, so results do not depend on the order or the number of threads that compute them.
 * Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", 2011.
 */
export const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
export const PARITY = 0x1bd11bda;

/** The two words of the last block; returned through these to spare an array per element. */
let word0 = 0;
let word1 = 0;

function threefry(key0: number, key1: number, counter0: number, counter1: number): void {
  const key2 = PARITY ^ key0 ^ key1;
  let x = (counter0 + key0) | 0;
  let y = (counter1 + key1) | 0;
  for (let group = 0; group < 5; group++) {
    const first = (group & 1) * 4;
    for (let i = 0; i < 4; i++) {
      const r = ROTATIONS[first + i]!;
      x = (x + y) | 0;
      y = ((y << r) | (y >>> (32 - r))) ^ x;
    }
    const a = group % 3 === 0 ? key1 : group % 3 === 1 ? key2 : key0;
    const b = group % 3 === 0 ? key2 : group % 3 === 1 ? key0 : key1;
    x = (x + a) | 0;
    y = (y + b + group + 1) | 0;
  }
  word0 = x >>> 0;
  word1 = y >>> 0;
}

/** The block for a key and a counter, as the reference implementation gives it. */
export function threefry2x32(key: readonly [number, number], counter: readonly [number, number]): [number, number] {
  threefry(key[0], key[1], counter[0], counter[1]);
  return [word0, word1];
}

interface Generator {
  seed: number;
  /** How many draws have been made since the seed was set. */
  draws: number;
}

// Seeded from the start: two runs of a program without a seed agree, too.
const generator: Generator = { seed: 0, draws: 0 };

export function seedGenerator(seed: number): void {
  generator.seed = seed;
  generator.draws = 0;
}

/** Where the generator stands; with `restoreGenerator` a run can be resumed bit for bit. */
export const generatorState = (): { readonly seed: number; readonly draws: number } => ({ ...generator });

export const restoreGenerator = (state: { readonly seed: number; readonly draws: number }): void => {
  generator.seed = state.seed;
  generator.draws = state.draws;
};

const TWO_32 = 4294967296;

/** The key of a draw under the present seed. Seeds beyond 32 bits, and draws beyond 2³², still give keys of their own. */
function keyOf(draw: number): readonly [number, number] {
  const { seed } = generator;
  return [
    (seed >>> 0) ^ Math.imul(Math.floor(seed / TWO_32) | 0, 0x9e3779b9),
    (draw >>> 0) ^ Math.imul(Math.floor(draw / TWO_32) | 0, 0x85ebca6b),
  ];
}

/** The key of the draw that is made when so many others have been made from here on. */
export const keyAhead = (others: number): readonly [number, number] => keyOf(generator.draws + others);

/** Moves on by so many draws, whoever made their numbers. */
export function advanceGenerator(draws: number): void {
  generator.draws += draws;
}

/** Fills with numbers uniform in [0, 1): 53 random bits in float64, 24 in float32. One draw. */
export function fillUniform(out: Float64Array | Float32Array): void {
  const [key0, key1] = keyOf(generator.draws++);
  const single = out instanceof Float32Array || Object.prototype.toString.call(out) === '[object Float32Array]';
  for (let i = 0; i < out.length; i++) {
    threefry(key0, key1, i >>> 0, Math.floor(i / TWO_32));
    out[i] = single ? (word0 >>> 8) / 16777216 : ((word0 >>> 5) * 67108864 + (word1 >>> 6)) / 9007199254740992;
  }
}
