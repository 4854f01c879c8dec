import { grad, trace, value, zeros, type Value } from 'chainrule';
import { toDot, toGraph, toSvg, type GraphEdge, type GraphModel, type GraphNode } from 'chainrule/graph';
import { chain, classic, layers, scalarNetwork } from './graphs.ts';

const byLabel = (graph: GraphModel, label: string): GraphNode => graph.nodes.find((node) => node.label === label)!;

const edgesOf = (graph: GraphModel, from: GraphNode, to: GraphNode): GraphEdge[] =>
  graph.edges.filter((edge) => edge.from === from.id && edge.to === to.id);

const partialsInto = (graph: GraphModel, to: GraphNode): (string | null)[] =>
  graph.edges.filter((edge) => edge.to === to.id).map((edge) => edge.partial);

describe('what a node shows', () => {
  test('labels, signs, values and gradients of e = (a+b)·(b+1)', () => {
    const graph = toGraph(classic().e);
    const shown = graph.nodes.map(({ kind, label, glyph, value, gradient }) => [kind, label, glyph, value, gradient]);
    expect(shown).toEqual([
      ['input', 'a', '', '2', '2'],
      ['input', 'b', '', '1', '5'],
      ['op', 'c', '+', '3', '2'],
      ['constant', null, '1', null, null],
      ['op', 'd', '+', '2', '3'],
      ['op', 'e', '×', '6', '1'],
    ]);
    expect(graph.nodes.filter((node) => node.isRoot).map((node) => node.label)).toEqual(['e']);
  });

  test('looking leaves no gradient behind and calls no hook', () => {
    const { a, c, e } = classic();
    const hook = jest.fn();
    a.onGrad(hook);
    c.retainGrad();
    toGraph(e);
    expect([a.grad, c.grad]).toEqual([null, null]);
    expect(hook).not.toHaveBeenCalled();
  });

  test('a leaf shows the gradient that it has', () => {
    const { a, e } = classic();
    e.backward();
    e.backward();
    expect(byLabel(toGraph(e), 'a').gradient).toBe('4');
    expect(a.grad!.item()).toBe(4);
  });

  test('a leaf that was assigned since shows what the graph has read', () => {
    const w = value([1, 2], { label: 'w' });
    const y = w.mul(w).sum();
    w.assign(value([10, 20]));
    expect(byLabel(toGraph(y), 'w')).toMatchObject({ value: '[1, 2]', gradient: '[2, 4]' });
  });

  test('tensors show their shape and a summary', () => {
    const x = value(
      [
        [1, 2, 3],
        [4, 5, 6.5],
      ],
      { label: 'x' },
    );
    expect(byLabel(toGraph(x.mul(2).sum()), 'x')).toMatchObject({
      shape: '[2, 3]',
      value: '1 … 6.5, mean 3.58',
      gradient: 'all 2',
    });
  });

  test('numbers that are not finite are counted', () => {
    const x = value([1, NaN, Infinity, 2, 3], { label: 'x' });
    expect(byLabel(toGraph(x.sum()), 'x').value).toBe('1 … 3, 2 of 5 not finite');
  });

  test('an empty tensor and a scalar of each kind', () => {
    expect(toGraph(zeros([0, 2])).nodes[0]).toMatchObject({ shape: '[0, 2]', glyph: 'constant', value: 'empty' });
    expect(toGraph(value(-0)).nodes[0]).toMatchObject({ value: '-0' });
    expect(toGraph(value(1e-9)).nodes[0]).toMatchObject({ value: '1e-9' });
    expect(toGraph(value(123456.7)).nodes[0]).toMatchObject({ value: '123500' });
  });

  test('what to show is chosen', () => {
    const { e } = classic();
    const bare = toGraph(e, { values: false, gradients: false });
    expect(bare.nodes.every((node) => node.value === null && node.gradient === null)).toBe(true);
    const x = value(new Float32Array([1, 2]));
    expect(toGraph(x.mul(x), { dtypes: true }).nodes[0]!.shape).toBe('[2] float32');
    expect(toGraph(x.mul(x), { shapes: false }).nodes[0]!.shape).toBeNull();
  });

  test('several roots share what they share', () => {
    const { c, d } = classic();
    const graph = toGraph([c, d]);
    expect(graph.nodes.map((node) => node.label)).toEqual(['a', 'b', 'c', null, 'd']);
    expect(byLabel(graph, 'b').gradient).toBe('2');
  });

  test('several results of one op are one node', () => {
    const { q, r } = value(
      [
        [2, 1],
        [1, 3],
      ],
      { label: 'x' },
    ).qr();
    const graph = toGraph([q, r.sum()]);
    expect(graph.nodes.map((node) => node.shape)).toEqual(['[2, 2]', '[2, 2] · [2, 2]', null]);
  });

  test('titles say it all in a sentence', () => {
    expect(byLabel(toGraph(classic().e), 'c').title).toBe('c = add, value 3, gradient 2');
  });
});

describe('edges', () => {
  test('a.add(a) draws two', () => {
    const a = value(3, { label: 'a' });
    const graph = toGraph(a.add(a).named('y'), { partials: true });
    expect(edgesOf(graph, byLabel(graph, 'a'), byLabel(graph, 'y'))).toHaveLength(2);
  });

  test('local derivatives as numbers, as formulas, as both', () => {
    const { e } = classic();
    const into = (mode: 'values' | 'symbols' | 'both'): (string | null)[][] => {
      const graph = toGraph(e, { partials: mode });
      return ['c', 'd', 'e'].map((label) => partialsInto(graph, byLabel(graph, label)));
    };
    expect(into('values')).toEqual([
      ['1', '1'],
      ['1', '1'],
      ['2', '3'],
    ]);
    expect(into('symbols')).toEqual([
      ['1', '1'],
      ['1', '1'],
      ['d', 'c'],
    ]);
    expect(into('both')).toEqual([
      ['1', '1'],
      ['1', '1'],
      ['d = 2', 'c = 3'],
    ]);
  });

  test('formulas come from the derivative rules themselves', () => {
    const x = value(0.7, { label: 'x' });
    const y = value(1.3, { label: 'y' });
    const of = (z: Value): (string | null)[] => {
      const graph = toGraph(z.named('z'), { partials: 'symbols' });
      return partialsInto(graph, byLabel(graph, 'z'));
    };
    expect(of(x.sin())).toEqual(['cos(x)']);
    expect(of(x.cos())).toEqual(['−sin(x)']);
    expect(of(x.exp())).toEqual(['z']);
    expect(of(x.mul(3))).toEqual(['3', 'x']);
    expect(of(x.mul(x))).toEqual(['x', 'x']);
    expect(of(x.sub(y))).toEqual(['1', '-1']);
    expect(of(x.neg())).toEqual(['-1']);
  });

  test('equal numbers are not confused', () => {
    const [a, b] = [value(2, { label: 'a' }), value(2, { label: 'b' })];
    const graph = toGraph(a.mul(b).named('y'), { partials: 'symbols' });
    expect(partialsInto(graph, byLabel(graph, 'y'))).toEqual(['b', 'a']);
  });

  test('of tensors a summary', () => {
    const x = value(
      [
        [1, 2],
        [3, 4],
      ],
      { label: 'x' },
    );
    const w = value(
      [
        [1, 0],
        [0, 5],
      ],
      { label: 'w' },
    );
    const graph = toGraph(x.matmul(w).named('y'), { partials: true });
    expect(partialsInto(graph, byLabel(graph, 'y'))).toEqual(['1 … 5, mean 3', '4 … 6, mean 5']);
  });

  test('through broadcasting the op itself is looked at', () => {
    const x = value([1, 2, 3], { label: 'x' });
    const b = value(10, { label: 'b' });
    const graph = toGraph(x.add(b).named('y'), { partials: true });
    expect(partialsInto(graph, byLabel(graph, 'y'))).toEqual(['1', '1']);
  });
});

describe('implicit nodes', () => {
  const sum = (): Value => value([[1, 2]], { label: 'x' }).add(value([1], { label: 'b', dtype: 'float32' }));

  test('broadcasts and casts are left out', () => {
    expect(
      toGraph(sum())
        .nodes.map((node) => node.label ?? node.glyph)
        .sort(),
    ).toEqual(['+', 'b', 'x']);
  });

  test('unless asked for', () => {
    expect(toGraph(sum(), { implicit: true }).nodes.length).toBeGreaterThan(3);
  });

  test('one with a name stays', () => {
    const x = value(1, { label: 'x' });
    expect(toGraph(x.clone().named('copy').mul(2)).nodes.map((node) => node.label)).toContain('copy');
  });

  test('aliases of transforms', () => {
    const x = value(3, { label: 'x' });
    const slope = grad((y: Value) => y.mul(y))(x);
    expect(toGraph(slope).nodes.every((node) => node.glyph !== '=')).toBe(true);
  });
});

describe('repeats', () => {
  test('layers that look alike are one, marked with their number', () => {
    const graph = toGraph(layers(12), { repeats: true, fold: false });
    expect(graph.clusters.map(({ name, count }) => [name, count])).toEqual([['Layer', 12]]);
    expect(byLabel(graph, 'W0 … W11').shape).toBe('[3, 3]');
  });

  test('folded ones too', () => {
    const graph = toGraph(layers(12), { repeats: true, fold: true });
    expect(graph.nodes.map(({ label, glyph, count }) => [label ?? glyph, count])).toEqual([
      ['x', 1],
      ['Layer', 12],
      ['loss', 1],
    ]);
    expect(graph.edges).toHaveLength(2);
  });

  test('blocks without scopes', () => {
    const graph = toGraph(chain(50), { repeats: true });
    // The last round holds the root, which stays visible.
    expect(graph.clusters.map((cluster) => cluster.count)).toEqual([49]);
    expect(graph.nodes.length).toBeLessThan(10);
  });

  test('parallel copies', () => {
    const graph = toGraph(scalarNetwork([4, 5, 1]), { repeats: true });
    expect(graph.nodes.some((node) => node.glyph === '×' && node.count === 20)).toBe(true);
    expect(graph.nodes.length).toBeLessThan(20);
  });

  test('what differs stays apart', () => {
    const x = value(0.5, { label: 'x' });
    const y = x.sin().cos().sin().tanh();
    expect(toGraph(y, { repeats: true }).nodes).toHaveLength(5);
    const z = x.mul(2).mul(3).mul(4);
    expect(toGraph(z, { repeats: true }).nodes.filter((node) => node.kind === 'constant')).toHaveLength(3);
  });

  test('no edge leads backwards', () => {
    const graph = toGraph(chain(50), { repeats: true });
    const order = new Map(graph.nodes.map((node, i) => [node.id, i]));
    for (const edge of graph.edges) expect(order.get(edge.from)!).toBeLessThan(order.get(edge.to)!);
  });
});

describe('the limit', () => {
  test('tells how many nodes are missing', () => {
    const graph = toGraph(chain(1000), { repeats: false, limit: 20 });
    expect(graph.nodes).toHaveLength(21);
    const elided = graph.nodes.find((node) => node.kind === 'elided')!;
    expect(elided.glyph).toBe('… 2,982 more nodes');
    expect(graph.description).toContain('3,002 nodes drawn as 21');
  });

  test('results and inputs stay', () => {
    const graph = toGraph(chain(1000).named('y'), { repeats: false, limit: 20 });
    expect(graph.nodes.map((node) => node.label)).toEqual(expect.arrayContaining(['x', 'k', 'y']));
  });

  test('large graphs are folded by themselves, small ones are not', () => {
    expect(toGraph(chain(1000)).nodes.length).toBeLessThan(20);
    expect(toGraph(chain(20)).nodes).toHaveLength(62);
    expect(toGraph(chain(100), { limit: Infinity }).nodes).toHaveLength(302);
  });
});

describe('gradients as health', () => {
  test('none, vanished, healthy, exploded', () => {
    const x = value(1, { label: 'x' });
    const far = x.mul(1e-9).named('far');
    const graph = toGraph([far.mul(1e6), x.mul(1e-12), x.stopGradient()], { colorBy: 'gradient' });
    expect(byLabel(graph, 'far').health).toBe('exploded');
    expect(byLabel(graph, 'x').health).toBe('healthy');
    expect(graph.nodes.find((node) => node.kind === 'constant')!.health).toBe('none');
    const small = toGraph(x.mul(1e-9), { colorBy: 'gradient' });
    expect(byLabel(small, 'x').health).toBe('vanished');
  });

  test('thresholds are the caller’s', () => {
    const x = value(1, { label: 'x' });
    const health = (thresholds: { vanished?: number; exploded?: number }): unknown =>
      byLabel(toGraph(x.mul(2), { colorBy: 'gradient', thresholds }), 'x').health;
    expect([health({}), health({ vanished: 3 }), health({ exploded: 1 })]).toEqual(['healthy', 'vanished', 'exploded']);
  });

  test('what is not finite has exploded', () => {
    const x = value(0, { label: 'x' });
    expect(byLabel(toGraph(x.sqrt(), { colorBy: 'gradient' }), 'x').health).toBe('exploded');
  });
});

describe('Programs', () => {
  const program = trace((x: Value, w: Value) => x.mul(w).sin().sum(), zeros([3]).named('x'), zeros([3]).named('w'));

  test('are drawn without numbers', () => {
    const graph = toGraph(program);
    expect(graph.nodes.map(({ kind, label, glyph, value }) => [kind, label ?? glyph, value])).toEqual([
      ['input', 'x', null],
      ['input', 'w', null],
      ['op', '×', null],
      ['op', 'sin', null],
      ['op', 'Σ', null],
    ]);
  });

  test('with formulas on the edges where there are any', () => {
    expect(toGraph(program, { partials: 'symbols' }).edges.map((edge) => edge.partial)).toEqual(['w', 'x', null, null]);
  });

  test('captured cells are inputs', () => {
    const w = value(2, { label: 'weight' });
    const captured = trace((x: Value) => x.mul(w), zeros([]));
    expect(byLabel(toGraph(captured), 'weight')).toMatchObject({ kind: 'input', value: '2' });
  });

  describe('what they write', () => {
    const w = value([1, 2], { label: 'w' });
    const step = trace(
      (x: Value) => {
        w.zeroGrad();
        const loss = x.mul(w).sum();
        loss.backward();
        w.assign(w.sub(w.grad!.mul(0.1)));
        return loss.named('loss');
      },
      zeros([2]).named('x'),
    );

    test('cells and gradients are nodes that read what becomes of them', () => {
      const graph = toGraph(step);
      const writes = graph.nodes.filter(({ glyph }) => glyph === '←');
      expect(writes.map(({ label, shape, isRoot }) => [label, shape, isRoot])).toEqual([
        ['w', '[2]', true],
        ['w.grad', '[2]', true],
      ]);
      const updated = graph.nodes.find(({ glyph }) => glyph === '−')!;
      expect(edgesOf(graph, updated, writes[0]!)).toHaveLength(1);
      expect(graph.nodes.find(({ label }) => label === 'loss')!.isRoot).toBe(true);
      expect(w.toArray()).toEqual([1, 2]);
    });

    test('a gradient that becomes null reads nothing', () => {
      const cleared = toGraph(trace((x: Value) => (w.zeroGrad(), x.mul(2)), zeros([2])));
      expect(byLabel(cleared, 'w.grad')).toMatchObject({ glyph: '← null', isRoot: true });
      expect(cleared.edges.filter(({ to }) => to === byLabel(cleared, 'w.grad').id)).toEqual([]);
    });

    test('a gradient that is read is an input of its own', () => {
      const u = value([1, 2], { label: 'u' });
      u.mul(u).sum().backward();
      const graph = toGraph(trace((x: Value) => x.mul(u.grad!), zeros([2])));
      expect(byLabel(graph, 'u.grad')).toMatchObject({ kind: 'constant', value: '[2, 4]' });
    });

    test('as text and as a picture', async () => {
      expect(toDot(step)).toMatch(/w\.grad/);
      expect(await toSvg(step)).toContain('w.grad = assign');
    });
  });
});
