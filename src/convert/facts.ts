import { areKnown, isKnown } from '../ir/dim.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import type { Imported } from '../import/import.js';
import type { Fates } from './fates.js';
import type { Layer, LayerSpec } from '../keras/builder.js';
import type { KerasModel } from '../keras/model.js';
import type { OnnxModel, TypeInfo } from '../onnx/model.js';
import type { Dim, KerasSummary, SourceFacts, SourceSummary, TensorFact } from '../report/types.js';
import { parameterDifferences } from './parameters.js';
import { isFloat } from '../tensor/dtype.js';
import { sizeOf } from '../tensor/tensor.js';

/** What the file says of itself. */
export function sourceFacts(model: OnnxModel, imported?: Imported): SourceFacts {
  const operators: Record<string, number> = {};
  for (const { op, domain } of model.graph.nodes) {
    const name = domain ? `${domain}.${op}` : op;
    operators[name] = (operators[name] ?? 0) + 1;
  }
  const fact = (name: string, type: TypeInfo | undefined): TensorFact => ({
    name,
    dtype: type && 'dtype' in type && type.dtype ? type.dtype : (type?.kind ?? 'unknown'),
    ...(type && 'dims' in type && type.dims ? { shape: [...type.dims] as Dim[] } : {}),
  });
  let parameters = 0;
  for (const w of model.graph.initializers.values()) parameters += sizeOf(w.dims);
  const outputs = new Map(imported?.graph.outputs.map((o) => [o.name, o.value]) ?? []);
  return {
    sha256: model.sha256,
    bytes: model.bytes + model.externalFiles.reduce((n, f) => n + f.bytes, 0),
    ...(model.externalFiles.length > 0 ? { external: model.externalFiles.map((f) => f.location) } : {}),
    irVersion: model.irVersion,
    opsets: Object.fromEntries(model.opsets),
    producer: model.producer,
    inputs: model.graph.inputs.filter((i) => !model.graph.initializers.has(i.name)).map((i) => fact(i.name, i.type)),
    outputs: model.graph.outputs.map((o) => {
      const known = outputs.get(o.name);
      return known
        ? { name: o.name, dtype: known.type.dtype, shape: known.type.dims.map((d) => (isKnown(d) ? d : d.key)) }
        : fact(o.name, o.type);
    }),
    operators,
    parameters,
    nodes: model.graph.nodes.length,
  };
}

/**
 * The surviving nodes of the source as torchsummary would list them, numbered in file order. A weight that several nodes
 * share counts for each, as there; exporters also join weights that merely are alike.
 */
export function sourceSummary(imported: Imported, graph: Graph, fates: Fates): SourceSummary {
  const rows: SourceSummary['rows'] = [];
  for (const { index, nodes } of sourceNodes(graph)) {
    const fate = fates.nodes[index];
    const [first] = imported.results[index];
    let params = 0;
    let buffers = 0;
    for (const node of nodes)
      node.inputs.forEach((v, i) => {
        if (!v?.constant || !isFloat(v.type.dtype) || v.type.dims.length === 0) return;
        const size = sizeOf(v.constant.dims);
        if (node.op.name === 'BatchNormalization' && i >= 3) buffers += size;
        else params += size;
      });
    rows.push({
      number: rows.length + 1,
      op: nodes[0].op.name,
      name: nodes[0].name,
      ...(first ? { outputShape: shapeOf(first) } : {}),
      params,
      ...(buffers > 0 ? { buffers } : {}),
      became: fate.became,
      tfjs: [...fate.tfjs],
    });
  }
  const inputElements = graph.inputs.map((v) => v.type.dims.slice(1)).map((d) => (areKnown(d) ? sizeOf(d) : undefined));
  return { rows, ...(inputElements.every((n) => n !== undefined) ? { inputElements } : {}) };
}

/** The rows of model.summary(), each with the number of the source row that it stands for. */
export function kerasSummary(model: KerasModel, graph: Graph, source: SourceSummary): KerasSummary {
  const numbers = sourceNumbers(graph);
  const count = (layer: LayerSpec, trainable: boolean) =>
    layer.weights.filter((w) => w.trainable === trainable).reduce((n, w) => n + sizeOf(w.weight.dims), 0);
  return {
    name: model.name,
    rows: model.layers.map((layer) => {
      const source = numbers.get(layer.origin[0]);
      return {
        name: layer.name,
        className: layer.className,
        outputShapes: layer.shapes.map((s) => [...s]),
        params: count(layer, true) + count(layer, false),
        connectedTo: layer.inputs.map((l: Layer) => `${l.spec.name}[0][${l.index}]`),
        ...(source === undefined ? {} : { source }),
      };
    }),
    trainable: model.layers.reduce((n, l) => n + count(l, true), 0),
    nonTrainable: model.layers.reduce((n, l) => n + count(l, false), 0),
    differences: parameterDifferences(source.rows, [...numbers.keys()], model),
  };
}

/** The number of each source row, by the node's place in the file. */
export function sourceNumbers(graph: Graph): Map<number, number> {
  return new Map(sourceNodes(graph).map(({ index }, i) => [index, i + 1]));
}

/** The ONNX nodes that something remains of in the pruned graph, in file order. */
function sourceNodes(graph: Graph): { index: number; nodes: Node[] }[] {
  const byIndex = new Map<number, Node[]>();
  for (const node of graph.nodes) {
    const [index] = node.origin;
    if (index === undefined) continue;
    const list = byIndex.get(index);
    if (list) list.push(node);
    else byIndex.set(index, [node]);
  }
  return [...byIndex].sort(([a], [b]) => a - b).map(([index, nodes]) => ({ index, nodes }));
}

/** ONNX's dims; axis 0 is -1, as torchsummary shows the batch, where it may vary or is 1. */
function shapeOf(v: Value): Dim[] {
  return v.type.dims.map((d, i) => (i === 0 && (d === 1 || !isKnown(d)) ? -1 : isKnown(d) ? d : d.key));
}
