import type { TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';

/** The nodes that read each node, each once. */
export function readersOf(graph: TfGraph): Map<TfNode, TfNode[]> {
  const readers = new Map<TfNode, TfNode[]>();
  for (const node of graph.nodes)
    for (const { node: read } of node.inputs) {
      const list = readers.get(read) ?? [];
      if (list.at(-1) !== node) list.push(node);
      readers.set(read, list);
    }
  return readers;
}
