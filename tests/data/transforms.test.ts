/** Image transforms: PyTorch's numbers, laws of what moves where, and randomness that belongs to the example. */
import { expect } from '@jest/globals';
import {
  arange,
  compile,
  constant,
  manualSeed,
  noGrad,
  ones,
  randn,
  TraceError,
  value,
  vmap,
  zeros,
  type Value,
} from 'chainrule';
import {
  affine,
  compose,
  crop,
  DataLoader,
  draws,
  flipHorizontal,
  flipVertical,
  noise,
  normalize,
  resize,
  rotate,
  shear,
  TensorDataset,
  translate,
  zoom,
  type ImageTransform,
} from 'chainrule/data';
import { equalValues } from 'chainrule/testing';
import fc from 'fast-check';

expect.addEqualityTesters([equalValues]);

const image = constant([[[0.5, -1.25, 3, 2], [4, 0.75, -2, 1], [-3, 2.5, 1.5, 6]]]); // prettier-ignore
const close = (x: Value, expected: readonly number[]): void => {
  const data = x.data;
  expect(data).toHaveLength(expected.length);
  expected.forEach((e, i) => expect(Math.abs(data[i]! - e)).toBeLessThan(1e-9));
};
const pixels = (x: Value): number[] => Array.from(x.data);

describe('agrees with affine_grid and grid_sample under torchvision’s matrices', () => {
  test.each<[string, ImageTransform, number[]]>([
    // prettier-ignore
    ['rotate, counter-clockwise', rotate(30), [-0.279027932479, 1.02514181832, 1.31217782649, 0.78229128115, 0.947955974563, 0.183012701892, -0.970091873126, 3.92103218592, 2.23454186951, 0.901301023162, 1.82716426223, 1.09266555578]],
    // prettier-ignore
    ['rotate, nearest', rotate(-30, { interpolation: 'nearest' }), [4, -1.25, -1.25, 0, -3, 0.75, -2, 2, 0, 1.5, 1.5, 1]],
    // prettier-ignore
    ['rotate around a center', rotate(45, { center: [1, 0.5] }), [0.157550955011, -0.208946609407, -0.626143122702, 1.79885912066, 0.763325214725, 3.1771577362, 1.58572106134, 1.0183982822, 0, -0.603814895725, -1.15241251125, 0]],
    // prettier-ignore
    ['shear along x', shear(20), [0.318014882867, -0.613052090034, 1.45312650437, 2.36397023427, 4, 0.75, -2, 1, -0.998163711536, 2.13602976573, 3.1378660542, 3.8161785944]],
    // prettier-ignore
    ['shear along both', shear(-10, 35), [0, -0.154835297455, 1.29536641591, 1.22427332824, 0.167053196627, 0.0313174812866, -0.642694285641, 4.9066691997, 3.79574837702, 1.6080989929, 1.12955846191, 0]],
    // prettier-ignore
    ['translate, right and down', translate(0.75, -1.5, { fill: 9 }), [6.875, 0.78125, 1.15625, 0.6875, 7.5, 3.6875, 5.625, 5.8125, 9, 9, 9, 9]],
    // prettier-ignore
    ['zoom', zoom(1.7), [0.478806228374, -0.144896193772, 0.659602076125, 1.18858131488, 1.99264705882, 0.183823529412, -1.43382352941, -0.852941176471, 1.05406574394, 1.42517301038, 0.413062283737, 1.54325259516]],
    // prettier-ignore
    ['affine, clockwise', affine({ angle: 100, translate: [0.5, 0.25], scale: 0.6, shear: [15, -25], fill: -1 }), [-1, -1, -2.09261369504, -0.528624666379, -1, -0.391505331674, 0.844569947063, -0.483308410083, -1, 3.39379716902, 1.87013937523, -1]],
    // prettier-ignore
    ['resize', resize([5, 3]), [0.208333333333, 0.875, 2.16666666667, 1.50833333333, 0.275, 1.5, 3.45833333333, -0.625, 0.5, 0.133333333333, 0.95, 3.35, -2.08333333333, 2, 5.25]],
    // prettier-ignore
    ['resize, nearest', resize([2, 6], { interpolation: 'nearest' }), [0.5, 0.5, -1.25, 3, 3, 2, 4, 4, 0.75, -2, -2, 1]],
  ])('%s', (_, transform, expected) => {
    close(transform(image), expected);
    // A batch of images and channels is each of them.
    const copies = image.unsqueeze(0).expand([2, 3, 3, 4]);
    close(transform(copies), new Array<number[]>(6).fill(expected).flat());
  });
});

describe('places', () => {
  test('flips exchange the sides, and undo themselves', () => {
    expect(pixels(flipHorizontal()(image))).toEqual([2, 3, -1.25, 0.5, 1, -2, 0.75, 4, 6, 1.5, 2.5, -3]);
    expect(pixels(flipVertical()(image))).toEqual([-3, 2.5, 1.5, 6, 4, 0.75, -2, 1, 0.5, -1.25, 3, 2]);
    const batch = randn([2, 3, 4, 5]);
    for (const flip of [flipHorizontal(), flipVertical()]) expect(flip(flip(batch))).toEqual(batch);
    expect(flipVertical()(batch)).toEqual(batch.flip([2]));
    expect(flipHorizontal()(batch)).toEqual(batch.flip([3]));
  });

  test('a quarter turn moves whole pixels, counter-clockwise; four are none', () => {
    const square = arange(9).reshape([1, 3, 3]);
    const turn = rotate(90, { interpolation: 'nearest' });
    expect(pixels(turn(square))).toEqual([2, 5, 8, 1, 4, 7, 0, 3, 6]);
    expect(turn(turn(turn(turn(square))))).toEqual(square);
  });

  test('crops: center, place, padding', () => {
    const x = arange(20).reshape([1, 4, 5]);
    expect(pixels(crop([2, 3])(x))).toEqual([6, 7, 8, 11, 12, 13]);
    expect(pixels(crop([1, 2], { at: [3, 3] })(x))).toEqual([18, 19]);
    expect(pixels(crop([2, 2], { at: [0, 0], padding: 1, fill: -1 })(x))).toEqual([-1, -1, -1, 0]);
    expect(crop([6, 7], { padding: 1 })(x)).toEqual(x.pad([1, 1, 1, 1]));
    // Halves go to the even number, as in torchvision.
    expect(pixels(crop([1, 5])(x))).toEqual([10, 11, 12, 13, 14]);
  });

  test('random crops cut at every place, and only pieces of the image', () => {
    const places = crop([3, 3], { at: 'random' })(arange(20).reshape([1, 1, 4, 5]).expand([200, 1, 4, 5]), 0);
    const corners = new Set(pixels(places.narrow(2, 0, 1).narrow(3, 0, 1)));
    expect([...corners].sort((a, b) => a - b)).toEqual([0, 1, 2, 5, 6, 7]);
    const steps = places.sub(places.narrow(2, 0, 1).narrow(3, 0, 1));
    expect(steps.at(0)).toEqual(steps.at(199));
  });

  test('resize by a number sets the shorter side', () => {
    expect(resize(2)(zeros([1, 4, 6])).shape).toEqual([1, 2, 3]);
    expect(resize(2)(zeros([2, 1, 7, 4])).shape).toEqual([2, 1, 3, 2]);
  });
});

describe('numbers', () => {
  test('floats keep their dtype; whole numbers stay whole where pixels move, and become float32 where they are scaled', () => {
    const bytes = constant(Int32Array.of(0, 100, 255, 7), { shape: [1, 2, 2] });
    expect(rotate(10)(bytes).dtype).toBe('int32');
    expect(pixels(translate(0.5)(bytes))).toEqual([0, 50, 128, 131]);
    expect(resize([1, 1])(bytes).toArray()).toEqual([[[90]]]);
    expect(rotate(10)(ones([1, 2, 2], { dtype: 'float32' })).dtype).toBe('float32');
    expect([normalize(0, 255)(bytes).dtype, noise(1)(bytes).dtype]).toEqual(['float32', 'float32']);
  });

  test('normalize, channel by channel', () => {
    const x = arange(8).reshape([2, 2, 2]);
    expect(normalize([1, 4], [2, 4])(x)).toEqual(constant([-0.5, 0, 0.5, 1, 0, 0.25, 0.5, 0.75]).reshape([2, 2, 2]));
    expect(normalize(1, 2)(x)).toEqual(x.sub(1).div(2));
  });

  test('noise has its mean and deviation, and may be clipped', () => {
    const x = noise(0.5, { mean: 2 })(zeros([10, 3, 33, 33]), 1);
    expect(Math.abs(x.mean().item() - 2)).toBeLessThan(0.02);
    expect(Math.abs(x.std().item() - 0.5)).toBeLessThan(0.02);
    const clipped = noise([1, 2], { clip: [0, 1] })(zeros([4, 1, 8, 8]));
    expect([clipped.min().item(), clipped.max().item()]).toEqual([0, 1]);
  });
});

const augment = compose(
  flipHorizontal({ probability: 0.5 }),
  affine({
    angle: [-20, 20],
    translate: [[-2, 2], 0],
    scale: [0.8, 1.2],
    shear: [
      [-5, 5],
      [-5, 5],
    ],
  }),
  crop([5, 5], { at: 'random', padding: 1 }),
  noise([0, 0.1]),
);

describe('randomness', () => {
  test('is the example’s own: whoever else is in the batch', () => {
    const images = randn([6, 2, 5, 6]);
    const examples = fc.uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 1 });
    fc.assert(
      fc.property(examples, fc.nat(), fc.nat({ max: 9 }), (list, seed, turn) => {
        const index = constant(Int32Array.from(list));
        const all = augment(images, draws(seed, 6, turn)).indexSelect(0, index);
        expect(augment(images.indexSelect(0, index), draws(seed, list, turn))).toEqual(all);
      }),
    );
  });

  test('differs between examples, turns and seeds, and agrees for the same; a seed alone numbers the images', () => {
    const same = ones([2, 1, 6, 6]);
    const [first, second] = augment(same, 1).unbind();
    expect(first).not.toEqual(second);
    expect(augment(same, 1)).toEqual(augment(same, draws(1, [0, 1])));
    expect(augment(same, 1)).not.toEqual(augment(same, 2));
    expect(augment(same, draws(1, 2, 1))).not.toEqual(augment(same, draws(1, 2, 2)));
  });

  test('without draws follows manualSeed, and fixed transforms draw nothing', () => {
    const run = (): [Value, Value] => {
      manualSeed(4);
      rotate(20)(image);
      return [augment(ones([1, 5, 5])), randn([2])];
    };
    const once = run();
    expect(run()).toEqual(once);
    manualSeed(4);
    expect(augment(ones([1, 5, 5]))).toEqual(once[0]);
  });

  test('ranges are filled, probabilities kept', () => {
    const dot = zeros([1, 1, 1, 41]);
    dot.assign(dot.where(arange(41).ne(20), 1));
    const moved = translate([-3, 3])(dot.expand([300, 1, 1, 41]), 0);
    const at = pixels(moved.mul(arange(41)).sum([1, 2, 3]));
    expect([Math.min(...at) > 17, Math.max(...at) < 23, Math.min(...at) < 17.2, Math.max(...at) > 22.8]).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const flipped = flipHorizontal({ probability: 0.3 })(constant([[[[1, 0]]]]).expand([1000, 1, 1, 2]), 0);
    expect(Math.abs(flipped.narrow(3, 1, 1).mean().item() - 0.3)).toBeLessThan(0.05);
  });
});

describe('in a DataLoader', () => {
  const images = randn([10, 1, 5, 5]);
  const labels = constant(Int32Array.from({ length: 10 }, (_, i) => i));
  const epochOf = (batchSize: number, shuffle: boolean, epoch: number): Map<number, number[]> => {
    const loader = new DataLoader(new TensorDataset(images, labels), {
      batchSize,
      shuffle,
      seed: 3,
      dtype: 'float64',
      transform: ([x, y], random) => [augment(x, random), y],
    });
    loader.epoch = epoch;
    const seen = new Map<number, number[]>();
    for (const [x, y] of loader) pixels(y).forEach((label, i) => seen.set(label, pixels(x.at(i))));
    return seen;
  };

  test('an example’s numbers depend on seed, epoch and example, not on its place', () => {
    const reference = epochOf(10, false, 2);
    for (const [batchSize, shuffle] of [
      [3, true],
      [1, false],
      [4, true],
    ] as const) {
      // prettier-ignore
      const seen = epochOf(batchSize, shuffle, 2);
      for (const [label, x] of reference) expect(seen.get(label)).toEqual(x);
    }
    expect(epochOf(10, false, 3).get(0)).not.toEqual(reference.get(0));
  });

  test('streams, and examples drawn by weight, go by their place', async () => {
    const options = { batchSize: 2, seed: 1, transform: (x: Value, random?: unknown) => augment(x, random as never) };
    const stream = (): Value[] => images.unbind();
    const whole = [...new DataLoader(stream, { ...options, batchSize: 10 })][0]!;
    const pairs: Value[] = [];
    for await (const x of new DataLoader(stream, options)) pairs.push(...x.unbind());
    expect(pairs).toEqual(whole.unbind());
    const weights = new Array<number>(10).fill(0).with(4, 1);
    const [x] = [...new DataLoader(images.unbind(), { ...options, weights, samples: 2 })];
    expect(x!.at(0)).not.toEqual(x!.at(1));
  });
});

describe('what is prepared is data', () => {
  test('normalize, resize and noise have derivatives; the others refuse images that require one', () => {
    const x = value(image);
    resize([2, 2])(normalize(0, 2)(noise(1)(x)))
      .sum()
      .backward();
    expect(x.grad!.sum().item()).toBeCloseTo(2);
    expect(() => rotate(10)(x)).toThrow(
      /rotate: prepares data and has no derivative[^]*rotate\(…\)\(images\.detach\(\)\)/,
    );
    expect(noGrad(() => flipVertical()(x))).toEqual(flipVertical()(image));
  });

  test('what cannot be traced says so, and what can gives the same bits', () => {
    expect(() => compile((x: Value) => rotate(10)(x))(image)).toThrow(/rotate: prepares data: it is no op/);
    expect(() => vmap((x: Value) => noise(1)(x))(image.unsqueeze(0))).toThrow(TraceError);
    const fixed = compose(normalize(1, 2), resize([5, 7]));
    expect(compile(fixed)(image)).toEqual(fixed(image));
  });
});

test.each([
  [() => rotate([10, -10])(image), /rotate: angle is a number, or a range \[low, high\].*got \[10,-10\]/],
  [() => rotate(10, { interpolation: 'cubic' as 'nearest' }), /interpolation is one of bilinear, nearest/],
  [() => rotate(10)(constant([1, 2])), /takes images \[C, H, W\] or \[N, C, H, W\], got \[2\]/],
  [() => rotate(10, { center: [1] as never }), /center is \[x, y\]/],
  [() => zoom(0), /factor must be > 0/],
  [() => affine({ scale: [-1, 1] }), /scale is a number ≥ 0/],
  [() => affine({ angel: 3 } as object), /affine: unknown option "angel"/],
  [() => shear('x' as never), /shear\[0\] is a number/],
  [() => flipHorizontal({ probability: 2 }), /probability must be a finite number from 0 to 1/],
  [() => crop([5, 5])(image), /cannot cut \[5, 5\] out of images \[1, 3, 4\]/],
  [() => crop([2, 2], { at: [2, 0] })(image), /at \[2, 0\] the piece leaves the image; at most \[1, 2\] fits/],
  [() => crop(3 as never), /size is \[height, width\]/],
  [() => crop([2, 2], { at: 'left' as 'center' }), /at is 'center', 'random' or \[top, left\]/],
  [() => normalize(0, 0), /std is a number > 0/],
  [() => normalize([1, 2], 1)(image), /2 channels' numbers for images \[1, 3, 4\]/],
  [() => noise(-1), /std is a number ≥ 0/],
  [() => noise(1, { clip: [1, 0] }), /clip is \[low, high\]/],
  [() => resize(0), /size must be a whole number ≥ 1/],
  [() => compose(3 as never), /transform 0 is number, not a function/],
  [() => augment(image, draws(0, 2)), /2 streams of random numbers for 1 examples/],
  [() => draws(-1, 2), /seed must be a whole number ≥ 0/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
