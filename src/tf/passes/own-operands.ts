import type { Ref, TfNode } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import { VIEWS } from './merge-views.js';

/**
 * A constant that MatMuls read under different sizes becomes one for each:
 *
 *     MatMul(x, W), MatMul(y, Reshape(W))      becomes      MatMul(x, W), MatMul(y, Reshape(W'))
 *
 * On WASM (4.22) the packed form of a MatMul's second operand is known by the tensor alone, not by its sizes, and a change
 * of sizes leaves the tensor the same: the second product would give wrong numbers in silence. So this is no fusion, and
 * is always done.
 */
export function ownOperands(graph: TfGraph): TfGraph {
  const packed = new Map<TfNode, string>();
  return rewrite(graph, (node, r) => {
    if (node.op !== 'MatMul' && node.op !== '_FusedMatMul') return undefined;
    const source = sourceOf(node.inputs[1]);
    if (!source.weight) return undefined;
    const form = String(r.dims(node.inputs[1]));
    if (packed.get(source) === undefined) packed.set(source, form);
    if (packed.get(source) === form) return undefined;
    const copied = (ref: Ref): Ref =>
      ref.node.weight
        ? r.constant(ref.node.weight)
        : r.op(ref.node.op, [copied(ref.node.inputs[0]), ...ref.node.inputs.slice(1)], ref.node.attrs);
    return [r.op(node.op, [node.inputs[0], copied(node.inputs[1]), ...node.inputs.slice(2)], node.attrs)];
  });
}

/** What lies behind changes of sizes, which leave the bytes where they are. */
export function sourceOf(ref: Ref): TfNode {
  let { node } = ref;
  while (VIEWS.has(node.op) || node.op === 'Identity') node = node.inputs[0].node;
  return node;
}
