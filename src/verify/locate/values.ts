import type { Graph, OnnxModel, OnnxNode } from '../../onnx/model.js';
import type { ConversionRecord } from '../record.js';

/** A value of the source that can be fetched in the written model, too. */
export interface Checkable {
  /** ONNX's name. */
  readonly name: string;
  /** Where it is fetched, and how its axes lie there. */
  readonly tensor: string;
  readonly order: readonly number[];
  /** Index of the node that gives it. */
  readonly node: number;
  /**
   * The nodes from here back to the next values that can be fetched, this one's own included, in file order: what a
   * difference that arises here may come from.
   */
  readonly group: readonly number[];
  /** Those next values, and inputs of the model: what the group takes. */
  readonly from: readonly string[];
}

/** The source's values that can be checked, in the order in which they are computed. */
export class Values {
  readonly #byName: ReadonlyMap<string, Checkable>;
  readonly model: OnnxModel;

  private constructor(model: OnnxModel, values: readonly Checkable[]) {
    this.model = model;
    this.#byName = new Map(values.map((v) => [v.name, v]));
  }

  /** Undefined where conversion.json's nodes aren't those of the model. `without`: tensors that turned out not to be there. */
  static of(model: OnnxModel, record: ConversionRecord, without: ReadonlySet<string> = new Set()): Values | undefined {
    const { nodes, initializers } = model.graph;
    if (record.nodes.length !== nodes.length) return undefined;
    const fetchable = new Map<string, { tensor: string; order: readonly number[] }>();
    for (const row of record.nodes)
      for (const { onnx, tensor, order } of row.outputs)
        if (onnx !== '' && tensor !== null && row.became !== 'folded' && !without.has(tensor))
          fetchable.set(onnx, { tensor, order });
    for (const { onnx, tfjs, order } of record.outputs)
      if (!fetchable.has(onnx.name)) fetchable.set(onnx.name, { tensor: tfjs.name, order });

    const producer = new Map<string, number>();
    for (const [i, node] of nodes.entries()) for (const output of node.outputs) if (output) producer.set(output, i);
    const reads = nodes.map(inputsOf);
    const inputs = new Set(model.graph.inputs.map((i) => i.name).filter((name) => !initializers.has(name)));

    const values: Checkable[] = [];
    for (const [i, node] of nodes.entries())
      for (const name of node.outputs) {
        const place = fetchable.get(name);
        if (name === '' || !place) continue;
        const group = new Set<number>();
        const from = new Set<string>();
        const back = (at: number): void => {
          if (group.has(at)) return;
          group.add(at);
          for (const read of reads[at] as readonly string[]) {
            const before = producer.get(read);
            if (inputs.has(read) || (before !== undefined && fetchable.has(read))) from.add(read);
            else if (before !== undefined) back(before);
          }
        };
        back(i);
        values.push({ name, ...place, node: i, group: [...group].sort((a, b) => a - b), from: [...from] });
      }
    return new Values(model, values);
  }

  get(name: string): Checkable | undefined {
    return this.#byName.get(name);
  }

  /** The values that a value comes from, itself the last, in the order in which they are computed; none of `known`. */
  cone(name: string, known: ReadonlySet<string>): Checkable[] {
    const found = new Map<string, Checkable>();
    const waiting = [name];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const value = this.#byName.get(next);
      if (!value || found.has(next)) continue;
      found.set(next, value);
      waiting.push(...value.from.filter((before) => !known.has(before)));
    }
    const rest = [...found.values()].filter((v) => v.name !== name).sort((a, b) => a.node - b.node);
    const last = found.get(name);
    return last ? [...rest, last] : rest;
  }
}

/** What a node reads, with what its subgraphs take from around it. */
export function inputsOf(node: OnnxNode): string[] {
  const read = new Set(node.inputs.filter((name) => name !== ''));
  const within = (graph: Graph, outer: ReadonlySet<string>): void => {
    const own = new Set([...outer, ...graph.inputs.map((i) => i.name), ...graph.initializers.keys()]);
    for (const inner of graph.nodes) for (const output of inner.outputs) own.add(output);
    for (const inner of graph.nodes) {
      for (const name of inner.inputs) if (name !== '' && !own.has(name)) read.add(name);
      for (const nested of subgraphsOf(inner)) within(nested, own);
    }
    for (const { name } of graph.outputs) if (!own.has(name)) read.add(name);
  };
  for (const graph of subgraphsOf(node)) within(graph, new Set());
  return [...read];
}

function subgraphsOf(node: OnnxNode): readonly Graph[] {
  return [...node.attributes.values()].flatMap((a) =>
    a.kind === 'graph' ? [a.value] : a.kind === 'graphs' ? a.value : [],
  );
}
