/** What holds for every loss. A loss that is not among the samples fails the first test. */
import { describe, expect, test } from '@jest/globals';
import { compile, constant, stack, valueAndGrad, vmap, type Value } from 'chainrule';
import * as losses from 'chainrule/losses';
import { checkGradients, equalValues, valueMatchers } from 'chainrule/testing';
import { samples, type LossSample } from './samples.ts';

expect.addEqualityTesters([equalValues]);
expect.extend(valueMatchers);

const PENALTIES = ['l1Penalty', 'l2Penalty', 'elasticNetPenalty', 'activityPenalty', 'jacobianPenalty'];

/** The reductions that are a mean of the elements; the rest weigh them. */
const OWN_MEAN: readonly string[] = ['rmseLoss', 'crossEntropy', 'ctcLoss'];

const each = samples.map((sample): [string, LossSample] => [sample.name, sample]);
const lossAndGradient = (sample: LossSample, x: Value): [Value, Value] => valueAndGrad((y: Value) => sample.call(y))(x);

test('every loss has a sample', () => {
  const known = new Set([...samples.map(({ name }) => name as string), ...PENALTIES]);
  expect(Object.keys(losses).filter((name) => !known.has(name))).toEqual([]);
});

describe.each(each)('%s', (name, sample) => {
  test('is not NaN for predictions of ±1000, nor is its gradient', () => {
    const turned = name === 'binaryCrossEntropy' ? sample.huge.neg().add(1) : sample.huge.neg();
    for (const x of [sample.huge, turned]) {
      for (const dtype of ['float64', 'float32'] as const) {
        const [loss, gradient] = lossAndGradient(sample, x.to(dtype));
        expect(loss.item()).not.toBeNaN();
        expect(gradient.data.some(Number.isNaN)).toBe(false);
      }
    }
  });

  test('has the right derivatives, in both modes and at second order', () => {
    checkGradients((x: Value) => sample.call(x), [sample.at], { order: 2 });
  });

  test('is a scalar, summed or averaged; none keeps the elements apart', () => {
    const apart = sample.call(sample.at, { reduction: 'none' });
    expect(apart.rank).toBeGreaterThan(0);
    expect(sample.call(sample.at).shape).toEqual([]);
    expect(sample.call(sample.at)).toEqual(sample.call(sample.at, { reduction: 'mean' }));
    if (name === 'rmseLoss') return;
    expect(sample.call(sample.at, { reduction: 'sum' })).toBeCloseToValue(apart.sum());
    if (!OWN_MEAN.includes(name)) expect(sample.call(sample.at)).toBeCloseToValue(apart.mean());
  });

  test('gives the same bits compiled, with its gradient', () => {
    const step = (x: Value): [Value, Value] => lossAndGradient(sample, x);
    expect(compile(step as never)(sample.at as never)).toEqual(step(sample.at));
  });

  test('works under vmap', () => {
    const batch = [sample.at, sample.at.mul(0.9)];
    expect(vmap((x: Value) => sample.call(x))(stack(batch))).toBeCloseToValue(stack(batch.map((x) => sample.call(x))));
  });

  test('has the dtype of the prediction, whatever the target’s', () => {
    const loss = sample.call(sample.at.to('float32'));
    expect(loss.dtype).toBe('float32');
    expect(loss.to('float64')).toBeCloseToValue(sample.call(sample.at), { relative: 1e-5, absolute: 1e-5 });
  });

  test('records under its name', () => {
    const loss = sample.call(sample.at);
    const names: string[] = [];
    for (let scope = loss._scope; scope !== null; scope = scope.parent) names.push(scope.name);
    expect(names.at(-1)).toBe(name === 'maeLoss' ? 'l1Loss' : name);
  });

  test('refuses unknown options and reductions by name', () => {
    expect(() => sample.call(sample.at, { reduce: 'mean' })).toThrow(/unknown option "reduce".*reduction/s);
    expect(() => sample.call(sample.at, { reduction: 'avg' })).toThrow(
      /unknown reduction "avg"\n {2}Use 'mean', 'sum'/,
    );
  });
});

test('targets may be integers and booleans where they stand for numbers', () => {
  const x = constant([0.3, -0.4]);
  const yes = constant([true, false]);
  expect(losses.binaryCrossEntropyWithLogits(x, yes)).toEqual(
    losses.binaryCrossEntropyWithLogits(x, constant([1, 0], { dtype: 'int32' })),
  );
  expect(losses.mseLoss(x, yes)).toEqual(losses.mseLoss(x, constant([1, 0])));
});
