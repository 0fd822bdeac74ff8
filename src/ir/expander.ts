import type { Graph as OnnxGraph } from '../onnx/model.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Bound, Value } from './graph.js';

/**
 * What an operator's `expand` builds with: nodes are read, typed and folded like those of the file, and stand for the
 * node that is being expanded.
 */
export interface Expander {
  /**
   * Applies an operator of the newest opset (of ai.onnx where no domain is given) and gives its outputs.
   * @param attributes plain values; numbers become ints where whole unless the operator's schema says float
   */
  emit(op: string, inputs: (Bound | undefined)[], attributes?: Record<string, AttributeValue>, outputs?: number, domain?: string): Bound[];
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
}

export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | OnnxGraph;
