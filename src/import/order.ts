import type { Graph, OnnxNode } from '../onnx/model.js';

/**
 * An order in which each node stands after those whose outputs it reads: that of the file where that is one, as ONNX
 * demands; else the nearest to it, since onnxruntime runs such files too. Nodes on a cycle keep their place.
 * @returns indices into `nodes`
 */
export function dependencyOrder(nodes: readonly OnnxNode[]): number[] {
  const writers = new Map<string, number>();
  nodes.forEach((node, index) => {
    for (const name of node.outputs) if (name !== '' && !writers.has(name)) writers.set(name, index);
  });
  const order: number[] = [];
  const state = new Uint8Array(nodes.length); // 0 not met, 1 waiting for its inputs, 2 placed
  for (let first = 0; first < nodes.length; first++) {
    const stack = [first];
    while (stack.length > 0) {
      const index = stack[stack.length - 1];
      if (state[index] === 2) stack.pop();
      else if (state[index] === 1) {
        state[index] = 2;
        order.push(index);
        stack.pop();
      } else {
        state[index] = 1;
        const missing = [...namesRead(nodes[index])]
          .map((name) => writers.get(name))
          .filter((w) => w !== undefined && state[w] === 0);
        for (const w of missing.reverse()) stack.push(w as number);
      }
    }
  }
  return order;
}

/** All names that a node reads, in its subgraphs too. */
function namesRead(node: OnnxNode, names: Set<string> = new Set()): Set<string> {
  for (const name of node.inputs) names.add(name);
  const inside = (graph: Graph) => {
    for (const n of graph.nodes) namesRead(n, names);
    for (const { name } of graph.outputs) names.add(name);
  };
  for (const attribute of node.attributes.values()) {
    if (attribute.kind === 'graph') inside(attribute.value);
    else if (attribute.kind === 'graphs') attribute.value.forEach(inside);
  }
  return names;
}
