import type { Graph, Node, Value } from '../ir/graph.js';

/** Drops nodes that no output needs. Inputs stay: they are the model's face. */
export function pruneGraph(graph: Graph): Graph {
  const needed = new Set<Value>(graph.outputs.map((o) => o.value));
  const nodes: Node[] = [];
  for (let i = graph.nodes.length - 1; i >= 0; i--) {
    const node = graph.nodes[i];
    if (!node.outputs.some((v) => v && needed.has(v))) continue;
    nodes.push(node.bodies ? { ...node, bodies: node.bodies.map(pruneGraph) } : node);
    for (const v of node.inputs) if (v) needed.add(v);
  }
  return { ...graph, nodes: nodes.reverse() };
}
