import type { Tensor, Weight } from '../tensor/tensor.js';
import type { DType } from '../tensor/dtype.js';
import type { Dim } from './dim.js';
import type { Layout } from './layout.js';
import type { Op } from './op.js';

/** Element type and ONNX dims of a tensor. The rank is always known. */
export interface TensorType {
  readonly dtype: DType;
  readonly dims: readonly Dim[];
}

/** One tensor of the graph: written once, read any number of times. */
export interface Value {
  readonly kind: 'tensor';
  /** ONNX's name; unique in the graph (values that a pass or an expansion makes get a derived one). */
  readonly name: string;
  readonly type: TensorType;
  /** Its contents, where they are known while converting. */
  readonly constant?: Weight;
  /** Its elements as sizes, for a small integer tensor of rank 0 or 1 that is computed from shapes. */
  readonly elems?: readonly Dim[];
  /** How it lies in memory. ONNX's order until layouts are assigned. */
  readonly layout: Layout;
  /** The axis of the batch, where it isn't 0 and the target puts the batch first (Keras). See passes/batch.ts. */
  readonly batch?: number;
  /**
   * What its written name is made from, where that isn't ONNX's name alone: another tensor's name and a suffix, such as
   * `_CHW` for the operand of a Flatten that had to be moved.
   */
  readonly label?: { readonly tensor: string; readonly suffix: string };
}

/** A sequence, resolved while importing: a list of values. */
export interface Sequence {
  readonly kind: 'sequence';
  readonly name: string;
  readonly elements: readonly Value[];
  readonly dtype?: DType;
}

/** An optional, resolved while importing. */
export interface Optional {
  readonly kind: 'optional';
  readonly name: string;
  readonly content: Value | Sequence | undefined;
}

/** What a name can stand for while a graph is read. */
export type Bound = Value | Sequence | Optional;

/** One operator application after its version was read: attributes and inputs are those of the newest version. */
export interface Node<A = unknown> {
  readonly op: Op<A>;
  readonly name: string;
  readonly attrs: A;
  /** An optional input that isn't given is undefined. */
  readonly inputs: readonly (Value | undefined)[];
  /** An optional output that nobody asked for is undefined. */
  readonly outputs: readonly (Value | undefined)[];
  /** The ONNX nodes that this one stands for: indices in file order. */
  readonly origin: readonly number[];
  /** Graphs that the node runs as functions (a branch, a loop's body): a function's inputs follow from the operator. */
  readonly bodies?: readonly Graph[];
}

/** An output of the model: a name and the value that it shows. */
export interface GraphOutput {
  readonly name: string;
  readonly value: Value;
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly GraphOutput[];
  /** In an order in which each value is written before it is read; that of the file where that one is. */
  readonly nodes: readonly Node[];
}

/** The contents of a value, loaded; undefined where they aren't known. */
export function contentsOf(v: Value | undefined): Tensor | undefined {
  return v?.constant?.load();
}

/** The nodes that read each value. Graph outputs don't count. */
export function readersOf(graph: Graph): Map<Value, Node[]> {
  const readers = new Map<Value, Node[]>();
  for (const node of graph.nodes)
    for (const v of node.inputs)
      if (v) {
        const list = readers.get(v);
        if (list) list.push(node);
        else readers.set(v, [node]);
      }
  return readers;
}
