/** Named scopes in pictures: frames, and what folds into one node. */
import { constant, linear, value, type Value } from 'chainrule';
import { toGraph, type GraphModel, type GraphNode } from 'chainrule/graph';
import { crossEntropy } from 'chainrule/losses';
import { withScope } from '../../src/value/recording.ts';
import { layers } from './graphs.ts';

const byLabel = (graph: GraphModel, label: string): GraphNode => graph.nodes.find((node) => node.label === label)!;

describe('scopes', () => {
  test('are frames, with the leaves that only they use', () => {
    const graph = toGraph(layers(2), { fold: false });
    expect(graph.clusters.map((cluster) => cluster.name)).toEqual(['Layer', 'Layer']);
    expect(byLabel(graph, 'W0').cluster).toBe(graph.clusters[0]!.id);
    expect(toGraph(layers(2), { scopes: false }).clusters).toEqual([]);
  });

  test('nest', () => {
    const x = value(1, { label: 'x' });
    const y = withScope('Outer', () => withScope('Inner', () => x.sin()).cos());
    const graph = toGraph(y);
    expect(graph.clusters.map(({ name, parent }) => [name, parent])).toEqual([
      ['Outer', null],
      ['Inner', graph.clusters[0]!.id],
    ]);
  });

  test('fold into one node with what is inside', () => {
    const graph = toGraph(layers(2), { fold: true });
    const folded = graph.nodes.filter((node) => node.kind === 'scope');
    expect(folded.map(({ glyph, note, shape }) => [glyph, note, shape])).toEqual([
      ['Layer', '3 ops, 12 parameters', '[1, 3]'],
      ['Layer', '3 ops, 12 parameters', '[1, 3]'],
    ]);
    expect(graph.nodes.map((node) => node.label)).toContain('x');
    expect(graph.edges).toHaveLength(3);
  });

  test('what a folded scope makes of data for itself is inside it; data that flows in stays', () => {
    const x = value([1, 2], { label: 'x' });
    const mask = (classes: Value): Value => withScope('Mask', () => x.mul(classes.ne(0).to('float64')).sum());
    const shown = (y: Value): string[] => toGraph(y, { fold: true }).nodes.map((node) => node.kind);
    expect(shown(mask(constant([0, 1], { dtype: 'int32' })))).toEqual(['input', 'scope']);
    const data = constant([3, 4]);
    expect(shown(withScope('Product', () => x.mul(data)))).toEqual(['constant', 'scope']);
  });

  test('the loss of class targets has no loose ends', () => {
    const logits = value([[2, 0, 0]], { label: 'logits' });
    const graph = toGraph(crossEntropy(logits, constant([0], { dtype: 'int32' })), { fold: ['crossEntropy'] });
    expect(graph.nodes.map(({ label, glyph }) => label ?? glyph)).toEqual(['logits', 'crossEntropy']);
  });

  test('fold by name and by depth', () => {
    const x = value(1, { label: 'x' });
    const y = withScope('Outer', () => withScope('Inner', () => x.sin().cos()).tanh());
    const names = (fold: number | string[]): string[] =>
      toGraph(y, { fold })
        .nodes.filter((node) => node.kind === 'scope')
        .map((node) => node.glyph);
    expect(names(['Inner'])).toEqual(['Inner']);
    expect(names(0)).toEqual(['Outer']);
    expect(names(1)).toEqual(['Inner']);
    expect(names(2)).toEqual([]);
  });

  test('composite ops are folded without being asked', () => {
    const x = value([1, 2, 3], { label: 'x' });
    const graph = toGraph(x.softmax(0).sum());
    expect(graph.nodes).toHaveLength(3);
    expect(graph.nodes[1]).toMatchObject({ kind: 'op', glyph: 'softmax' });
    expect(toGraph(x.softmax(0), { fold: false }).nodes.length).toBeGreaterThan(3);
  });

  test('their operands stay visible, parameters too', () => {
    const [x, w, b] = [value([[1, 2]]), value([[3, 4]]), value([5])].map((v, i) => v.named('xwb'[i]!));
    const graph = toGraph(linear(x!, w!, b).sum());
    expect(graph.nodes.map(({ label, glyph }) => label ?? glyph)).toEqual(['x', 'w', 'b', 'xWᵀ+b', 'Σ']);
  });

  test('partial derivatives reach into folded scopes', () => {
    const x = value(2, { label: 'x' });
    const y = withScope('Cube', () => x.mul(x).mul(x));
    const graph = toGraph(y, { fold: true, partials: true });
    expect(graph.edges.map((edge) => edge.partial)).toEqual(['12']);
  });
});
