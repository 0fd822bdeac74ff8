import type { Dim } from '../ir/dim.js';
import { GraphBuilder, type Ref, type TfNode } from './builder.js';
import type { TfGraph } from './lower.js';
import { Shapes } from './shapes.js';

/**
 * What a rewriting rule builds with: nodes that it adds are named as the node at hand and stand for the same ONNX nodes,
 * until {@link over} says otherwise.
 */
export class Rewriting extends GraphBuilder {
  private readonly counts: Map<TfNode, number[]>;
  private readonly stands = new Map<TfNode, Ref[]>();
  private readonly shapes: Shapes;
  private readonly outputs: ReadonlySet<TfNode>;
  /** Place of the node at hand in the graph before the pass. */
  at = 0;

  constructor(graph: TfGraph) {
    super();
    this.counts = countUses(graph);
    this.shapes = new Shapes(graph);
    this.outputs = new Set(graph.outputs.map((o) => o.ref.node));
  }

  /** How many nodes (of the graph before the pass) read this output; an output of the model counts as one more. */
  uses(ref: Ref): number {
    const { node, index } = this.original(ref);
    return this.counts.get(node)?.[index] ?? 1;
  }

  /** Whether the model gives what this node computes. */
  isOutput(node: TfNode): boolean {
    return this.outputs.has(node) || (this.stands.get(node)?.some((ref) => this.outputs.has(ref.node)) ?? false);
  }

  /** Sizes in memory order, as far as they are known. */
  dims(ref: Ref): readonly Dim[] | undefined {
    return this.shapes.of(ref);
  }

  /** Sizes, where all are known while converting. */
  knownDims(ref: Ref): readonly number[] | undefined {
    return this.shapes.numbers(ref);
  }

  /** Says the sizes of a tensor that don't follow from its op. */
  sized(ref: Ref, dims: readonly Dim[]): Ref {
    this.shapes.set(ref, dims);
    return ref;
  }

  /** The nodes made from now on do the work of these, and are named as the first. */
  over(like: TfNode, ...others: readonly TfNode[]): this {
    this.scope = like.scope;
    this.origin = [...new Set([like, ...others].flatMap((n) => n.origin))].sort((a, b) => a - b);
    return this;
  }

  /** `now` stands in the place of `before`: as often read, and of the same shape. */
  succeeds(now: Ref, before: Ref): void {
    const dims = this.shapes.of(before);
    if (dims && !this.shapes.of(now)) this.shapes.set(now, dims);
    if (this.counts.has(now.node)) return;
    const list = this.stands.get(now.node) ?? [];
    list[now.index] ??= this.original(before);
    this.stands.set(now.node, list);
  }

  /** The node, of the graph before the pass, in whose place this one stands; itself where there is none. */
  before(node: TfNode): TfNode {
    return this.stands.get(node)?.[0]?.node ?? node;
  }

  /** The output, of the graph before the pass, in whose place this one stands. */
  private original(ref: Ref): Ref {
    return this.stands.get(ref.node)?.[ref.index] ?? ref;
  }
}

/**
 * A pass over the TensorFlow graph: `rule` sees each node, inputs already rewritten, and may give other outputs in its
 * place. What nobody reads any more is dropped. Values whose node is gone are gone from `values` (they were fused).
 */
export function rewrite(graph: TfGraph, rule: (node: TfNode, r: Rewriting) => readonly Ref[] | undefined): TfGraph {
  const replaced = new Map<TfNode, readonly Ref[]>();
  const r = new Rewriting(graph);
  const mapped = (ref: Ref): Ref => replaced.get(ref.node)?.[ref.index] ?? ref;
  for (const [at, node] of graph.nodes.entries()) {
    r.at = at;
    const inputs = node.inputs.map(mapped);
    const now = inputs.every((ref, i) => ref === node.inputs[i]) ? node : { ...node, inputs };
    const own = outputsOf(node);
    if (now !== node)
      outputsOf(now).forEach((ref, i) => {
        r.succeeds(ref, own[i]);
      });
    const result = rule(now, r.over(node));
    if (result) {
      replaced.set(node, result);
      result.forEach((ref, i) => {
        r.succeeds(ref, own[i]);
      });
    } else {
      r.nodes.push(now);
      if (now !== node) replaced.set(node, outputsOf(now));
    }
  }
  return prune({
    nodes: r.nodes,
    inputs: graph.inputs.map((x) => ({ ...x, ref: mapped(x.ref) })),
    outputs: graph.outputs.map((x) => ({ ...x, ref: mapped(x.ref) })),
    values: graph.values.map((x) => ({ ...x, ref: mapped(x.ref) })),
  });
}

/** All outputs of a node. */
export function outputsOf(node: TfNode): Ref[] {
  return node.dtypes.map((dtype, index) => ({ node, index, dtype }));
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
  return {
    ...graph,
    nodes: graph.nodes.filter((n) => needed.has(n)),
    values: graph.values.filter((v) => needed.has(v.ref.node)),
  };
}
