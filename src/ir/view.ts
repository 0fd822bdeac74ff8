import { beyond, invalid, refuse } from '../diag/diagnostic.js';
import { LIMITS } from '../diag/limits.js';
import type { Attribute, Graph as OnnxGraph } from '../onnx/model.js';
import { codeOfDtype, isInteger, type DType } from '../tensor/dtype.js';
import { int64s, numbersOf, sizeOf, type Tensor, type Weight } from '../tensor/tensor.js';
import { areKnown, showDims, symbol, type Dim } from './dim.js';
import type { AttributeValue } from './expander.js';
import type { Bound, Graph, TensorType, Value } from './graph.js';
import type { Layout } from './layout.js';

/** Integer tensors with at most this many elements are looked into as sizes and axes. */
const MOST_ELEMS = 4096;

/** Makes symbols that stand for sizes nothing is known of: `?1`, `?2` … in the order of the file. */
export class Fresh {
  private n = 0;
  next(): Dim {
    return symbol(`?${++this.n}`);
  }
}

/** What an operator sees of a node of its own: attributes, and types and known contents of inputs. */
export class View<A = unknown> {
  readonly opName: string;
  readonly attrs: A;
  readonly inputs: readonly (Value | undefined)[];
  /** Undefined for outputs that nobody asked for; empty before types are inferred. */
  readonly outputs: readonly (Value | undefined)[];
  /** How many outputs the node has in the file, unused ones in the middle included. */
  readonly outputCount: number;
  readonly name: string;
  /** Graphs that the node runs. */
  readonly bodies: readonly Graph[];
  private readonly symbols: Fresh;

  constructor(
    opName: string,
    attrs: A,
    inputs: readonly (Value | undefined)[],
    outputs: readonly (Value | undefined)[],
    outputCount: number,
    name: string,
    symbols: Fresh,
    bodies: readonly Graph[] = [],
  ) {
    this.opName = opName;
    this.attrs = attrs;
    this.inputs = inputs;
    this.outputs = outputs;
    this.outputCount = outputCount;
    this.name = name;
    this.symbols = symbols;
    this.bodies = bodies;
  }

  has(i: number): boolean {
    return this.inputs[i] !== undefined;
  }

  /** Input i; refuses the node where it isn't there. */
  value(i: number): Value {
    return this.inputs[i] ?? invalid(`input ${i} of ${this.opName} is missing`);
  }

  type(i: number): TensorType {
    return this.value(i).type;
  }

  dims(i: number): readonly Dim[] {
    return this.value(i).type.dims;
  }

  rank(i: number): number {
    return this.value(i).type.dims.length;
  }

  dtype(i: number): DType {
    return this.value(i).type.dtype;
  }

  layout(i: number): Layout {
    return this.value(i).layout;
  }

  /** Where an ONNX axis of input i lies in memory. */
  position(i: number, axis: number): number {
    return this.value(i).layout.indexOf(this.axisOf(i, axis));
  }

  /** An axis of input i that may be negative, as 0 … rank-1. Refuses one that is out of range. */
  axisOf(i: number, axis: number): number {
    return normalAxis(axis, this.rank(i));
  }

  /** Known sizes of input i; refuses the node where one is known only when the model runs. */
  knownDims(i: number): readonly number[] {
    const dims = this.dims(i);
    if (areKnown(dims)) return dims;
    return refuse(
      `the shape of input ${i} (${this.value(i).name}) has to be known here, but is ${showDims(dims)}`,
      'fix the sizes with input-shapes in the config, or export the model with fixed sizes',
    );
  }

  /** The size of one axis, known. */
  knownDim(i: number, axis: number): number {
    const d = this.dims(i)[this.axisOf(i, axis)];
    if (typeof d === 'number') return d;
    return refuse(
      `the size of axis ${axis} of input ${i} (${this.value(i).name}) has to be known here, but is ${d}`,
      'fix the sizes with input-shapes in the config, or export the model with fixed sizes',
    );
  }

  /** Contents of input i in ONNX's order, loaded; undefined where they are known only when the model runs. */
  constant(i: number): Tensor | undefined {
    const v = this.inputs[i];
    return v?.constant?.load();
  }

  /** Contents of input i as a handle (ONNX's order of axes; see Value.layout for what the lowerings get). */
  weight(i: number): Weight | undefined {
    return this.inputs[i]?.constant;
  }

  /** Contents of input i, which has to be constant. */
  needWeight(i: number, what: string): Weight {
    return (
      this.weight(i) ??
      refuse(
        `${what} (input ${i}) has to be constant, but is computed by the model`,
        'make it an initializer, or fold constants before the export',
      )
    );
  }

  /** Elements of an integer (or bool) input as numbers, where known. */
  ints(i: number): number[] | undefined {
    const elems = this.elems(i);
    return elems && areKnown(elems) ? [...elems] : undefined;
  }

  /** Elements of an input that has to be constant, as numbers. */
  needInts(i: number, what: string): number[] {
    return (
      this.ints(i) ??
      refuse(
        `${what} (input ${i}) has to be constant, but is computed by the model`,
        'make it an initializer, or fix the sizes with input-shapes in the config',
      )
    );
  }

  /** Elements of a small integer input of rank 0 or 1 as sizes: numbers, or what shapes they are computed from. */
  elems(i: number): readonly Dim[] | undefined {
    const v = this.inputs[i];
    return v && elemsOf(v);
  }

  /** Sizes of which nothing is known but how many there are. */
  freshDims(rank: number): Dim[] {
    if (rank > LIMITS.rank)
      beyond(
        'rank-too-high',
        `the result would have ${rank} axes, and ${LIMITS.rank} are allowed`,
        'check the shapes that the model computes, and export it again',
      );
    return Array.from({ length: rank }, () => this.fresh());
  }

  /** A size of which nothing is known. */
  fresh(): Dim {
    return this.symbols.next();
  }
}

/** See {@link View.elems}. */
export function elemsOf(v: Value): readonly Dim[] | undefined {
  if (v.elems) return v.elems;
  if (!v.constant || v.type.dims.length > 1 || sizeOf(v.constant.dims) > MOST_ELEMS) return undefined;
  if (!isInteger(v.type.dtype) && v.type.dtype !== 'bool') return undefined;
  return numbersOf(v.constant.load());
}

/** An axis in -rank … rank-1 as 0 … rank-1. */
export function normalAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= Math.max(rank, 1))
    return invalid(`axis ${axis} is outside the rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

/** As {@link normalAxis}, for what cuts along an axis: a scalar has none. */
export function realAxis(axis: number, rank: number): number {
  return rank === 0 ? invalid('the input is a scalar, and has no axis') : normalAxis(axis, rank);
}

type Kind = Attribute['kind'];
type Of<K extends Kind> = Attribute & { kind: K };

/** How a reader makes values of its own. */
export interface ReadingTools {
  constant(t: Tensor): Value;
  apply(op: string, inputs: (Bound | undefined)[], attributes?: Record<string, AttributeValue>): Value;
}

/** What a version reader sees: the node as the file has it. */
export class RawNode {
  readonly opName: string;
  readonly name: string;
  /** Version of the operator's domain that the model imports. */
  readonly opset: number;
  readonly outputCount: number;
  private readonly attributes: ReadonlyMap<string, Attribute>;
  private readonly defaults: ReadonlyMap<string, Attribute>;
  private bound: (Bound | undefined)[];
  private readonly tools: ReadingTools;

  constructor(
    opName: string,
    name: string,
    opset: number,
    outputCount: number,
    attributes: ReadonlyMap<string, Attribute>,
    defaults: ReadonlyMap<string, Attribute>,
    inputs: readonly (Bound | undefined)[],
    tools: ReadingTools,
  ) {
    this.opName = opName;
    this.name = name;
    this.opset = opset;
    this.outputCount = outputCount;
    this.attributes = attributes;
    this.defaults = defaults;
    this.bound = [...inputs];
    this.tools = tools;
  }

  get inputs(): readonly (Bound | undefined)[] {
    return this.bound;
  }

  /** Input i as a tensor; undefined where it isn't given. */
  input(i: number): Value | undefined {
    const v = this.bound[i];
    if (v && v.kind !== 'tensor')
      return invalid(`input ${i} of ${this.opName} is a ${v.kind}, where a tensor is expected`);
    return v;
  }

  /** Replaces the inputs, to bring an older version into the newest form. */
  setInputs(inputs: readonly (Bound | undefined)[]): void {
    this.bound = [...inputs];
  }

  /** A constant to be used as an input. */
  constantValue(t: Tensor): Value {
    return this.tools.constant(t);
  }

  /** The value with axes of size 1 put behind its own. */
  withTrailingAxes(v: Value, count: number): Value {
    const rank = v.type.dims.length;
    return this.tools.apply('Unsqueeze', [
      v,
      this.constantValue(int64s(Array.from({ length: count }, (_, i) => rank + i))),
    ]);
  }

  /** The value as another type. */
  cast(v: Value, to: DType): Value {
    return v.type.dtype === to ? v : this.tools.apply('Cast', [v], { to: codeOfDtype(to) });
  }

  /** What another operator (of the newest opset) gives for these inputs: a node of its own, before this one. */
  apply(op: string, inputs: (Bound | undefined)[], attributes?: Record<string, AttributeValue>): Value {
    return this.tools.apply(op, inputs, attributes);
  }

  /** Elements of a small integer input of rank 0 or 1 as sizes: see {@link View.elems}. */
  elems(i: number): readonly Dim[] | undefined {
    const v = this.input(i);
    return v && elemsOf(v);
  }

  /** Elements of an input that is a known integer tensor. */
  constantInts(i: number): number[] | undefined {
    const v = this.input(i);
    const elems = v && elemsOf(v);
    return elems && areKnown(elems) ? [...elems] : undefined;
  }

  hasAttribute(name: string): boolean {
    return this.attributes.has(name);
  }

  optInt(name: string): number | undefined {
    const a = this.get(name, 'int');
    return a === undefined ? undefined : Number(a.value);
  }
  int(name: string): number {
    return this.optInt(name) ?? this.missing(name);
  }
  /** An int that says yes or no. */
  flag(name: string): boolean {
    return (this.optInt(name) ?? 0) !== 0;
  }
  optFloat(name: string): number | undefined {
    const a = this.get(name, 'float', 'int');
    return a === undefined ? undefined : Number(a.value);
  }
  float(name: string): number {
    return this.optFloat(name) ?? this.missing(name);
  }
  optString(name: string): string | undefined {
    return this.get(name, 'string')?.value;
  }
  string(name: string): string {
    return this.optString(name) ?? this.missing(name);
  }
  /** What a table has for a string; refuses one that it has not. */
  choice<T>(name: string, table: Readonly<Record<string, T>>): T {
    const given = this.string(name);
    // A table is an object, and has `valueOf` and its like from elsewhere.
    return Object.hasOwn(table, given) ? table[given] : invalid(`${name} is ${JSON.stringify(given)}`);
  }
  optInts(name: string): number[] | undefined {
    const a = this.get(name, 'ints');
    return a?.value.map(Number);
  }
  ints(name: string): number[] {
    return this.optInts(name) ?? this.missing(name);
  }
  optFloats(name: string): number[] | undefined {
    const a = this.get(name, 'floats', 'ints');
    return a && Array.from(a.value as ArrayLike<number | bigint>, Number);
  }
  floats(name: string): number[] {
    return this.optFloats(name) ?? this.missing(name);
  }
  optStrings(name: string): string[] | undefined {
    const a = this.get(name, 'strings');
    return a && [...a.value];
  }
  strings(name: string): string[] {
    return this.optStrings(name) ?? this.missing(name);
  }
  optTensor(name: string): Weight | undefined {
    return this.get(name, 'tensor')?.value;
  }
  optSparse(name: string): Weight | undefined {
    return this.get(name, 'sparse_tensor')?.value;
  }
  tensor(name: string): Weight {
    return this.optTensor(name) ?? this.missing(name);
  }
  optGraph(name: string): OnnxGraph | undefined {
    return this.get(name, 'graph')?.value;
  }
  graph(name: string): OnnxGraph {
    return this.optGraph(name) ?? this.missing(name);
  }

  private get<K extends Kind>(name: string, ...kinds: K[]): Of<K> | undefined {
    const a = this.attributes.get(name) ?? this.defaults.get(name);
    if (a === undefined) return undefined;
    // An empty list has no kind of its own in some files.
    if (!(kinds as Kind[]).includes(a.kind))
      return invalid(
        `attribute ${name} of ${this.opName} is of kind ${a.kind}, where ${kinds.join(' or ')} is expected`,
      );
    return a as Of<K>;
  }

  private missing(name: string): never {
    return invalid(`attribute ${name} of ${this.opName} is missing`);
  }
}
