import { invalid } from '../../diag/diagnostic.js';
import type { Bound, Value } from '../../ir/graph.js';
import type { Expander } from '../../ir/expander.js';
import { identity, isIdentity, type Layout } from '../../ir/layout.js';
import type { LayoutChoice, Op } from '../../ir/op.js';
import { normalAxis, type View } from '../../ir/view.js';
import type { Dim } from '../../ir/dim.js';

/** Attributes of Softmax, LogSoftmax and Hardmax. */
export interface SoftmaxAttrs {
  readonly axis: number;
  /** Before version 13: all axes from `axis` on are one. */
  readonly flatten: boolean;
}

export const readSoftmax: Op<SoftmaxAttrs>['read'] = {
  1: (n) => ({ axis: n.int('axis'), flatten: true }),
  13: (n) => ({ axis: n.int('axis'), flatten: false }),
};

/** The axis at the end: in the order at hand where it stands there, else the fewest moves away. */
export function axisLast(n: View<SoftmaxAttrs>, [given]: readonly Layout[]): LayoutChoice {
  const rank = given.length;
  if (rank === 0) return { inputs: [given], outputs: [given] };
  const axis = n.axisOf(0, n.attrs.axis);
  const plain = identity(rank);
  const wanted =
    given[rank - 1] === axis
      ? given
      : plain[rank - 1] === axis
        ? plain
        : [...(isIdentity(given) ? plain : given).filter((a) => a !== axis), axis];
  return { inputs: [wanted], outputs: [wanted] };
}

/**
 * The old meaning by the new one: where more than one axis is meant, Flatten to two, the operator over the second, and
 * the shape again. Undefined where the node is in the new meaning already.
 */
export function flattened(
  n: View<SoftmaxAttrs>,
  [x]: readonly (Bound | undefined)[],
  e: Expander,
): Value[] | undefined {
  if (!n.attrs.flatten) return undefined;
  const { dims } = n.type(0);
  const axis = n.attrs.axis === dims.length ? dims.length : normalAxis(n.attrs.axis, dims.length);
  const meant = dims.flatMap((d: Dim, i) => (i >= axis && d !== 1 ? [i] : []));
  if (dims.length === 0) return invalid(`${n.opName} of a scalar`);
  // One axis of more than one element: the others are no matter.
  if (axis < dims.length && meant.length <= 1) return [e.one(n.opName, [x], { axis: meant[0] ?? axis })];
  const rows = e.one('Flatten', [x], { axis });
  const soft = e.one(n.opName, [rows], { axis: -1 });
  return [e.one('Reshape', [soft, e.one('Shape', [x])], { allowzero: 1 })];
}
