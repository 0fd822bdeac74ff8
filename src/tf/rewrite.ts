import type { Ref, TfNode } from './builder.js';
import type { TfGraph } from './lower.js';

/** What a rewriting rule sees. */
export interface Rewriting {
  /** How many nodes (of the graph before the pass) read this output; an output of the model counts as one more. */
  uses(ref: Ref): number;
  /** Adds a node that does the work of others: named as `like`, standing for all of `origins`. */
  node(like: TfNode, node: Pick<TfNode, 'op' | 'inputs' | 'attrs' | 'dtypes'> & { weight?: TfNode['weight'] }, origins: readonly TfNode[]): Ref[];
}

/**
 * A pass over the TensorFlow graph: `rule` sees each node, inputs already rewritten, and may give other outputs in its
 * place. What nobody reads any more is dropped. Values whose node is gone are gone from `values` (they were fused).
 */
export function rewrite(graph: TfGraph, rule: (node: TfNode, r: Rewriting) => readonly Ref[] | undefined): TfGraph {
  const nodes: TfNode[] = [];
  const replaced = new Map<TfNode, readonly Ref[]>();
  const original = new Map<TfNode, TfNode>();
  const counts = countUses(graph);

  const mapped = (ref: Ref): Ref => replaced.get(ref.node)?.[ref.index] ?? ref;
  const context: Rewriting = {
    uses: (ref) => counts.get(original.get(ref.node) ?? ref.node)?.[ref.index] ?? 1,
    node: (like, node, origins) => {
      const origin = [...new Set(origins.flatMap((n) => n.origin))].sort((a, b) => a - b);
      const made: TfNode = { ...node, origin, scope: like.scope };
      nodes.push(made);
      return made.dtypes.map((dtype, index) => ({ node: made, index, dtype }));
    },
  };
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(mapped);
    const now = inputs.every((ref, i) => ref === node.inputs[i]) ? node : { ...node, inputs };
    if (now !== node) original.set(now, node);
    const result = rule(now, context);
    if (result) {
      replaced.set(node, result);
      // How often the result is read is known by the node that it replaces.
      for (const ref of result) if (!counts.has(original.get(ref.node) ?? ref.node)) original.set(ref.node, node);
    } else {
      nodes.push(now);
      if (now !== node) replaced.set(node, now.dtypes.map((dtype, index) => ({ node: now, index, dtype })));
    }
  }
  return prune({
    nodes,
    inputs: graph.inputs.map((x) => ({ ...x, ref: mapped(x.ref) })),
    outputs: graph.outputs.map((x) => ({ ...x, ref: mapped(x.ref) })),
    values: graph.values.map((x) => ({ ...x, ref: mapped(x.ref) })),
  });
}

function countUses(graph: TfGraph): Map<TfNode, number[]> {
  const counts = new Map<TfNode, number[]>(graph.nodes.map((n) => [n, n.dtypes.map(() => 0)]));
  const count = (ref: Ref) => {
    const list = counts.get(ref.node);
    if (list) list[ref.index]++;
  };
  for (const node of graph.nodes) node.inputs.forEach(count);
  for (const { ref } of graph.outputs) count(ref);
  return counts;
}

/** Drops nodes that no output needs. Inputs stay. */
export function prune(graph: TfGraph): TfGraph {
  const needed = new Set<TfNode>(graph.inputs.map((i) => i.ref.node));
  const stack = graph.outputs.map((o) => o.ref.node);
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (needed.has(node)) continue;
    needed.add(node);
    for (const { node: input } of node.inputs) stack.push(input);
  }
  return { ...graph, nodes: graph.nodes.filter((n) => needed.has(n)), values: graph.values.filter((v) => needed.has(v.ref.node)) };
}
