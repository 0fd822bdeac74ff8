import { remark } from '../diag/catalogue-convert.js';
import { beyond, DiagnosticError, invalid, type Diagnostic, type Place } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import type { AttributeValue, Expander } from '../ir/expander.js';
import type { Bound, Node, Value } from '../ir/graph.js';
import { identity } from '../ir/layout.js';
import type { Op } from '../ir/op.js';
import type { FunctionDef, Graph, OnnxNode } from '../onnx/model.js';
import { weightOf, type Weight } from '../tensor/tensor.js';
import { attributesOf } from './attributes.js';
import { dependencyOrder } from './order.js';
import { Scope, type Context } from './scope.js';

/** What an expansion needs of the importer that reads the model. */
export interface Reader {
  /** Versions that expansions are written in, by domain. */
  readonly newest: ReadonlyMap<string, number>;
  /** The nodes so far. */
  readonly nodes: Node[];
  readonly problems: Diagnostic[];
  /** @throws DiagnosticError where the model has too many */
  countNode(): void;
  bodyOf(node: OnnxNode, context: Context): FunctionDef | undefined;
  call(node: OnnxNode, body: FunctionDef, inputs: (Bound | undefined)[], context: Context): (Bound | undefined)[];
  apply(op: Op, node: OnnxNode, inputs: (Bound | undefined)[], context: Context): (Bound | undefined)[];
  operator(node: OnnxNode, place: Place): Op;
  constant(weight: Weight, name: string): Value;
  valueName(name: string, context: Context): string;
  bindInitializers(graph: Graph, context: Context): void;
  node(node: OnnxNode, context: Context): (Bound | undefined)[];
}

/** Whether a finding keeps the model from being converted. */
export const stops = (d: Diagnostic): boolean => d.severity !== 'warning' && d.severity !== 'note';

export function tooDeep(): never {
  return beyond(
    'nested-too-deep',
    `functions and subgraphs nest deeper than ${LIMITS.nesting}`,
    'inline the functions before the export',
  );
}

/** What an operator's `expand` and version readers say a node by: nodes, constants and subgraphs read in its place. */
export function expanderFor(importer: Reader, context: Context, outputNames: readonly string[]): Expander {
  const inner: Context = {
    ...context,
    prefix: `${context.prefix}${outputNames.find((o) => o !== '') ?? ''}/`,
    depth: context.depth + 1,
    opsets: importer.newest,
  };
  const emit = (
    opName: string,
    inputs: (Bound | undefined)[],
    attributes: Record<string, AttributeValue> = {},
    outputs = 1,
    domain = '',
  ): Bound[] => {
    const names = Array.from({ length: outputs }, (_, i) => (outputs === 1 ? opName : `${opName}_${i}`));
    const node: OnnxNode = {
      name: '',
      op: opName,
      domain,
      overload: '',
      inputs: [],
      outputs: names,
      attributes: attributesOf(opName, domain, importer.newest, attributes),
    };
    importer.countNode();
    const body = importer.bodyOf(node, inner);
    const results = body
      ? importer.call(node, body, inputs, inner)
      : importer.apply(importer.operator(node, context.place ?? {}), node, [...inputs], inner);
    return results.map((r) => r ?? invalid(`${opName} gave no output`));
  };
  return {
    emit,
    one: (opName, inputs, attributes, domain) => {
      const [out] = emit(opName, inputs, attributes, 1, domain);
      return out.kind === 'tensor' ? out : invalid(`${opName} gave a ${out.kind}`);
    },
    constant: (t) => importer.constant(weightOf(t), importer.valueName('constant', inner)),
    remark: (message, remedy) => {
      importer.problems.push(remark({ ...context.place, tensor: outputNames[0] }, message, remedy));
    },
    region: (parameters, build) => {
      const values = parameters.map(
        (type, i): Value => ({
          kind: 'tensor',
          name: importer.valueName(`parameter_${i}`, inner),
          type,
          layout: identity(type.dims.length),
        }),
      );
      const start = importer.nodes.length;
      const outputs = build(values);
      const nodes = importer.nodes.splice(start);
      const own = new Set<Value>([...values, ...nodes.flatMap((n) => n.outputs.filter((v) => v !== undefined))]);
      const outer = [...nodes.flatMap((n) => n.inputs), ...outputs].filter(
        (v) => v !== undefined && !v.constant && !own.has(v),
      ) as Value[];
      return { parameters: values, captured: [...new Set(outer)], nodes, outputs };
    },
    adopt: (region) => {
      for (const n of region.nodes) importer.nodes.push(n);
    },
    node: (op, inputs, types, bodies) => {
      const outputs = types.map(
        (type, i): Value => ({
          kind: 'tensor',
          name: importer.valueName(outputNames[i] || `${op.name}_${i}`, context),
          type,
          layout: identity(type.dims.length),
        }),
      );
      importer.nodes.push({
        op,
        name: outputNames.find((o) => o !== '') ?? op.name,
        attrs: {},
        inputs,
        outputs,
        origin: context.origin,
        bodies,
      });
      return outputs;
    },
    inline: (graph, inputs) => {
      if (inner.depth >= LIMITS.nesting) return tooDeep();
      const scope = new Scope(context.scope);
      const body: Context = {
        ...context,
        scope,
        valueInfo: graph.valueInfo,
        prefix: inner.prefix,
        depth: inner.depth,
      };
      importer.bindInitializers(graph, body);
      graph.inputs.forEach(({ name }, i) => {
        const bound = inputs[i];
        if (bound) scope.set(name, bound);
      });
      const before = importer.problems.length;
      for (const index of dependencyOrder(graph.nodes)) importer.node(graph.nodes[index], body);
      const found = importer.problems.splice(before);
      importer.problems.push(...found.filter((d) => !stops(d)));
      const hard = found.filter(stops);
      if (hard.length > 0) throw new DiagnosticError(hard);
      return graph.outputs.map(({ name }) => {
        const bound = scope.get(name);
        return bound === undefined || bound.kind === 'poison'
          ? invalid(`the subgraph's output ${JSON.stringify(name)} is given by no node`)
          : bound;
      });
    },
  };
}
