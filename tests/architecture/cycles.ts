type Graph = ReadonlyMap<string, readonly string[]>;

/** A shortest cycle through every node that lies on one and on none told before. */
export function cycles(graph: Graph): string[][] {
  const known = new Set<string>();
  const found: string[][] = [];
  for (const start of graph.keys()) {
    if (known.has(start)) continue;
    const cycle = shortestWayBack(graph, start);
    if (!cycle) continue;
    found.push(cycle);
    cycle.forEach((node) => known.add(node));
  }
  return found;
}

/** Breadth first from start until it is reached again. */
function shortestWayBack(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return [...path(cameFrom, start, node), start];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, node);
      queue.push(next);
    }
  }
  return undefined;
}

function path(cameFrom: ReadonlyMap<string, string>, start: string, end: string): string[] {
  const nodes = [end];
  while (nodes[0] !== start) nodes.unshift(cameFrom.get(nodes[0]!)!);
  return nodes;
}
