import { series } from '../../ir/weights.js';
import { invalid } from '../../diag/diagnostic.js';
import type { Dim } from '../../ir/dim.js';
import { isKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { tensorOf } from '../../tensor/tensor.js';
import { Amounts, type Amount } from '../../tf/amounts.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';

interface Attrs {
  readonly alignCorners: boolean;
  /** [N, C, spatial …], as far as they are known. */
  readonly size: readonly Dim[] | undefined;
}

/** Source: ONNX, AffineGrid-20. */
export default defineOp<Attrs>({
  name: 'AffineGrid',
  summary: 'a grid of positions, turned and moved by a matrix per image',
  shapes: ['N 2 3 | N 3 4', '4 | 5'],
  read: { 20: (n) => ({ alignCorners: n.flag('align_corners'), size: n.elems(1) }) },
  infer: (n) => {
    const [batch, rank] = n.dims(0);
    if (!isKnown(rank)) return invalid('theta has no known shape');
    const spatial = n.attrs.size?.slice(2) ?? Array.from({ length: rank }, () => n.fresh());
    return [{ dtype: n.dtype(0), dims: [batch, ...spatial, rank] }];
  },
  graph: (n, [theta, size], b) => {
    const a = new Amounts(b);
    const rank = n.knownDim(0, 1);
    const element = (i: number): Amount => {
      const d = n.attrs.size?.[i];
      return d !== undefined && isKnown(d)
        ? d
        : b.op('StridedSlice', [size, b.ints([i]), b.ints([i + 1]), b.ints([1])], { shrink_axis_mask: 1 });
    };
    // Column i of theta belongs to the i-th coordinate, which begins with that of the last axis.
    const columns = b
      .many('Unpack', [theta], { axis: 2, num: rank + 1 })
      .map((c) => b.reshape(c, [-1, ...new Array<number>(rank).fill(1), rank]));
    return Array.from({ length: rank }, (_, i) => {
      const axis = rank - 1 - i;
      const line = b.reshape(
        centers(element(2 + axis), n.attrs.alignCorners, b, a),
        Array.from({ length: rank + 2 }, (_, k) => (k === axis + 1 ? -1 : 1)),
      );
      return b.mul(columns[i], line);
    }).reduceRight((sum, part) => b.add2(part, sum), columns[rank]);
  },
});

/** Where the centers of n pixels lie between -1 and 1. */
function centers(n: Amount, alignCorners: boolean, b: GraphBuilder, a: Amounts): Ref {
  if (typeof n === 'number')
    return b.tensor(
      tensorOf(
        'float32',
        [n],
        series(n, (i) => (alignCorners ? (n === 1 ? -1 : (2 * i) / (n - 1) - 1) : (2 * i + 1) / n - 1)),
      ),
    );
  const i = b.cast(b.op('Range', [b.scalar(0, 'int32'), n, b.scalar(1, 'int32')], { Tidx: 'int32' }), 'float32');
  const twice = b.mul(i, b.scalar(2));
  const steps = b.cast(a.ref(alignCorners ? a.max(1, a.sub(n, 1)) : n), 'float32');
  return b.sub(b.op('RealDiv', [alignCorners ? twice : b.add2(twice, b.scalar(1)), steps]), b.scalar(1));
}
