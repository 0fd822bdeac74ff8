import { refusedNode, ourBug } from '../diag/catalogue-convert.js';
import { DiagnosticError, Refusal, type Diagnostic, type Place } from '../diag/diagnostic.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { arrange } from '../ir/layout.js';
import { legalName, type Names } from '../ir/names.js';
import { Fresh, View } from '../ir/view.js';
import { permuted } from '../ir/weights.js';
import { roundFloat } from './round-float.js';
import { GraphBuilder, narrow, staticShape, type Ref, type TfNode } from './builder.js';

/** A TensorFlow graph: nodes in an order in which each stands after its inputs, and what is fed and fetched. */
export interface TfGraph {
  readonly nodes: readonly TfNode[];
  readonly inputs: readonly { readonly key: string; readonly ref: Ref; readonly value: Value }[];
  readonly outputs: readonly { readonly key: string; readonly ref: Ref; readonly value: Value }[];
  /** The legal name of each ONNX value that is at hand as a tensor of the graph. */
  readonly values: readonly { readonly name: string; readonly ref: Ref; readonly value: Value }[];
  /** Graphs that control flow runs, by name. */
  readonly functions?: readonly TfFunction[];
}

/** A graph that control flow runs: its inputs and outputs count by their order. */
export interface TfFunction {
  readonly name: string;
  readonly graph: TfGraph;
}

/**
 * Lowers a laid-out graph, node by node.
 * @param placeOf where a node stands in the user's file
 * @throws DiagnosticError with the reason of every node that can't be lowered
 */
export function lowerToTf(graph: Graph, names: Names, placeOf: (node: Node) => Place): TfGraph {
  const lowering = new Lowering(names, placeOf);
  const inputs = graph.inputs.map((value) => lowering.input(value, names.input(value.name)));
  lowering.nodes(graph, (v, node, i) =>
    names.output(v.label?.tensor ?? v.name, node.origin[0] ?? 0, i, node.outputs.length, v.label?.suffix),
  );
  if (lowering.problems.length > 0) throw new DiagnosticError(lowering.problems);
  const { b, values, functions } = lowering;

  // An output that is an input or a constant, isn't the first of its node, or appears twice has a node of its own.
  const taken = new Set<TfNode>();
  const outputs = graph.outputs.map(({ name, value }) => {
    b.origin = [];
    let ref = lowering.ref(value);
    const own = values.find((v) => v.value === value);
    const given = value.constant !== undefined || graph.inputs.includes(value) || taken.has(ref.node);
    // What is computed in float32 has more digits than a bfloat16; rounding shows there, as it hardly does in a float16.
    const rounds = value.type.dtype === 'bfloat16' && !given;
    if (given || rounds || ref.index > 0 || ref.node.dtypes.length > 1 || !own || !plain(ref)) {
      const key = given || !own ? names.input(name) : own.name;
      b.scope = key;
      ref = rounds ? roundFloat(b, ref, 'bfloat16') : b.op('Identity', [ref]);
      if (own && !given) own.ref = ref;
      else values.push({ name: key, ref, value });
      taken.add(ref.node);
      return { key, ref, value };
    }
    taken.add(ref.node);
    return { key: own.name, ref, value };
  });
  return { nodes: b.nodes, inputs, outputs, values, ...(functions.length > 0 ? { functions } : {}) };
}

const plain = (ref: Ref) => ref.node.op !== 'Placeholder' && ref.node.op !== 'Const';

/** The nodes of one graph on their way; a graph that control flow runs has one of its own. */
class Lowering {
  readonly b = new GraphBuilder();
  readonly values: { name: string; ref: Ref; value: Value }[] = [];
  readonly problems: Diagnostic[];
  readonly functions: TfFunction[];
  private readonly refs = new Map<Value, Ref>();
  private readonly names: Names;
  private readonly placeOf: (node: Node) => Place;

  constructor(names: Names, placeOf: (node: Node) => Place, problems: Diagnostic[] = [], functions: TfFunction[] = []) {
    this.names = names;
    this.placeOf = placeOf;
    this.problems = problems;
    this.functions = functions;
    this.b.define = (graph) => this.define(graph);
  }

  input(value: Value, key: string): { key: string; ref: Ref; value: Value } {
    this.b.scope = key;
    const ref = this.b.placeholder(narrow(value.type.dtype), staticShape(arrange(value.type.dims, value.layout)));
    this.refs.set(value, ref);
    this.values.push({ name: key, ref, value });
    return { key, ref, value };
  }

  ref(v: Value | undefined): Ref {
    if (!v) return undefined as unknown as Ref;
    let ref = this.refs.get(v);
    if (!ref && v.constant) this.refs.set(v, (ref = this.b.constant(permuted(v.constant, v.layout))));
    if (!ref) throw new Error(`the value ${v.name} was read before it was written`);
    return ref;
  }

  nodes(graph: Graph, nameOf: (v: Value, node: Node, index: number) => string): void {
    const { b } = this;
    for (const node of graph.nodes) {
      b.origin = node.origin;
      const legal = node.outputs.map((v, i) => v && nameOf(v, node, i));
      b.scope = legal.find((n) => n !== undefined) ?? '';
      if (node.inputs.some((v) => v && !v.constant && !this.refs.has(v))) continue; // What gives it was refused.
      try {
        if (!node.op.graph) throw new Error(`${node.op.name} has no TensorFlow lowering`);
        const view = new View(
          node.op.name,
          node.attrs,
          node.inputs,
          node.outputs,
          node.outputs.length,
          node.name,
          new Fresh(),
          node.bodies,
        );
        const result = node.op.graph(
          view,
          node.inputs.map((v) => this.ref(v)),
          b,
        );
        const outs = Array.isArray(result) ? result : [result];
        node.outputs.forEach((value, i) => {
          if (!value) return;
          const ref = outs[i];
          if (!ref) throw new Error(`${node.op.name} gave no output ${i}`);
          if (ref.dtype !== narrow(value.type.dtype))
            throw new Error(`${node.op.name} gave ${ref.dtype} for an output of type ${value.type.dtype}`);
          this.refs.set(value, ref);
          this.values.push({ name: legal[i] as string, ref, value });
        });
      } catch (error) {
        if (error instanceof Refusal) this.problems.push(refusedNode(this.placeOf(node), error));
        else if (error instanceof DiagnosticError) this.problems.push(...error.diagnostics);
        else this.problems.push(ourBug(this.placeOf(node), error));
      }
    }
  }

  /** Lowers a graph that a node runs; each of its outputs has a node of its own, which TensorFlow.js needs. */
  private define(graph: Graph): string {
    const name = this.names.derived(this.b.scope || 'graph', '/function');
    const inner = new Lowering(this.names, this.placeOf, this.problems, this.functions);
    inner.b.origin = this.b.origin;
    const named = (v: Value): string => this.names.derived(`${name}/${legalName(v.label?.tensor ?? v.name)}`, '');
    const inputs = graph.inputs.map((value) => inner.input(value, named(value)));
    inner.nodes(graph, named);
    if (this.problems.length > 0) return name;
    const outputs = graph.outputs.map(({ value }, i) => {
      const key = this.names.derived(name, `/output_${i}`);
      inner.b.scope = key;
      const ref = inner.b.op('Identity', [inner.ref(value)]);
      inner.values.push({ name: key, ref, value });
      return { key, ref, value };
    });
    this.functions.push({ name, graph: { nodes: inner.b.nodes, inputs, outputs, values: inner.values } });
    return name;
  }
}
