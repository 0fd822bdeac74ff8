import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import { numbersIn } from '../shapes.js';

/**
 * Two Transposes in a row become one, or none:
 *
 *     Transpose(p) -> Transpose(q)      becomes      Transpose(p[q])
 */
export function mergeTransposes(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'Transpose' || node.inputs[0].node.op !== 'Transpose') return undefined;
    const inner = node.inputs[0].node;
    const p = numbersIn(inner.inputs[1]);
    const q = numbersIn(node.inputs[1]);
    if (!p || !q) return undefined;
    return [
      r.over(node, inner).transpose(
        inner.inputs[0],
        q.map((i) => p[i]),
      ),
    ];
  });
}
