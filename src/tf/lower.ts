import { refusedNode, ourBug } from '../diag/catalogue-convert.js';
import { DiagnosticError, Refusal, type Diagnostic, type Place } from '../diag/diagnostic.js';
import type { Graph, Node, Value } from '../ir/graph.js';
import { arrange } from '../ir/layout.js';
import type { Names } from '../ir/names.js';
import { Fresh, View } from '../ir/view.js';
import { permuted } from '../ir/weights.js';
import { GraphBuilder, narrow, staticShape, type Ref, type TfNode } from './builder.js';

/** A TensorFlow graph: nodes in an order in which each stands after its inputs, and what is fed and fetched. */
export interface TfGraph {
  readonly nodes: readonly TfNode[];
  readonly inputs: readonly { readonly key: string; readonly ref: Ref; readonly value: Value }[];
  readonly outputs: readonly { readonly key: string; readonly ref: Ref; readonly value: Value }[];
  /** The legal name of each ONNX value that is at hand as a tensor of the graph. */
  readonly values: readonly { readonly name: string; readonly ref: Ref; readonly value: Value }[];
}

/**
 * Lowers a laid-out graph, node by node.
 * @param placeOf where a node stands in the user's file
 * @throws DiagnosticError with the reason of every node that can't be lowered
 */
const plain = (ref: Ref) => ref.node.op !== 'Placeholder' && ref.node.op !== 'Const';

export function lowerToTf(graph: Graph, names: Names, placeOf: (node: Node) => Place): TfGraph {
  const b = new GraphBuilder();
  const refs = new Map<Value, Ref>();
  const problems: Diagnostic[] = [];
  const values: { name: string; ref: Ref; value: Value }[] = [];
  const named = new Set<Value>();

  const inputs = graph.inputs.map((value) => {
    const key = names.input(value.name);
    b.scope = key;
    const ref = b.placeholder(narrow(value.type.dtype), staticShape(arrange(value.type.dims, value.layout)));
    refs.set(value, ref);
    values.push({ name: key, ref, value });
    return { key, ref, value };
  });

  const refOf = (v: Value | undefined): Ref => {
    if (!v) return undefined as unknown as Ref;
    let ref = refs.get(v);
    if (!ref && v.constant) refs.set(v, (ref = b.constant(permuted(v.constant, v.layout))));
    if (!ref) throw new Error(`the value ${v.name} was read before it was written`);
    return ref;
  };

  for (const node of graph.nodes) {
    b.origin = node.origin;
    const legal = node.outputs.map((v, i) => v && names.output(v.label?.tensor ?? v.name, node.origin[0] ?? 0, i, node.outputs.length, v.label?.suffix));
    b.scope = legal.find((n) => n !== undefined) ?? '';
    if (node.inputs.some((v) => v && !v.constant && !refs.has(v))) continue; // What gives it was refused.
    try {
      if (!node.op.graph) throw new Error(`${node.op.name} has no TensorFlow lowering`);
      const view = new View(node.op.name, node.attrs, node.inputs, node.outputs, node.outputs.length, node.name, new Fresh());
      const result = node.op.graph(view, node.inputs.map(refOf), b);
      const outs = Array.isArray(result) ? result : [result];
      node.outputs.forEach((value, i) => {
        if (!value) return;
        const ref = outs[i];
        if (!ref) throw new Error(`${node.op.name} gave no output ${i}`);
        if (ref.dtype !== narrow(value.type.dtype)) throw new Error(`${node.op.name} gave ${ref.dtype} for an output of type ${value.type.dtype}`);
        refs.set(value, ref);
        named.add(value);
        values.push({ name: legal[i] as string, ref, value });
      });
    } catch (error) {
      if (error instanceof Refusal) problems.push(refusedNode(placeOf(node), error));
      else if (error instanceof DiagnosticError) problems.push(...error.diagnostics);
      else problems.push(ourBug(placeOf(node), error));
    }
  }
  if (problems.length > 0) throw new DiagnosticError(problems);

  // An output that is an input or a constant, isn't the first of its node, or appears twice has a node of its own.
  const taken = new Set<TfNode>();
  const outputs = graph.outputs.map(({ name, value }) => {
    b.origin = [];
    let ref = refOf(value);
    const own = values.find((v) => v.value === value);
    const given = value.constant !== undefined || graph.inputs.includes(value) || taken.has(ref.node);
    if (given || ref.index > 0 || ref.node.dtypes.length > 1 || !own || !plain(ref)) {
      const key = given || !own ? names.input(name) : own.name;
      b.scope = key;
      ref = b.op('Identity', [ref]);
      if (own && !given) own.ref = ref;
      else values.push({ name: key, ref, value });
      taken.add(ref.node);
      return { key, ref, value };
    }
    taken.add(ref.node);
    return { key: own.name, ref, value };
  });
  return { nodes: b.nodes, inputs, outputs, values };
}
