/** Contents that are elsewhere: nobody notices, and they are fetched once. */
import { compile, constant, noGrad, value, vmap, type Storage, type Value } from 'chainrule';
import { setRemoteContent, setRemoteGrad, remoteContentOf, remoteGradOf, type Remote } from '../../src/value/residency';
import { isTraced } from '../../src/value/value';

interface Fake extends Remote {
  fetches: number;
}

const fake = (content: number | Storage): Fake => ({
  fetches: 0,
  fetch() {
    this.fetches++;
    return content;
  },
});

const away = (x: Value, content: number | Storage): Fake => {
  const remote = fake(content);
  setRemoteContent(x, remote);
  return remote;
};

describe('a cell whose content is elsewhere', () => {
  test.each<[string, (x: Value) => unknown]>([
    ['data', (x) => [...x.data]],
    ['toArray', (x) => x.toArray()],
    ['an op', (x) => x.mul(1).toArray()],
    ['an op on two', (x) => x.add(x.mul(0)).toArray()],
    ['a reduction', (x) => [x.amin().item(), x.amax().item()]],
    ['printing', (x) => String(x).match(/\d/g)!.slice(0, 2).map(Number)],
    ['detach', (x) => x.detach().toArray()],
    ['JSON', (x) => x.toJSON().data],
    ['a copy', (x) => constant(x).toArray()],
    ['vmap', (x) => vmap((a: Value) => a.mul(1))(x).toArray()],
    ['another cell', (x) => constant([0, 0]).assign(x).toArray()],
    ['a compiled function', (x) => compile(() => x.mul(1))().toArray()],
  ])('is fetched once, by %s', (_, read) => {
    const x = value([1, 2]);
    const remote = away(x, new Float64Array([5, 6]));
    expect(isTraced(x)).toBe(false);
    expect(remote.fetches).toBe(0);
    expect(read(x)).toEqual([5, 6]);
    expect(read(x)).toEqual([5, 6]);
    expect(remote.fetches).toBe(1);
  });

  test('says where, until it is read or replaced', () => {
    const x = value([1, 2]);
    const remote = away(x, new Float64Array([5, 6]));
    expect(remoteContentOf(x)).toBe(remote);
    expect(x.item.name + String(x.shape)).toBe('item2');
    expect(remoteContentOf(x)).toBe(remote);
    x.toArray();
    expect(remoteContentOf(x)).toBeNull();
    setRemoteContent(x, remote);
    expect(remoteContentOf(x)).toBe(remote);
    x.assign(constant([7, 8]));
    expect([remoteContentOf(x), x.toArray(), remote.fetches]).toEqual([null, [7, 8], 1]);
  });

  test('leaves earlier readers what they read', () => {
    const x = value([3, 4]);
    const y = x.mul(x).sum();
    away(x, new Float64Array([100, 100]));
    y.backward();
    expect([x.grad!.toArray(), x.toArray()]).toEqual([[6, 8], [100, 100]]); // prettier-ignore
  });

  test('the same for scalars, the first time and the next', () => {
    const x = value(3);
    const before = x.mul(x);
    away(x, 5);
    const between = x.mul(x);
    away(x, 7);
    const after = x.mul(x);
    expect([before.item(), between.item(), after.item(), x.item()]).toEqual([9, 25, 49, 7]);
    before.add(between).add(after).backward();
    expect(x.grad!.item()).toBe(2 * (3 + 5 + 7));
  });

  test('may change whether it requires gradients', () => {
    for (const x of [value(3), value([3, 3])]) {
      away(x, x.rank === 0 ? 5 : new Float64Array([5, 5]));
      x.requiresGrad = false;
      expect([x.sum().item(), x.mul(1).requiresGrad]).toEqual([5 * x.size, false]);
    }
  });

  test('one number may stand for all elements', () => {
    const x = value([1, 2]);
    away(x, 5);
    expect([x.toArray(), x.add(constant([0, 1])).toArray()]).toEqual([[5, 5], [5, 6]]); // prettier-ignore
  });
});

describe('a gradient that is elsewhere', () => {
  test('is fetched once, and is a Value like any other', () => {
    const x = value([1, 2]);
    const remote = fake(new Float64Array([5, 6]));
    setRemoteGrad(x, remote);
    expect([remoteGradOf(x), remote.fetches]).toEqual([remote, 0]);
    const g = x.grad!;
    expect([g.toArray(), g.requiresGrad, x.grad === g, remote.fetches]).toEqual([[5, 6], false, true, 1]);
    expect(remoteGradOf(x)).toBeNull();
  });

  test('is added to by backward', () => {
    const x = value([1, 2]);
    setRemoteGrad(x, fake(new Float64Array([5, 6])));
    x.mul(10).sum().backward();
    expect(x.grad!.toArray()).toEqual([15, 16]);
  });

  test('is forgotten unread', () => {
    const x = value([1, 2]);
    const remote = fake(new Float64Array([5, 6]));
    setRemoteGrad(x, remote);
    x.zeroGrad();
    expect([x.grad, remote.fetches]).toEqual([null, 0]);
  });

  test('is an input of a compiled function', () => {
    const x = value([1, 2]);
    const f = compile(() => noGrad(() => x.grad!.mul(2)));
    setRemoteGrad(x, fake(new Float64Array([5, 6])));
    expect(f().toArray()).toEqual([10, 12]);
  });
});

describe('a gradient that is set', () => {
  test('must be one', () => {
    const x = value([1, 2]);
    x.grad = constant([3, 4]);
    expect(x.grad.toArray()).toEqual([3, 4]);
    expect(() => (x.grad = constant([1]))).toThrow(/shape \[2\] has its shape, got \[1\]/);
    expect(() => (x.grad = constant([1, 2], { dtype: 'float32' }))).toThrow(/float64 Value is float64, got float32/);
    expect(() => (x.grad = undefined as never)).toThrow(TypeError);
  });
});
