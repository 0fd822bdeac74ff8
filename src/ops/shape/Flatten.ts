import { productOf } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { invalid } from '../../diag/diagnostic.js';
import type { RawNode, View } from '../../ir/view.js';
import { areKnown, type Dim } from '../../ir/dim.js';
import { regroupRule, reshapeInMemory, reshapeLayer } from './regroup.js';

interface Attrs {
  /** How many axes become the first one: 0 … rank. */
  readonly axis: number;
}

export default defineOp<Attrs>({
  name: 'Flatten',
  summary: 'a matrix of the axes before and from `axis` on',
  read: { 1: read },
  layout: regroupRule,
  infer: (n) => [{ dtype: n.dtype(0), dims: dimsOf(n) }],
  fold: (n, [x]) => {
    const dims = dimsOf(n);
    return areKnown(dims) ? [{ ...x, dims }] : undefined;
  },
  graph: (n, [x], b) => reshapeInMemory(n, x, b),
  keras: (n, [x], k) => reshapeLayer(n, x, k, true),
});

function read(n: RawNode): Attrs {
  const rank = n.input(0)?.type.dims.length ?? 0;
  const axis = n.int('axis');
  if (axis < -rank || axis > rank) return invalid(`axis ${axis} is outside the rank ${rank}`);
  return { axis: axis < 0 ? axis + rank : axis };
}

function dimsOf(n: View<Attrs>): readonly Dim[] {
  const dims = n.dims(0);
  return [productOf(dims.slice(0, n.attrs.axis)), productOf(dims.slice(n.attrs.axis))];
}
