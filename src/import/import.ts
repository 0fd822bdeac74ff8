import {
  invalidModel,
  ourBug,
  refusedNode,
  unknownName,
  unsupportedInterface,
  unsupportedOperator,
  unsupportedVersion,
} from '../diag/catalogue-convert.js';
import { beyond, DiagnosticError, invalid, Refusal, type Diagnostic, type Place } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import { areKnown, isKnown, showDims, symbol, type Dim } from '../ir/dim.js';
import type { Bound, Graph, GraphOutput, Node, Value } from '../ir/graph.js';
import { identity } from '../ir/layout.js';
import type { Op } from '../ir/op.js';
import { Fresh, RawNode, View } from '../ir/view.js';
import type { Attribute, FunctionDef, Graph as OnnxGraph, OnnxModel, OnnxNode } from '../onnx/model.js';
import { functionBody, operators, schemaFor } from '../onnx/schema.js';
import { opFor } from '../ops/registry.js';
import { checkNode, checkOutputs, checkShapesOf } from './check-node.js';
import { expanderFor, stops, tooDeep, type Reader } from './expander.js';
import { Folding } from './folding.js';
import { dependencyOrder } from './order.js';
import { POISON, Scope, type Context, type Poison } from './scope.js';
import { tensorOf, weightOf, type Weight } from '../tensor/tensor.js';
import { nearestWord } from '../diag/nearest.js';

/** Settings that bear on how a model is read. */
export interface ImportOptions {
  /** Sizes to pin, by input name: overrides the file's; null keeps the file's size of that axis. */
  readonly inputShapes?: Readonly<Record<string, readonly (number | string | null)[]>>;
}

/** The typed graph, and what became known of each node of the file. */
export interface Imported {
  readonly graph: Graph;
  /** Findings that don't keep the model from being converted. */
  readonly diagnostics: readonly Diagnostic[];
  /** What each node of the file gave, by index; undefined for outputs that are not tensors. */
  readonly results: readonly (readonly (Value | undefined)[])[];
}

/** Newest version of ai.onnx that the project knows; what expansions are written in. */
export const NEWEST_OPSET = 28;

/**
 * Reads a model into the typed graph: each node, in file order, gets its version read, its types inferred, and is folded
 * where its inputs are constant, expanded where it is a composition. All problems of a model are collected.
 * @throws DiagnosticError with every reason why the model can't be read
 */
export function importModel(model: OnnxModel, options: ImportOptions = {}): Imported {
  return new Importer(model, options).run();
}

class Importer implements Reader {
  private readonly model: OnnxModel;
  private readonly options: ImportOptions;
  private readonly fresh = new Fresh();
  readonly nodes: Node[] = [];
  readonly problems: Diagnostic[] = [];
  private readonly results: (Value | undefined)[][] = [];
  /** Each name taken, and the number from which on to look for the next one like it. */
  private readonly valueNames = new Map<string, number>();
  private readonly functions = new Map<string, FunctionDef>();
  readonly newest: ReadonlyMap<string, number>;
  /** Nodes that may still be read, functions, loops and branches written out. */
  private nodesLeft: number = LIMITS.nodes;
  /** What `nodesOf` has found, by function. */
  private readonly functionNodes = new Map<string, number>();
  private readonly folding: Folding;

  constructor(model: OnnxModel, options: ImportOptions) {
    this.model = model;
    this.options = options;
    for (const f of model.functions) this.functions.set(functionKey(f.domain, f.name, f.overload), f);
    this.newest = new Map([...model.opsets, ['', NEWEST_OPSET]]);
    this.folding = new Folding(model);
  }

  run(): Imported {
    const { graph, opsets, file } = this.model;
    const scope = new Scope();
    const context: Context = {
      scope,
      opsets: opsets.has('') ? opsets : new Map([...opsets, ['', 1]]),
      valueInfo: graph.valueInfo,
      prefix: '',
      origin: [],
      place: undefined,
      depth: 0,
      calls: [],
    };
    this.bindInitializers(graph, context);
    const inputs = this.bindInputs(graph, context);
    for (const index of dependencyOrder(graph.nodes)) {
      const node = graph.nodes[index];
      const outputs = this.node(node, { ...context, origin: [index], place: this.placeOf(node, index, context) });
      this.results[index] = outputs.map((v) => (v && v.kind === 'tensor' ? v : undefined));
    }
    const outputs: GraphOutput[] = [];
    for (const { name } of graph.outputs) {
      const bound = scope.get(name);
      const place: Place = { file, tensor: name };
      if (bound === undefined)
        this.problems.push(invalidModel(place, `the output ${JSON.stringify(name)} is given by no node`));
      else if (bound.kind === 'tensor') outputs.push({ name, value: bound });
      else if (bound.kind === 'poison') this.absent(bound, place, name);
      else this.problems.push(unsupportedInterface(place, 'output', `a ${bound.kind}`));
    }
    if (graph.outputs.length === 0) this.problems.push(invalidModel({ file }, 'the model has no output'));
    if (this.problems.some(stops)) throw new DiagnosticError(this.problems);
    return {
      graph: { name: graph.name, inputs, outputs, nodes: this.nodes },
      diagnostics: this.problems,
      results: this.results,
    };
  }

  bindInitializers(graph: OnnxGraph, context: Context): void {
    for (const [name, weight] of graph.initializers)
      context.scope.set(name, this.constant(weight, this.valueName(name, context)));
  }

  private bindInputs(graph: OnnxGraph, context: Context): Value[] {
    const inputs: Value[] = [];
    const { inputShapes } = this.options;
    for (const { name, type } of graph.inputs) {
      if (graph.initializers.has(name)) continue;
      const place: Place = { file: this.model.file, tensor: name };
      if (type?.kind !== 'tensor' || type.dtype === undefined || type.dims === undefined) {
        const kind =
          type === undefined || type.kind === 'tensor' ? 'a tensor of unknown type or rank' : `a ${type.kind}`;
        this.problems.push(unsupportedInterface(place, 'input', kind));
        context.scope.set(name, POISON);
        continue;
      }
      const pinned = inputShapes && Object.hasOwn(inputShapes, name) ? inputShapes[name] : undefined;
      if (pinned && pinned.length !== type.dims.length) {
        this.problems.push(
          invalidModel(
            place,
            `input-shapes gives ${pinned.length} sizes for the input ${JSON.stringify(name)}, which has ${type.dims.length}`,
            'give one size per axis, null where the file decides',
          ),
        );
        context.scope.set(name, POISON);
        continue;
      }
      const dims = type.dims.map((d, i) => this.dim(pinned?.[i] ?? d));
      checkSize(dims);
      const value: Value = {
        kind: 'tensor',
        name: this.valueName(name, context),
        type: { dtype: type.dtype, dims },
        layout: identity(dims.length),
      };
      context.scope.set(name, value);
      inputs.push(value);
    }
    return inputs;
  }

  private dim(d: number | string | null): Dim {
    return d === null
      ? this.fresh.next()
      : typeof d === 'number'
        ? d
        : symbol(d.replace(/[^\w.]/g, (c) => `{${c.codePointAt(0)}}`));
  }

  /** Reads one node; its outputs are bound in the scope and given back. */
  node(node: OnnxNode, context: Context): (Bound | undefined)[] {
    const place = context.place ?? {};
    const inputs: (Bound | undefined)[] = [];
    let poisoned = false;
    for (const name of node.inputs) {
      const bound = name === '' ? undefined : context.scope.get(name);
      if (name !== '' && bound === undefined) {
        this.problems.push(unknownName(place, name));
        poisoned = true;
      }
      if (bound?.kind === 'poison') {
        poisoned = true;
        this.absent(bound, place, name);
      }
      inputs.push(bound?.kind === 'poison' ? undefined : bound);
    }
    const before = this.nodes.length;
    let outputs: (Bound | undefined)[] | undefined;
    try {
      this.countNode();
      const body = this.bodyOf(node, context);
      const op = body ? undefined : this.operator(node, place);
      if (!poisoned)
        outputs = body ? this.call(node, body, inputs, context) : op && this.apply(op, node, inputs, context);
    } catch (error) {
      if (error instanceof Refusal) this.problems.push(refusedNode(place, error));
      else if (error instanceof DiagnosticError) this.problems.push(...error.diagnostics);
      else this.problems.push(ourBug(place, error));
    }
    this.nameResults(node, outputs ?? [], before, context);
    node.outputs.forEach((name, i) => {
      if (name === '') return;
      context.scope.set(
        name,
        outputs ? (outputs[i] ?? { ...POISON, absentOf: node.op }) : (this.declared(name, context) ?? POISON),
      );
    });
    return outputs ?? [];
  }

  /** Says that nobody gives what is read, where that hasn't been said by refusing who should. */
  private absent({ absentOf }: Poison, place: Place, name: string): void {
    if (absentOf === undefined) return;
    const reason = `${JSON.stringify(name)} is an output of ${absentOf} that is not given here`;
    const remedy = 'export the model without this output, or check it with onnx.checker';
    this.problems.push(refusedNode({ ...place, tensor: name }, new Refusal(reason, remedy)));
  }

  countNode(): void {
    if (--this.nodesLeft < 0) tooManyNodes();
  }

  /**
   * Nodes that a call of one of the model's functions reads at the least: its own and those of the functions that it
   * calls. Where functions go round in a circle, or deeper than they may, the rest counts as none.
   */
  private nodesOf(key: string, depth = 0): number {
    const known = this.functionNodes.get(key);
    const body = this.functions.get(key);
    if (known !== undefined || !body || depth > LIMITS.nesting) return known ?? 0;
    this.functionNodes.set(key, 0);
    let count = body.nodes.length;
    for (const n of body.nodes) count += this.nodesOf(functionKey(n.domain, n.op, n.overload), depth + 1);
    this.functionNodes.set(key, count);
    return count;
  }

  /** What an expansion or a function gave is written by the name of the output that it stands for. */
  private nameResults(node: OnnxNode, outputs: readonly (Bound | undefined)[], before: number, context: Context): void {
    outputs.forEach((bound, i) => {
      const name = context.prefix + node.outputs[i];
      if (bound?.kind !== 'tensor' || bound.constant || bound.name === name) return;
      if (!this.nodes.slice(before).some((n) => n.outputs.includes(bound))) return;
      (bound as { label?: Value['label'] }).label = { tensor: name, suffix: '' };
    });
  }

  /** What value_info says of a name whose node was refused, so that what comes after it can still be looked at. */
  private declared(name: string, context: Context): Value | undefined {
    const info = context.valueInfo.get(name);
    if (info?.kind !== 'tensor' || info.dtype === undefined || info.dims === undefined) return undefined;
    return {
      kind: 'tensor',
      name,
      type: { dtype: info.dtype, dims: info.dims.map((d) => this.dim(d)) },
      layout: identity(info.dims.length),
    };
  }

  operator(node: OnnxNode, place: Place): Op {
    const op = opFor(node.domain, node.op);
    if (op) return op;
    const known = schemaFor(node.domain, node.op, Number.MAX_SAFE_INTEGER) !== undefined;
    throw new DiagnosticError([
      unsupportedOperator(place, known ? undefined : nearestWord(node.op, operators(node.domain))),
    ]);
  }

  /** The function that says this node: the model's own, or ONNX's for an operator without an entry in src/ops. */
  bodyOf(node: OnnxNode, context: Context): FunctionDef | undefined {
    const own = this.functions.get(functionKey(node.domain, node.op, node.overload));
    if (own) return own;
    if (opFor(node.domain, node.op)) return undefined;
    const opset = context.opsets.get(node.domain) ?? 1;
    const schema = schemaFor(node.domain, node.op, opset);
    const body = schema && functionBody(schema, opset);
    // The parameters' defaults stand with the operator, not in its body.
    return body && { ...body, attributeDefaults: new Map([...schema.defaults, ...body.attributeDefaults]) };
  }

  call(node: OnnxNode, body: FunctionDef, inputs: (Bound | undefined)[], context: Context): (Bound | undefined)[] {
    if (context.depth >= LIMITS.nesting) return tooDeep();
    if (!this.functions.has(functionKey(node.domain, node.op, node.overload)))
      checkNode(node, context.opsets.get(node.domain) ?? 1, this.substitute(node, context), inputs);
    const key = functionKey(body.domain, body.name, body.overload);
    if (context.calls.includes(key)) return invalid(`the function ${JSON.stringify(body.name)} calls itself`);
    const scope = new Scope();
    body.inputs.forEach((name, i) => {
      const bound = inputs[i];
      if (bound) scope.set(name, bound);
    });
    const attributes = new Map([...body.attributeDefaults, ...this.substitute(node, context)]);
    const inner: Context = {
      ...context,
      scope,
      opsets: body.opsets,
      valueInfo: body.valueInfo,
      attributes,
      depth: context.depth + 1,
      calls: [...context.calls, key],
      prefix: `${context.prefix}${node.outputs.find((o) => o !== '') ?? node.name}/`,
    };
    if (this.nodesOf(key) > this.nodesLeft) tooManyNodes();
    const absent = new Set(body.inputs.filter((_, i) => inputs[i] === undefined));
    const before = this.problems.length;
    for (const n of body.nodes)
      this.node({ ...n, inputs: n.inputs.map((name) => (absent.has(name) ? '' : name)) }, inner);
    if (this.problems.slice(before).some(stops)) return [];
    return body.outputs.map((name) => {
      const bound = scope.get(name);
      return bound === undefined || bound.kind === 'poison' ? undefined : bound;
    });
  }

  /** The node's attributes, references to a function's parameters resolved. */
  private substitute(node: OnnxNode, context: Context): Map<string, Attribute> {
    const out = new Map<string, Attribute>();
    for (const [name, attribute] of node.attributes) {
      if (attribute.kind !== 'ref') out.set(name, attribute);
      else {
        const value = context.attributes?.get(attribute.name);
        if (value) out.set(name, value);
      }
    }
    return out;
  }

  apply(op: Op, node: OnnxNode, inputs: (Bound | undefined)[], context: Context): (Bound | undefined)[] {
    const opset = context.opsets.get(node.domain) ?? 1;
    const schema = schemaFor(node.domain, node.op, opset);
    const versions = Object.keys(op.read)
      .map(Number)
      .sort((a, b) => a - b);
    const version = versions.findLast((v) => v <= opset);
    if (version === undefined) throw new DiagnosticError([unsupportedVersion(context.place ?? {}, versions[0])]);
    const attributes = this.substitute(node, context);
    checkNode(node, opset, attributes, inputs);
    const tools = expanderFor(this, context, node.outputs);
    const raw = new RawNode(
      node.op,
      node.name,
      opset,
      node.outputs.length,
      attributes,
      schema?.defaults ?? NOTHING,
      inputs,
      { constant: tools.constant, apply: tools.one },
    );
    if (op.shapes) checkShapesOf(op, schema, raw);
    const attrs = op.read[version](raw);
    const outputs = this.build(op, attrs, [...raw.inputs], node.outputs, node.name, context);
    checkOutputs(node, opset, outputs);
    return outputs;
  }

  /** Expands, types and folds; what remains becomes a node. */
  private build(
    op: Op,
    attrs: unknown,
    inputs: (Bound | undefined)[],
    outputNames: readonly string[],
    name: string,
    context: Context,
  ): (Bound | undefined)[] {
    const tensors = inputs.map((v) => (v?.kind === 'tensor' ? v : undefined));
    const view = new View(op.name, attrs, tensors, [], outputNames.length, name || outputNames[0], this.fresh);
    const expanded = op.expand?.(view, inputs, expanderFor(this, context, outputNames));
    if (expanded) {
      return expanded.map((v, i) => (v && outputNames[i] !== '' ? v : undefined));
    }
    const odd = inputs.find((v) => v && v.kind !== 'tensor');
    if (odd) return invalid(`an input of ${op.name} is a ${odd.kind}, where a tensor is expected`);
    const types = op.infer(view);
    types.forEach((type, i) => {
      if (outputNames[i]) checkSize(type.dims);
    });
    const weights = this.folding.fold(op, view, tensors, types);
    const elems = weights ? undefined : op.elems?.(view);
    const outputs = outputNames.map((n, i): Value | undefined => {
      if (n === '' || types[i] === undefined) return undefined;
      const type = this.refined(n, types[i], context);
      const valueName = this.valueName(n, context);
      const constant =
        weights?.[i] ??
        (i === 0 && elems && areKnown(elems) && elems.every((e) => Number.isSafeInteger(e))
          ? weightOf(tensorOf(type.dtype, type.dims.map(Number), elems))
          : undefined);
      if (constant) return this.constant(constant, valueName);
      return {
        kind: 'tensor',
        name: valueName,
        type,
        layout: identity(type.dims.length),
        ...(i === 0 && elems ? { elems } : {}),
      };
    });
    if (!outputs.every((v) => v === undefined || v.constant !== undefined))
      this.nodes.push({ op, name: name || outputNames[0], attrs, inputs: tensors, outputs, origin: context.origin });
    return outputs;
  }

  /** Sizes that inference couldn't tell, as the file declares them. */
  private refined(
    name: string,
    type: { dtype: Weight['dtype']; dims: readonly Dim[] },
    context: Context,
  ): { dtype: Weight['dtype']; dims: readonly Dim[] } {
    if (type.dims.every(isKnown) || this.options.inputShapes) return type;
    const declared = context.valueInfo.get(name);
    if (declared?.kind !== 'tensor' || declared.dims?.length !== type.dims.length) return type;
    return {
      dtype: type.dtype,
      dims: type.dims.map((d, i) => {
        const said = declared.dims?.[i];
        return typeof d !== 'number' && d.key.startsWith('?') && said !== null && said !== undefined
          ? this.dim(said)
          : d;
      }),
    };
  }

  constant(weight: Weight, name: string): Value {
    return {
      kind: 'tensor',
      name,
      type: { dtype: weight.dtype, dims: weight.dims },
      constant: weight,
      layout: identity(weight.dims.length),
    };
  }

  valueName(name: string, context: Context): string {
    const full = context.prefix + name;
    let next = this.valueNames.get(full);
    let unique = full;
    if (next !== undefined) {
      do unique = `${full}_${next++}`;
      while (this.valueNames.has(unique));
      this.valueNames.set(full, next);
    }
    this.valueNames.set(unique, 1);
    return unique;
  }

  private placeOf(node: OnnxNode, index: number, context: Context): Place {
    return {
      file: this.model.file,
      index,
      node: node.name || node.outputs.find((o) => o !== '') || '',
      op: node.op,
      ...(node.domain === '' ? {} : { domain: node.domain }),
      opset: context.opsets.get(node.domain) ?? 1,
    };
  }
}

function tooManyNodes(): never {
  return beyond(
    'too-many-nodes',
    `the model has more than ${LIMITS.nodes} nodes, functions, loops and branches written out`,
    'split the model, or make the number of turns of its loops known only when it runs',
  );
}

/** Refuses a tensor that TensorFlow.js couldn't count. */
function checkSize(dims: readonly Dim[]): void {
  const fix = 'check the sizes that the model computes, and export it again';
  if (dims.length > LIMITS.rank)
    beyond('rank-too-high', `a value has ${dims.length} axes, and ${LIMITS.rank} are allowed`, fix);
  if (dims.includes(undefined as unknown as Dim))
    invalid('its inputs have fewer axes than it needs', 'check the shapes of its inputs');
  let n = 1;
  for (const d of dims) if (isKnown(d)) n *= d;
  if (Math.abs(n) > LIMITS.elements)
    beyond('tensor-too-large', `a value has more than ${LIMITS.elements} elements`, fix);
  for (const d of dims)
    if (isKnown(d) && !(Number.isSafeInteger(d) && d >= 0)) invalid(`a value has an axis of size ${d}`);
}

const NOTHING: ReadonlyMap<string, Attribute> = new Map();

function functionKey(domain: string, name: string, overload: string): string {
  return JSON.stringify([domain, name, overload]);
}

/** For messages. */
export function showType(v: Value): string {
  return `${v.type.dtype}${showDims(v.type.dims)}`;
}
