import type { Tensor } from '../tensor/tensor.js';
import type { Layer, KerasBuilder } from '../keras/builder.js';
import type { GraphBuilder, Ref } from '../tf/builder.js';
import type { Dim } from './dim.js';
import type { Bound, TensorType } from './graph.js';
import type { Layout } from './layout.js';
import type { Expander } from './expander.js';
import type { Shapes } from './shapes.js';
import type { RawNode, View } from './view.js';

/**
 * Everything that the project knows of one operator. The file of an operator in src/ops is one such object: to read it
 * is to know what the operator means here. `graph` is its meaning; `keras` is a costume, given only where stock Keras
 * layers say exactly the same.
 *
 * `A` is the operator's attributes after reading: all versions of an operator are read into the same form, that of the
 * newest; afterwards nobody knows about opsets.
 */
export interface Op<A = unknown> {
  readonly name: string;
  /** '' (ai.onnx) where nothing is said. */
  readonly domain?: string;
  /** One line for the support table. */
  readonly summary: string;
  /** What is refused, for the support table. */
  readonly limits?: string;
  /**
   * Readers by the ONNX version (since_version) from which on they hold; the newest one not above the model's opset is
   * used. A version that changed only types needs no line of its own. A reader also brings the inputs into the newest
   * form (`n.setInputs`), where an attribute became an input.
   */
  readonly read: Readonly<Record<number, (n: RawNode) => A>>;
  /**
   * What the specification says of the shapes of the inputs, as the file has them. A function where that follows from the
   * version or from attributes. Held against each node before it is read, so that no reader has to look.
   */
  readonly shapes?: Shapes | ((n: RawNode) => Shapes);
  /** How it reacts to the order of axes in memory. An operator that says nothing is 'logical'. */
  readonly layout?: LayoutRule<A>;
  /** Types of all outputs (an output that nobody asked for included). */
  infer(n: View<A>): TensorType[];
  /** Elements of output 0 as sizes, where inputs are known as such only: for what shapes are computed with. */
  elems?(n: View<A>): readonly Dim[] | undefined;
  /** The outputs for constant inputs: exact, in ONNX's own types. Undefined where this can't be folded. */
  fold?(n: View<A>, inputs: Tensor[]): Tensor[] | undefined;
  /**
   * Says the node by other nodes while importing (control flow with known conditions, sequences, what is a composition
   * of simpler ONNX operators). Undefined where the node stays as it is.
   */
  expand?(n: View<A>, inputs: (Bound | undefined)[], e: Expander): (Bound | undefined)[] | undefined;
  /** The meaning: TensorFlow ops that compute the outputs in the layout which the layout pass has assigned. */
  graph?(n: View<A>, inputs: Ref[], b: GraphBuilder): Ref | (Ref | undefined)[];
  /** Whether the costume fits where input 0 is constant, too: where operands may change places, or it is a table. */
  readonly constantFirst?: boolean;
  /** The costume: stock Keras layers that compute exactly the same. Refuses (with the reason) where none do. */
  keras?(n: View<A>, inputs: Layer[], k: KerasBuilder): Layer | (Layer | undefined)[];
}

export interface LayoutChoice {
  /** The layout in which each input is wanted. */
  readonly inputs: readonly (Layout | undefined)[];
  /** The layouts in which the outputs then come. */
  readonly outputs: readonly Layout[];
}

/**
 * - 'any': element by element; all operands in the same order, whatever it is
 * - 'axes': as 'any', for operators that name axes of their input: the lowering asks `n.position(0, axis)`
 * - 'channels-last': input 0 and the outputs of rank 3 and above with the channels last
 * - 'logical': ONNX's order
 * - a function of the layouts in which the inputs are at hand
 */
export type LayoutRule<A> =
  | 'any'
  | 'axes'
  | 'channels-last'
  | 'logical'
  | ((n: View<A>, given: readonly Layout[]) => LayoutChoice);

/** Checks an operator's parts against the type of its attributes, and forgets that type. */
export function defineOp<A>(op: Op<A>): Op {
  return op as unknown as Op;
}

/** The reader of an operator without attributes. */
export const noAttributes = (): Record<string, never> => ({});
