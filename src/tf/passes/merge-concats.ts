import type { TfGraph } from '../lower.js';
import { rewrite } from '../rewrite.js';
import { numbersIn } from '../shapes.js';

/**
 * A joint of joints is one:
 *
 *     ConcatV2(ConcatV2(a, b), c)      becomes      ConcatV2(a, b, c)
 *
 * where nothing else reads the inner one: what was joined there isn't copied twice.
 */
export function mergeConcats(graph: TfGraph): TfGraph {
  return rewrite(graph, (node, r) => {
    if (node.op !== 'ConcatV2') return undefined;
    const parts = node.inputs.slice(0, -1);
    const axisOf = (n: typeof node): number | undefined => {
      const axis = numbersIn(n.inputs.at(-1))?.[0];
      const rank = r.dims({ node: n, index: 0, dtype: n.dtypes[0] })?.length;
      return axis === undefined || axis >= 0 ? axis : rank && axis + rank;
    };
    const axis = axisOf(node);
    if (axis === undefined) return undefined;
    const inner = parts.map((part) => part.node.op === 'ConcatV2' && r.uses(part) === 1 && axisOf(part.node) === axis);
    if (!inner.includes(true)) return undefined;
    r.over(node, ...parts.filter((_, i) => inner[i]).map((part) => part.node));
    return [
      r.concat(
        parts.flatMap((part, i) => (inner[i] ? part.node.inputs.slice(0, -1) : [part])),
        axis,
      ),
    ];
  });
}
