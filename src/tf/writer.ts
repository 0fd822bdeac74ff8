import type { WeightEntry } from '../write/shards.js';
import type { AttrValue, Ref, TfDType, TfNode } from './builder.js';
import type { TfGraph } from './lower.js';
import { OP_TABLE } from './optable.generated.js';

/** Attributes that TensorFlow itself declares as float, whatever the value looks like. */
const FLOATS = new Set([
  'alpha',
  'beta',
  'bias',
  'epsilon',
  'leakyrelu_alpha',
  'extrapolation_value',
  'min',
  'max',
  'soft_nms_sigma',
]);

const DATA_TYPES: Record<TfDType, string> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
  string: 'DT_STRING',
  complex64: 'DT_COMPLEX64',
};

/** A graph-model, ready to be written but for its weights. */
export interface GraphModelJson {
  readonly modelTopology: object;
  readonly signature: object;
  readonly weights: readonly WeightEntry[];
  /** The nodes of the source that each weight stands for, for messages. */
  readonly weightOrigins: ReadonlyMap<string, readonly number[]>;
  /** Where the value of each ref is fetched in the written model. */
  fetchName(ref: Ref): string;
  /** All names of nodes that do work for an ONNX node. */
  readonly namesByOrigin: ReadonlyMap<number, readonly string[]>;
  readonly async: boolean;
}

/** Ops for which `execute` won't do. */
const ASYNC = new Set([
  'Where',
  'NonMaxSuppressionV2',
  'NonMaxSuppressionV3',
  'NonMaxSuppressionV4',
  'NonMaxSuppressionV5',
  'If',
  'While',
  'StatelessIf',
  'StatelessWhile',
  'Switch',
  'Merge',
  'Enter',
  'Exit',
  'NextIteration',
  'HashTable',
  'HashTableV2',
  'LookupTableFind',
  'LookupTableFindV2',
  'ListDiff',
]);

/** Names the nodes and writes them down as TensorFlow.js's JSON form of a GraphDef. */
export function graphModelJson(graph: TfGraph): GraphModelJson {
  const functions = graph.functions ?? [];
  const names = nameNodes([graph, ...functions.map((f) => f.graph)]);
  const nameOf = (node: TfNode) => names.get(node) as string;
  const fetchName = ({ node, index }: Ref) => (index === 0 ? nameOf(node) : `${nameOf(node)}:${index}`);
  const weights: WeightEntry[] = [];
  const weightOrigins = new Map<string, readonly number[]>();
  const namesByOrigin = new Map<number, string[]>();
  const nodeJson = (n: TfNode, own: boolean): object => {
    const name = nameOf(n);
    if (n.op === 'Const') {
      weights.push({ name, dtype: n.dtypes[0], weight: n.weight as WeightEntry['weight'] });
      weightOrigins.set(name, n.origin);
      return { name, op: 'Const', attr: { dtype: { type: DATA_TYPES[n.dtypes[0]] } } };
    }
    if (own) for (const o of n.origin) namesByOrigin.set(o, [...(namesByOrigin.get(o) ?? []), name]);
    if (n.op === 'Placeholder')
      return {
        name,
        op: 'Placeholder',
        attr: { dtype: { type: DATA_TYPES[n.dtypes[0]] }, shape: { shape: shapeJson(n.shape ?? []) } },
      };
    const attr = Object.fromEntries(
      Object.entries(n.attrs).map(([key, value]) => [key, attrJson(key, value, OP_TABLE[n.op]?.[key])]),
    );
    return { name, op: n.op, input: n.inputs.map(fetchName), ...(Object.keys(attr).length > 0 ? { attr } : {}) };
  };
  const node = graph.nodes.map((n) => nodeJson(n, true));
  const library = functions.map((f) => ({
    signature: {
      name: f.name,
      inputArg: f.graph.inputs.map(({ ref }) => ({ name: nameOf(ref.node), type: DATA_TYPES[ref.dtype] })),
      outputArg: f.graph.outputs.map(({ ref }, i) => ({ name: `output_${i}`, type: DATA_TYPES[ref.dtype] })),
    },
    nodeDef: f.graph.nodes.filter((n) => n.op !== 'Placeholder').map((n) => nodeJson(n, false)),
    ret: Object.fromEntries(f.graph.outputs.map(({ ref }, i) => [`output_${i}`, nameOf(ref.node)])),
  }));
  const entry = ({ ref }: { ref: Ref }, shape?: readonly (number | null)[]) => ({
    name: `${nameOf(ref.node)}:${ref.index}`,
    dtype: DATA_TYPES[ref.dtype],
    ...(shape ? { tensorShape: shapeJson(shape) } : {}),
  });
  return {
    modelTopology: {
      node,
      library: library.length > 0 ? { function: library } : {},
      versions: { producer: 1395, minConsumer: 12 },
    },
    signature: {
      inputs: Object.fromEntries(graph.inputs.map((x) => [x.key, entry(x, x.ref.node.shape)])),
      outputs: Object.fromEntries(graph.outputs.map((x) => [x.key, entry(x)])),
    },
    weights,
    weightOrigins,
    fetchName,
    namesByOrigin,
    async: graph.nodes.some((n) => ASYNC.has(n.op)),
  };
}

/** ONNX values give their legal names; other nodes are `<scope>/<op>`, numbered where there are several. */
function nameNodes(graphs: readonly TfGraph[]): Map<TfNode, string> {
  const names = new Map<TfNode, string>();
  for (const { ref, name } of graphs.flatMap((g) => g.values))
    if (ref.index === 0 && ref.node.op !== 'Const' && !names.has(ref.node)) names.set(ref.node, name);
  const taken = new Set<string>();
  for (const node of graphs.flatMap((g) => g.nodes)) {
    if (names.has(node)) continue;
    const base = `${node.scope || 'graph'}/${node.op === 'Const' ? 'const' : node.op.replace(/^_/, '')}`;
    let name = base;
    for (let i = 1; taken.has(name.toLowerCase()); i++) name = `${base}_${i}`;
    taken.add(name.toLowerCase());
    names.set(node, name);
  }
  return names;
}

function shapeJson(shape: readonly (number | null)[]): object {
  return shape.length === 0 ? {} : { dim: shape.map((d) => ({ size: String(d ?? -1) })) };
}

function attrJson(name: string, value: AttrValue, type: string | undefined): object {
  switch (type) {
    case 'dtype':
      return { type: DATA_TYPES[value as TfDType] };
    case 'bool':
      return { b: value };
    case 'string':
      return { s: base64(value as string) };
    case 'string[]':
      return { list: { s: (value as readonly string[]).map(base64) } };
    case 'number[]':
      return { list: { i: (value as readonly number[]).map(String) } };
    case 'number':
      return FLOATS.has(name) || !Number.isInteger(value) ? { f: value } : { i: String(value) };
    case 'shape':
      return { shape: shapeJson(value as readonly number[]) };
    case 'func':
      return { func: { name: value } };
    default:
      throw new Error(`an attribute ${name} of kind ${type} can't be written`);
  }
}

const base64 = (s: string): string => Buffer.from(s, 'utf8').toString('base64');
