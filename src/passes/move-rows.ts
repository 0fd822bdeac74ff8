import { isKnown, productOf, sameDim } from '../ir/dim.js';
import { readersOf, type Node, type Value } from '../ir/graph.js';
import { isIdentity, type Layout } from '../ir/layout.js';
import { defineOp } from '../ir/op.js';
import { permuted, reshaped } from '../ir/weights.js';
import { relayout } from '../ops/internal.js';
import type { Weight } from '../tensor/tensor.js';
import type { LaidOut } from './layout.js';

/** All axes but the first as one, in the order in which they lie. Made by this pass alone. */
const flattenAsItLies = defineOp({
  name: 'Flatten',
  domain: 'internal',
  summary: 'all axes but the batch as one, as they lie',
  read: {},
  infer: (n) => [{ dtype: n.dtype(0), dims: [n.dims(0)[0], productOf(n.dims(0).slice(1))] }],
  graph: (n, [x], b) => b.reshape(x, [n.dims(0)[0], productOf(n.dims(0).slice(1))]),
});

/** What computes each element by itself, and so doesn't mind in which order they lie. */
const ELEMENTWISE = new Set(['Relu', 'LeakyRelu', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Identity', 'Dropout', 'Clip']);

/**
 * Where an image is brought into ONNX's order only to be flattened before a product with constant weights (the end of most
 * classifiers), it stays as it lies, and the weights' rows are moved instead.
 */
export function moveRows(laid: LaidOut): LaidOut {
  const { graph } = laid;
  const makers = new Map<Value, Node>();
  for (const node of graph.nodes) for (const v of node.outputs) if (v) makers.set(v, node);
  const readers = readersOf(graph);
  const outputs = new Set(graph.outputs.map((o) => o.value));
  const isPrivate = (v: Value) => !outputs.has(v) && readers.get(v)?.length === 1;

  const replaced = new Map<Node, Node>();
  const gone = new Set<Node>();
  for (const product of graph.nodes) {
    const found = flattened(product, makers, isPrivate);
    if (!found) continue;
    const { move, flatten, between } = found;
    const x = move.inputs[0] as Value;
    let now: Value = as(flatten.outputs[0] as Value);
    replaced.set(flatten, { ...flatten, op: flattenAsItLies, attrs: {}, inputs: [x], outputs: [now] });
    for (const node of between) {
      const next = as(node.outputs[0] as Value);
      replaced.set(node, { ...node, inputs: [now, ...node.inputs.slice(1)], outputs: [next] });
      now = next;
    }
    const weights = product.inputs[1] as Value;
    const moved = as(weights, rowsMoved(weights.constant as Weight, x, isTransposed(product)));
    replaced.set(product, { ...product, inputs: [now, moved, ...product.inputs.slice(2)] });
    gone.add(move);
  }
  if (gone.size === 0) return laid;
  return {
    ...laid,
    graph: {
      ...graph,
      nodes: graph.nodes.filter((n) => !gone.has(n)).map((n) => replaced.get(n) ?? n),
    },
    relayouts: laid.relayouts - gone.size,
  };
}

/** The same value for whoever reads it, and another one for who asks for ONNX's. */
const as = (v: Value, constant: Weight | undefined = undefined): Value => ({ ...v, ...(constant ? { constant } : {}) });

interface Flattened {
  readonly move: Node;
  readonly flatten: Node;
  readonly between: readonly Node[];
}

/** The nodes before a product that only flatten a moved image for it. */
function flattened(
  product: Node,
  makers: ReadonlyMap<Value, Node>,
  isPrivate: (v: Value) => boolean,
): Flattened | undefined {
  if (product.op.domain || (product.op.name !== 'MatMul' && product.op.name !== 'Gemm')) return undefined;
  const [x, weights] = product.inputs;
  if (!x || !weights?.constant || weights.type.dims.length !== 2 || !isIdentity(weights.layout)) return undefined;
  if ((product.attrs as { transA?: boolean }).transA || x.type.dims.length !== 2) return undefined;
  const between: Node[] = [];
  let value = x;
  for (;;) {
    const node = makers.get(value);
    if (!node || !isPrivate(value) || !isIdentity(value.layout)) return undefined;
    const [from] = node.inputs;
    if (!node.op.domain && ELEMENTWISE.has(node.op.name)) {
      if (!from || node.inputs.slice(1).some((v) => v && v.type.dims.length > 0)) return undefined;
      between.unshift(node);
      value = from;
      continue;
    }
    if (node.op.domain || (node.op.name !== 'Flatten' && node.op.name !== 'Reshape') || !from) return undefined;
    const move = makers.get(from);
    const { dims } = from.type;
    const rest = dims.slice(1);
    return move?.op === relayout &&
      isMove(move) &&
      isPrivate(from) &&
      isIdentity(from.layout) &&
      rest.length > 1 &&
      rest.every(isKnown) &&
      value.type.dims.length === 2 &&
      sameDim(value.type.dims[0], dims[0]) &&
      sameDim(value.type.dims[1], productOf(rest))
      ? { move, flatten: node, between }
      : undefined;
  }
}

/** Whether a Relayout moves all axes but the first, and isn't one of the file's own Transposes. */
function isMove(node: Node): boolean {
  const layout: Layout = (node.inputs[0] as Value).layout;
  return !(node.attrs as { labels?: unknown }).labels && layout[0] === 0;
}

const isTransposed = (product: Node): boolean => (product.attrs as { transB?: boolean }).transB ?? false;

/** Weights for elements that lie as x does. */
function rowsMoved(weights: Weight, x: Value, transposed: boolean): Weight {
  const sizes = x.type.dims.slice(1) as number[];
  const order = x.layout.slice(1).map((axis) => axis - 1);
  const [rows, columns] = weights.dims;
  const moved = transposed
    ? permuted(reshaped(weights, [rows, ...sizes]), [0, ...order.map((a) => a + 1)])
    : permuted(reshaped(weights, [...sizes, columns]), [...order, sizes.length]);
  return reshaped(moved, [rows, columns]);
}
