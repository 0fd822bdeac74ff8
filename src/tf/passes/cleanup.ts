import { tensorOf } from '../../tensor/tensor.js';
import type { Ref } from '../builder.js';
import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';

/**
 * Two Transposes in a row become one, or none:
 *
 *     Transpose(p) -> Transpose(q)      becomes      Transpose(p[q])
 */
export function mergeTransposes(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'Transpose' || node.inputs[0].node.op !== 'Transpose') return undefined;
    const inner = node.inputs[0].node;
    const p = permOf(inner.inputs[1]);
    const q = permOf(node.inputs[1]);
    if (!p || !q) return undefined;
    const perm = q.map((i) => p[i]);
    if (perm.every((v, i) => v === i)) return [inner.inputs[0]];
    const weight = tensorOf('int32', [perm.length], perm);
    const constant = r.node(node, { op: 'Const', inputs: [], attrs: {}, dtypes: ['int32'], weight: { dtype: 'int32', dims: [perm.length], load: () => weight } }, [])[0];
    return r.node(node, { op: 'Transpose', inputs: [inner.inputs[0], constant], attrs: {}, dtypes: node.dtypes }, [inner, node]);
  });
}

function permOf(ref: Ref): number[] | undefined {
  return ref.node.weight && Array.from(ref.node.weight.load().data as Int32Array, Number);
}
