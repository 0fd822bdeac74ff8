import type { Graph as OnnxGraph } from '../onnx/model.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Bound, Graph, Node, TensorType, Value } from './graph.js';
import type { Op } from './op.js';

/**
 * What an operator's `expand` builds with: nodes are read, typed and folded like those of the file, and stand for the
 * node that is being expanded.
 */
export interface Expander {
  /**
   * Applies an operator of the newest opset (of ai.onnx where no domain is given) and gives its outputs.
   * @param attributes plain values; numbers become ints where whole unless the operator's schema says float
   */
  emit(
    op: string,
    inputs: (Bound | undefined)[],
    attributes?: Record<string, AttributeValue>,
    outputs?: number,
    domain?: string,
  ): Bound[];
  /** As `emit`, for the common case of one output that is a tensor. */
  one(op: string, inputs: (Bound | undefined)[], attributes?: Record<string, AttributeValue>, domain?: string): Value;
  constant(t: Tensor): Value;
  /** Tells the user something about the node, where it is converted to other than they may expect. */
  remark(message: string, remedy: string): void;
  /**
   * Reads a subgraph (the body of an If, Loop, Scan …) as if it stood here: its inputs are bound to these values, outer
   * names are seen. Gives its outputs.
   */
  inline(graph: OnnxGraph, inputs: (Bound | undefined)[]): (Bound | undefined)[];
  /**
   * Builds a graph of its own, to be run as a function: `build` gets its parameters and gives its outputs. What it reads
   * of the nodes around it is in `captured`, which are further inputs of the graph.
   */
  region(parameters: readonly TensorType[], build: (parameters: Value[]) => readonly Value[]): Region;
  /** Puts the nodes of a region here after all; its outputs are then values like others. */
  adopt(region: Region): void;
  /** Adds a node of an operator that no file has, with graphs that it runs. */
  node(op: Op, inputs: readonly Value[], types: readonly TensorType[], bodies: readonly Graph[]): Value[];
}

/** A graph that is run as a function. */
export interface Region {
  readonly parameters: readonly Value[];
  /** Values from outside that it reads, constants left out. */
  readonly captured: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
}

export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | OnnxGraph;
