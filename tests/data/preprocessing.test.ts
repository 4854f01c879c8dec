/** What is fitted on training data: applied to any, inverted, and saved as JSON. */
import { constant, randn, manualSeed, type Value } from 'chainrule';
import { Imputer, LabelEncoder, MinMaxScaler, OneHotEncoder, StandardScaler } from 'chainrule/data';

const through = (x: object): object => JSON.parse(JSON.stringify(x)) as object;
const close = (a: Value, b: unknown): void =>
  (b as number[][]).flat().forEach((x, i) => expect(a.data[i]!).toBeCloseTo(x, 12));

describe('scalers', () => {
  test('StandardScaler: mean 0, population deviation 1; a constant feature stays finite; NaN is passed over', () => {
    const scaler = new StandardScaler().fit([
      [1, 5, 2],
      [3, 5, NaN],
      [5, 5, 4],
    ]);
    const unit = Math.sqrt(1.5);
    close(
      scaler.transform([
        [1, 5, 2],
        [3, 6, 3],
      ]),
      [
        [-unit, 0, -1],
        [0, 1, 0],
      ],
    );
  });

  test('MinMaxScaler: to [0, 1] or another range, beyond it for what lies beyond the training data', () => {
    close(new MinMaxScaler().fit([[2], [4]]).transform([[2], [3], [6]]), [[0], [0.5], [2]]);
    close(new MinMaxScaler({ range: [-1, 1] }).fitTransform([[0], [5], [10]]), [[-1], [0], [1]]);
  });

  test.each([
    ['StandardScaler', new StandardScaler(), StandardScaler.fromJSON],
    ['MinMaxScaler', new MinMaxScaler({ range: [-2, 3] }), MinMaxScaler.fromJSON],
  ])('%s: inverse undoes it, JSON keeps it to the bit, floats keep their dtype', (_, scaler, fromJSON) => {
    manualSeed(0);
    const x = randn([20, 3]).mul(4).add(7);
    const y = scaler.fitTransform(x);
    close(scaler.inverse(y), x.toArray());
    expect(fromJSON(through(scaler)).transform(x).data).toEqual(y.data);
    expect(scaler.transform(x.to('float32')).dtype).toBe('float32');
  });
});

describe('Imputer', () => {
  const x = [
    [1, 7],
    [NaN, 7],
    [2, NaN],
    [6, 1],
  ];
  test.each([
    ['mean', [3, 5]],
    ['median', [2, 7]],
    ['mostFrequent', [1, 7]],
    ['constant', [-1, -1]],
  ] as const)('%s', (strategy, [a, b]) => {
    const imputer = new Imputer({ strategy, fill: -1 }).fit(x);
    for (const each of [imputer, Imputer.fromJSON(through(imputer))]) {
      expect(each.transform(x).toArray()).toEqual([
        [1, 7],
        [a, 7],
        [2, b],
        [6, 1],
      ]);
    }
  });
});

describe('encoders', () => {
  test('LabelEncoder numbers the classes in sorted order, and back', () => {
    const encoder = new LabelEncoder().fit(['cat', 'ant', 'cat', 'bee']);
    const y = encoder.transform(['cat', 'ant']);
    expect([y.dtype, y.toArray(), encoder.classes]).toEqual(['int32', [2, 0], ['ant', 'bee', 'cat']]);
    expect(LabelEncoder.fromJSON(through(encoder)).inverse(y)).toEqual(['cat', 'ant']);
    expect(new LabelEncoder().fit([10, 9, 2]).classes).toEqual([2, 9, 10]);
  });

  test('OneHotEncoder: a one at the category’s column; unknown ones are zeros on request', () => {
    const encoder = new OneHotEncoder({ unknown: 'ignore' }).fit(['b', 'a']);
    expect(OneHotEncoder.fromJSON(through(encoder)).transform(['b', 'z']).toArray()).toEqual([
      [0, 1],
      [0, 0],
    ]);
    expect(encoder.transform(['a']).dtype).toBe('float32');
  });
});

test.each([
  [() => new StandardScaler().transform([[1]]), /StandardScaler: is not fitted yet/],
  [() => new StandardScaler().fit(constant([1, 2])), /takes rows \[n, features\], got \[2\]/],
  [() => new StandardScaler().fit([[1, 2]]).transform([[1]]), /was fitted on 2 features, got \[1, 1\]/],
  [() => new StandardScaler().fit([[1, NaN]]), /feature 1 has no number/],
  [() => new StandardScaler().fit([[Infinity]]), /row 0, feature 0 is Infinity/],
  [() => StandardScaler.fromJSON({ shift: [1] }), /saved scale is not a list/],
  [() => new MinMaxScaler({ range: [1, 1] }), /low < high, got \[1, 1\]/],
  [() => new Imputer({ strategy: 'average' as 'mean' }), /strategy is one of mean, median/],
  [() => new LabelEncoder().fit(['a']).transform(['a', 'b']), /example 1 is "b".*\n.*Known: "a"/],
  [() => new LabelEncoder().fit(['a']).inverse([1]), /1 stands for no class; there are 1/],
  [() => new OneHotEncoder().fit([]), /nothing to fit on/],
])('bad arguments are refused: %#', (act, message) => {
  expect(act).toThrow(message);
});
