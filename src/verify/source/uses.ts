import type { Graph, OnnxModel, OnnxNode } from '../../onnx/model.js';

/** An operator that takes a value, and what is known of its other inputs. */
export interface Use {
  readonly op: string;
  /** Which of its inputs the value is. */
  readonly at: number;
  /** Its type was changed on the way. */
  readonly cast: boolean;
  readonly node: OnnxNode;
  /** Static sizes of another input of the node, as far as the file says them; null where it doesn't. */
  dimsOf(input: number): readonly (number | null)[] | undefined;
}

/** Operators that hand on the values that they are given, whatever they do to the shape. */
const HANDING_ON =
  /^(Identity|Cast|CastLike|Dropout|Reshape|Flatten|Squeeze|Unsqueeze|Transpose|Expand|Split|Concat|Slice)$/;

/** What a walk through a model may cost. */
const MAX_USES = 200;

/** The operators that take a value of the main graph, in file order, seen through those that only hand it on. */
export function usesOf(model: OnnxModel, name: string): Use[] {
  const found: Use[] = [];
  const seen = new Set<string>();
  const walk = (graph: Graph, outer: readonly Graph[], value: string, cast: boolean, depth: number): void => {
    const key = `${depth} ${graph.name} ${value}`;
    if (seen.has(key) || found.length >= MAX_USES || depth > 20) return;
    seen.add(key);
    const scopes = [graph, ...outer];
    for (const node of graph.nodes) {
      for (const [at, input] of node.inputs.entries()) {
        if (input !== value) continue;
        const handing = node.domain === '' && (at === 0 || node.op === 'Concat') && HANDING_ON.test(node.op);
        if (handing)
          for (const output of node.outputs) walk(graph, outer, output, cast || node.op.startsWith('Cast'), depth);
        else found.push({ op: opName(node), at, cast, node, dimsOf: (i) => dimsOf(scopes, node.inputs[i]) });
      }
      // A subgraph sees the names around it, unless it has its own.
      for (const attribute of node.attributes.values()) {
        const inner =
          attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [];
        for (const one of inner)
          if (!one.inputs.some((i) => i.name === value)) walk(one, scopes, value, cast, depth + 1);
      }
    }
  };
  walk(model.graph, [], name, false, 0);
  return found;
}

const opName = (node: OnnxNode): string => (node.domain === '' ? node.op : `${node.domain}.${node.op}`);

function dimsOf(scopes: readonly Graph[], name: string | undefined): readonly (number | null)[] | undefined {
  if (!name) return undefined;
  for (const graph of scopes) {
    const weight = graph.initializers.get(name);
    if (weight) return weight.dims;
    const type = graph.valueInfo.get(name) ?? graph.inputs.find((i) => i.name === name)?.type;
    if (type?.kind === 'tensor' && type.dims) return type.dims.map((d) => (typeof d === 'number' ? d : null));
    const constant = graph.nodes.find((n) => n.op === 'Constant' && n.outputs[0] === name)?.attributes.get('value');
    if (constant?.kind === 'tensor') return constant.value.dims;
  }
  return undefined;
}

/** Operators whose output is drawn at random each time: such a source is no measure of anything. */
const RANDOM = /^(RandomNormal|RandomUniform)(Like)?$|^(Bernoulli|Multinomial)$/;

/** The first operator, subgraphs and functions included, that gives other values at each run. */
export function randomOperator(model: OnnxModel): string | undefined {
  const inNodes = (nodes: readonly OnnxNode[]): string | undefined => {
    for (const node of nodes) {
      if (node.domain === '' && RANDOM.test(node.op)) return node.op;
      for (const attribute of node.attributes.values()) {
        const inner =
          attribute.kind === 'graph' ? [attribute.value] : attribute.kind === 'graphs' ? attribute.value : [];
        for (const graph of inner) {
          const found = inNodes(graph.nodes);
          if (found) return found;
        }
      }
    }
    return undefined;
  };
  for (const nodes of [model.graph.nodes, ...model.functions.map((f) => f.nodes)]) {
    const found = inNodes(nodes);
    if (found) return found;
  }
  return undefined;
}
