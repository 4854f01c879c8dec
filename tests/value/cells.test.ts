import { ChainruleError, ShapeError, constant, grad, value, vmap, zeros, type Value, type ValueJson } from 'chainrule';

describe('assign', () => {
  test('swaps the content of a leaf; identity, dtype and requiresGrad stay', () => {
    const w = value([1, 2], { dtype: 'float32' });
    expect(w.assign(constant([3.3, 4]))).toBe(w);
    expect([w.data[0], w.dtype, w.requiresGrad]).toEqual([Math.fround(3.3), 'float32', true]);
    w.assign(7);
    expect(w.toArray()).toEqual([7, 7]);
  });

  test('what was recorded before differentiates at the point where it ran', () => {
    const w = value([3, 4]);
    const y = w.mul(w).sum();
    w.assign(constant([100, 100]));
    y.backward();
    expect(w.grad!.toArray()).toEqual([6, 8]);
  });

  test('the same for scalars, and for each reading on its own', () => {
    const w = value(3);
    const before = w.mul(w);
    w.assign(5);
    const after = w.mul(w);
    before.add(after).backward();
    expect(w.grad!.item()).toBe(16);
    expect([before.item(), after.item()]).toEqual([9, 25]);
  });

  test('results that were computed do not change', () => {
    const w = value([1, 2]);
    const y = w.add(0);
    const alias = w.reshape([2, 1]);
    w.assign(constant([9, 9]));
    expect([y.toArray(), alias.toArray()]).toEqual([[1, 2], [[1], [2]]]); // prettier-ignore
  });

  test('a leaf assigned from another does not follow it', () => {
    const [a, b] = [value([1, 2]), value([3, 4])];
    a.assign(b);
    b.assign(constant([5, 6]));
    expect(a.toArray()).toEqual([3, 4]);
  });

  test('second derivatives after assign are those of the old point', () => {
    const w = value(2);
    const y = w.mul(w).mul(w);
    y.backward({ createGraph: true });
    const g = w.grad!;
    w.assign(10);
    w.zeroGrad();
    g.backward();
    expect(w.grad!.item()).toBe(12);
  });

  test('refuses results, other shapes, other things', () => {
    expect(() => value(1).mul(2).assign(3)).toThrow(/only leaves can be assigned/);
    expect(() => value([1, 2]).assign(zeros([3]))).toThrow(ShapeError);
    expect(() => value(1).assign('2' as never)).toThrow(TypeError);
  });

  test('a traced Value cannot be put into a cell', () => {
    const cell = value(1);
    const run = (): unknown => vmap((x: Value) => (cell.assign(x), x))(zeros([2]));
    expect(run).toThrow(/assign\(\) would write into a cell.*Return the new content/s);
  });
});

describe('detach, clone, stopGradient', () => {
  test('detach is a leaf of its own, without gradients', () => {
    const x = value([1, 2]);
    const d = x.mul(2).detach();
    expect([d.requiresGrad, d.inputs.length, d.toArray()]).toEqual([false, 0, [2, 4]]);
    d.assign(constant([0, 0]));
    expect(x.toArray()).toEqual([1, 2]);
  });

  test('clone is a node with gradients', () => {
    const x = value([1, 2]);
    const y = x.clone();
    y.mul(3).sum().backward();
    expect([x.grad!.toArray(), y.op]).toEqual([[3, 3], 'clone']);
  });

  test('stopGradient is the identity that lets none through', () => {
    const f = (x: Value): Value => x.stopGradient().mul(x);
    expect(grad(f)(3).item()).toBe(3);
    expect(grad(grad(f))(3).item()).toBe(0);
  });
});

describe('data', () => {
  test('item is the only element', () => {
    expect(value([[3]]).item()).toBe(3);
    expect(() => value([1, 2]).item()).toThrow(/shape \[2\], not one element/);
  });

  test('toArray nests; JSON keeps NaN, infinities and −0', () => {
    expect(constant([[true], [false]]).toArray()).toEqual([[true], [false]]);
    const x = constant([NaN, -Infinity, -0, 1]);
    expect(JSON.parse(JSON.stringify(x))).toEqual({
      shape: [4],
      dtype: 'float64',
      data: ['NaN', '-Infinity', '-0', 1],
    });
  });

  test('and back: value and constant take what JSON.parse gives', () => {
    for (const x of [
      constant([
        [NaN, -0],
        [Infinity, 1.5],
      ]),
      constant([true]),
      zeros([0, 2]),
      constant(3),
    ]) {
      // prettier-ignore
      const again = constant(JSON.parse(JSON.stringify(x)) as ValueJson);
      expect(again.toJSON()).toEqual(x.toJSON());
      expect([again.shape, again.dtype]).toEqual([x.shape, x.dtype]);
    }
    const json: ValueJson = { shape: [2], dtype: 'float64', data: [1.5, 2] };
    expect(value(json, { dtype: 'int32' }).toArray()).toEqual([1, 2]);
    expect(() => value({ ...json, shape: [3] })).toThrow(/2 elements do not fill the shape \[3\]/);
    expect(() => value({ ...json, data: [1, 'x'] })).toThrow(/data\[1\] is "x", not a number/);
    expect(() => value({ ...json, dtype: 'f8' as 'float64' })).toThrow(/unknown dtype "f8"/);
  });

  test('labels', () => {
    const x = value(1).named('x');
    expect([x.label, x.mul(2).label, value(2, { label: 'y' }).label]).toEqual(['x', null, 'y']);
    expect(() => value(1).named(3 as never)).toThrow(TypeError);
  });
});

test('errors are ChainruleErrors with a code', () => {
  try {
    value([1, 2]).assign(zeros([3]));
    throw new Error('not refused');
  } catch (error) {
    expect(error).toBeInstanceOf(ChainruleError);
    expect(error).toMatchObject({ code: 'SHAPE', op: 'assign', shapes: [[2], [3]], name: 'ShapeError' });
  }
});

test('identity is the Value itself', () => {
  const x = value([1, 2]);
  x.identity().sum().backward();
  expect([x.identity().toArray(), x.grad!.toArray()]).toEqual([[1, 2], [1, 1]]); // prettier-ignore
});
