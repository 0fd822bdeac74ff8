import { productOf, type Dim } from '../../ir/dim.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import type { View } from '../../ir/view.js';

interface Attrs {
  readonly start: number;
  readonly end: number | undefined;
}

const shape = defineOp<Attrs>({
  name: 'Shape',
  summary: 'the sizes of a tensor; where they are known, a constant',
  read: {
    1: () => ({ start: 0, end: undefined }),
    15: (n) => ({ start: n.optInt('start') ?? 0, end: n.optInt('end') }),
  },
  layout: (_, [given]) => ({ inputs: [given], outputs: [[0]] }),
  infer: (n) => [{ dtype: 'int64', dims: [asked(n).length] }],
  elems: (n) => asked(n).map((axis) => n.dims(0)[axis]),
  graph: (n, [x], b) => {
    const axes = asked(n);
    const at = axes.map((a) => n.position(0, a));
    if (at.length === 0) return b.ints([]);
    if (at.length === n.rank(0) && at.every((p, i) => p === i)) return b.shape(x);
    return b.op('GatherV2', [b.shape(x), b.ints(at), b.scalar(0, 'int32')]);
  },
});

/** The axes whose sizes are asked for: a slice, clamped as Python's. */
function asked(n: View<Attrs>): number[] {
  const rank = n.rank(0);
  const clamp = (i: number) => Math.min(Math.max(i < 0 ? i + rank : i, 0), rank);
  const [start, end] = [clamp(n.attrs.start), clamp(n.attrs.end ?? rank)];
  return Array.from({ length: Math.max(end - start, 0) }, (_, i) => start + i);
}

const size = defineOp({
  name: 'Size',
  summary: 'the number of elements of a tensor; where it is known, a constant',
  read: { 1: noAttributes },
  layout: (_, [given]) => ({ inputs: [given], outputs: [[]] }),
  infer: () => [{ dtype: 'int64', dims: [] }],
  elems: (n): readonly Dim[] => [productOf(n.dims(0))],
  graph: (_, [x], b) => b.op('Size', [x]),
});

export default [shape, size];
