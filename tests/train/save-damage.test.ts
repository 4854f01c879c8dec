/** Files that hold no model, or no longer the one that was saved; and weights of other programs. */
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { constant, DataError, manualSeed } from 'chainrule';
import { writeSafetensors } from 'chainrule/data';
import { Linear, MLP } from 'chainrule/nn';
import { loadModel, loadWeights, modelFromBytes, modelToBytes, saveModel } from 'chainrule/train';
import { numbers, thrown } from './saved.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'chainrule-save-'));
  path = join(folder, 'net.safetensors');
  manualSeed(1);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file that is no good', () => {
  test('cut off anywhere: a DataError names it', () => {
    saveModel(new MLP([2, 3, 1]), path);
    const whole = readFileSync(path);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), (length) => {
        writeFileSync(path, whole);
        truncateSync(path, length);
        const error = thrown(() => loadModel(path));
        expect(error).toBeInstanceOf(DataError);
        expect(error.message).toContain('net.safetensors');
      }),
      { numRuns: 40 },
    );
  });

  test('with any byte changed: a DataError names it', () => {
    const whole = modelToBytes(new MLP([2, 3, 1]), { metadata: { author: 'Ada' } });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = whole.slice();
        bytes[at]! ^= change;
        const error = thrown(() => {
          // What makes no difference, such as a blank between the header and the data, does no harm.
          const { model } = modelFromBytes(bytes);
          if (JSON.stringify(numbers(model)) === JSON.stringify(numbers(modelFromBytes(whole).model)))
            throw new DataError('the model');
        });
        expect(error).toBeInstanceOf(DataError);
        expect(error.message).toContain('the model');
      }),
      { numRuns: 200 },
    );
  });

  test('of another program', () => {
    writeSafetensors(path, new Linear(2, 1).stateDict());
    expect(() => loadModel(path)).toThrow(/net\.safetensors holds no model, only tensors[\s\S]*loadWeights/);
    writeFileSync(path, 'PK\u0003\u0004 something else entirely');
    expect(() => loadModel(path)).toThrow(/net\.safetensors/);
    expect(() => loadModel(join(folder, 'none'))).toThrow(/cannot read .*none/);
  });

  test('of a newer format', () => {
    const note = JSON.stringify({ version: 2, model: {} });
    writeSafetensors(path, {}, { metadata: { 'chainrule.model': note } });
    expect(() => loadModel(path)).toThrow(/net\.safetensors is of format 2, newer than .*\(1\)/);
  });

  test.each([
    ['no JSON', '{'],
    ['no version', '{}'],
    ['no module', '{"version":1,"model":3}'],
    ['a module of no class', '{"version":1,"model":{"$module":{}}}'],
    ['a module that was not before', '{"version":1,"model":{"$module":{"same":3}}}'],
    ['an unknown tag', '{"version":1,"model":{"$function":"x"}}'],
    ['arguments that the class refuses', '{"version":1,"model":{"$module":{"class":"Linear","arguments":[-1,2]}}}'],
    ['a name of every object', '{"version":1,"model":{"$module":{"class":"toString","arguments":[]}}}'],
  ])('with a configuration that is %s', (_, note) => {
    writeSafetensors(path, {}, { metadata: { 'chainrule.model': note } });
    const error = thrown(() => loadModel(path));
    expect(error).toBeInstanceOf(DataError);
    expect(error.message).toContain('net.safetensors');
  });

  test('whose tensors do not fit its configuration', () => {
    const note = '{"version":1,"model":{"$module":{"class":"Linear","arguments":[2,3]}}}';
    writeSafetensors(path, new Linear(2, 1).stateDict(), { metadata: { 'chainrule.model': note } });
    expect(() => loadModel(path)).toThrow(/net\.safetensors does not fit Linear.*weight is \[3, 2\] here and \[1, 2\]/);
  });
});

describe('weights of another program', () => {
  test('are taken into a model that fits', () => {
    const [one, other] = [new Linear(2, 1), new Linear(2, 1)];
    writeSafetensors(path, one.stateDict());
    expect(loadWeights(other, path)).toEqual({ missingKeys: [], unexpectedKeys: [] });
    expect(numbers(other)).toEqual(numbers(one));
    loadWeights(one, modelToBytes(new Linear(2, 1)));
    expect(numbers(one)).not.toEqual(numbers(other));
  });

  test('in part, if asked for; shapes and names are told with the file', () => {
    writeSafetensors(path, { weight: constant([[5, 6]]), extra: constant([1]) });
    const model = new Linear(2, 1);
    expect(() => loadWeights(model, path)).toThrow(
      /net\.safetensors does not fit Linear.*missing: bias; unexpected: extra/,
    );
    expect(loadWeights(model, path, { strict: false })).toEqual({ missingKeys: ['bias'], unexpectedKeys: ['extra'] });
    expect(model.weight.toArray()).toEqual([[5, 6]]);
    expect(() => loadWeights(new Linear(3, 1), path, { strict: false })).toThrow(
      /weight is \[1, 3\] here and \[1, 2\]/,
    );
  });
});
