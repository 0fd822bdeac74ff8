import { isKnown, sameDim, sameDims } from '../ir/dim.js';
import { readersOf, type Graph, type Node, type Value } from '../ir/graph.js';
import { opFor } from '../ops/registry.js';
import { pruneGraph } from './prune.js';

/**
 * Group normalization as exporters write it below opset 18, by one node, which needs no other order of axes:
 *
 *     Reshape [N, G, -1] -> InstanceNormalization -> Reshape back
 */
export function groupNorms(graph: Graph): Graph {
  const op = opFor('', 'GroupNormalization');
  const makers = new Map<Value, Node>();
  for (const node of graph.nodes) for (const v of node.outputs) if (v) makers.set(v, node);
  const readers = readersOf(graph);
  const shown = new Set(graph.outputs.map((o) => o.value));
  const isPrivate = (v: Value | undefined) => v !== undefined && !shown.has(v) && readers.get(v)?.length === 1;
  let changed = false;
  const nodes = graph.nodes.map((back) => {
    if (!named(back, 'Reshape') || !op) return back;
    const [y] = back.inputs;
    const norm = y && isPrivate(y) ? makers.get(y) : undefined;
    if (!norm || !named(norm, 'InstanceNormalization')) return back;
    const [grouped, scale, bias] = norm.inputs;
    const split = grouped && isPrivate(grouped) ? makers.get(grouped) : undefined;
    const x = split && named(split, 'Reshape') ? split.inputs[0] : undefined;
    const out = back.outputs[0];
    if (!x || !split || !grouped || !out || x.type.dims.length < 3) return back;
    const [batch, groups] = grouped.type.dims;
    const channels = x.type.dims[1];
    const fits =
      sameDim(batch, x.type.dims[0]) &&
      isKnown(groups) &&
      isKnown(channels) &&
      channels % groups === 0 &&
      sameDims(out.type.dims, x.type.dims);
    if (!fits) return back;
    changed = true;
    const { epsilon } = norm.attrs as { epsilon: number };
    return {
      ...back,
      op,
      attrs: { epsilon, groups, perGroup: true },
      inputs: [x, scale, bias],
      origin: [...back.origin, ...norm.origin, ...split.origin],
    };
  });
  return changed ? pruneGraph({ ...graph, nodes }) : graph;
}

const named = (node: Node, name: string): boolean => !node.op.domain && node.op.name === name;
