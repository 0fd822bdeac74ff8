import type { Fates } from './fates.js';
import type { Imported } from '../import/import.js';
import { isKnown } from '../ir/dim.js';
import type { Value } from '../ir/graph.js';
import { arrange } from '../ir/layout.js';
import type { LayerSpec } from '../keras/builder.js';
import type { KerasModel } from '../keras/model.js';
import type { OnnxModel, OnnxNode, ValueInfo } from '../onnx/model.js';
import { schemaFor } from '../onnx/schema.js';
import type { Dim, Net, NetNode } from '../report/types.js';
import { staticShape, type Ref, type TfNode } from '../tf/builder.js';
import type { TfGraph } from '../tf/lower.js';

/** What is known of a source beside its file, as far as converting it got. */
export interface Known {
  imported?: Imported;
  fates?: Fates;
  /** Of the source rows, by a node's place in the file. */
  numbers?: ReadonlyMap<number, number>;
}

/** A net in the making: nodes by what they stand for, edges without repetition. */
class NetBuilder<K> {
  readonly nodes: NetNode[] = [];
  private readonly edges: [number, number][] = [];
  private readonly seen = new Set<string>();
  private readonly places = new Map<K, number>();

  /** `key`: what edges name the node by. */
  add(key: K | undefined, node: NetNode): number {
    const place = this.nodes.push(node) - 1;
    if (key !== undefined) this.places.set(key, place);
    return place;
  }

  /** Another name for a node that is there. */
  also(key: K, place: number): void {
    this.places.set(key, place);
  }

  /** From what `key` names to a node; nothing where nobody gives it (a weight, an absent input). */
  edge(key: K, to: number): void {
    const from = this.places.get(key);
    if (from === undefined || from === to || this.seen.has(`${from} ${to}`)) return;
    this.seen.add(`${from} ${to}`);
    this.edges.push([from, to]);
  }

  net(): Net {
    return { nodes: this.nodes, edges: this.edges };
  }
}

/** The file's top-level graph as it stands. Values that only a subgraph reads from outside lead to its node, too. */
export function sourceNet(model: OnnxModel, { imported, fates, numbers }: Known = {}): Net {
  const { graph } = model;
  const net = new NetBuilder<string>();
  const constants = new Map<string, readonly number[]>([...graph.initializers].map(([name, w]) => [name, w.dims]));
  for (const input of graph.inputs) if (!graph.initializers.has(input.name)) net.add(input.name, face('input', input));
  graph.nodes.forEach((node, index) => {
    const first = imported?.results[index]?.[0];
    if (isConstant(node)) {
      for (const name of node.outputs) constants.set(name, first ? knownDims(first) : []);
      return;
    }
    const number = numbers?.get(index);
    const became = fates?.nodes[index]?.became;
    const weights = weightsOf(node, model, constants);
    const place = net.add(undefined, {
      kind: 'node',
      op: node.domain ? `${node.domain}.${node.op}` : node.op,
      name: node.name || node.outputs.find((o) => o !== '') || '',
      onnx: [index],
      ...(became ? { became } : {}),
      ...(number === undefined ? {} : { number }),
      ...(first ? { shape: first.type.dims.map((d) => (isKnown(d) ? d : d.key)) } : {}),
      ...(weights.length > 0 ? { weights } : {}),
    });
    for (const name of reads(node)) net.edge(name, place);
    for (const name of node.outputs) if (name !== '') net.also(name, place);
  });
  for (const output of graph.outputs) {
    const place = net.add(undefined, face('output', output));
    net.edge(output.name, place);
  }
  return net.net();
}

function face(kind: 'input' | 'output', { name, type }: ValueInfo): NetNode {
  const dims = type && 'dims' in type ? type.dims : undefined;
  return { kind, op: '', name, onnx: [], ...(dims ? { shape: [...dims] } : {}) };
}

const isConstant = (node: OnnxNode): boolean => node.domain === '' && node.op === 'Constant';

/** The node's inputs, and what its subgraphs read of what surrounds them. */
function reads(node: OnnxNode): string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const attribute of node.attributes.values()) {
    const graphs = attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [];
    for (const { nodes, inputs, outputs } of graphs) {
      const own = new Set([...inputs.map((i) => i.name), ...nodes.flatMap((n) => n.outputs)]);
      const wanted = [...nodes.flatMap(reads), ...outputs.map((o) => o.name)];
      names.push(...wanted.filter((name) => !own.has(name)));
    }
  }
  return names;
}

/** The constants a node reads, by the operator's own names for its inputs (`W`, `B`). */
function weightsOf(
  node: OnnxNode,
  { opsets }: OnnxModel,
  constants: ReadonlyMap<string, readonly number[]>,
): { name: string; shape: number[] }[] {
  const formal = schemaFor(node.domain, node.op, opsets.get(node.domain) ?? 1)?.inputs ?? [];
  return node.inputs.flatMap((name, i) => {
    const dims = constants.get(name);
    return dims
      ? [{ name: formal[i]?.option === 'variadic' ? name : (formal[i]?.name ?? name), shape: [...dims] }]
      : [];
  });
}

const knownDims = (v: Value): number[] => v.type.dims.filter(isKnown);

/** The layers of a layers-model, in its own order. */
export function layersNet(model: KerasModel): Net {
  const net = new NetBuilder<LayerSpec>();
  const inputs = new Set(model.inputs);
  for (const layer of model.layers)
    net.add(layer, {
      kind: inputs.has(layer) ? 'input' : 'node',
      op: inputs.has(layer) ? '' : layer.className,
      name: layer.name,
      onnx: [...layer.origin],
      ...(layer.shapes[0] ? { shape: [...layer.shapes[0]] } : {}),
      ...weightsGiven(layer.weights.map((w) => ({ name: w.name, shape: [...w.weight.dims] }))),
    });
  model.layers.forEach((layer, place) => {
    for (const { spec } of layer.inputs) net.edge(spec, place);
  });
  for (const { spec, shape } of model.outputs) {
    const place = net.add(undefined, { kind: 'output', op: '', name: spec.name, onnx: [], shape: [...shape] });
    net.edge(spec, place);
  }
  return net.net();
}

/** The nodes of a graph-model. `nameOf`: where an output is fetched in the written model. */
export function tfNet(graph: TfGraph, nameOf: (ref: Ref) => string): Net {
  const net = new NetBuilder<TfNode>();
  const shapes = new Map<TfNode, Dim[]>();
  for (const { ref, value } of graph.values)
    if (ref.index === 0 && !shapes.has(ref.node))
      shapes.set(ref.node, staticShape(arrange(value.type.dims, value.layout)));
  const name = (node: TfNode) => nameOf({ node, index: 0, dtype: node.dtypes[0] ?? 'float32' });
  for (const node of graph.nodes) {
    if (node.op === 'Const') continue;
    const shape = shapes.get(node);
    const isInput = node.op === 'Placeholder';
    const weights = node.inputs.flatMap(({ node: w }) =>
      w.weight ? [{ name: name(w), shape: [...w.weight.dims] }] : [],
    );
    const place = net.add(node, {
      kind: isInput ? 'input' : 'node',
      op: isInput ? '' : node.op,
      name: name(node),
      onnx: [...node.origin],
      ...(shape ? { shape } : {}),
      ...weightsGiven(weights),
    });
    for (const { node: from } of node.inputs) net.edge(from, place);
  }
  for (const { key, ref } of graph.outputs) {
    const shape = shapes.get(ref.node);
    const place = net.add(undefined, { kind: 'output', op: '', name: key, onnx: [], ...(shape ? { shape } : {}) });
    net.edge(ref.node, place);
  }
  return net.net();
}

function weightsGiven(weights: { name: string; shape: number[] }[]): Pick<NetNode, 'weights'> {
  return weights.length > 0 ? { weights } : {};
}
