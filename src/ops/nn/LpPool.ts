import { defineOp } from '../../ir/op.js';
import { sizeOf } from '../../tensor/tensor.js';
import { powered, rooted } from './norm-p.js';
import { pooled, poolType, readPool, type PoolAttrs } from './pool.js';

interface Attrs extends PoolAttrs {
  readonly p: number;
}

/** Source: ONNX, LpPool-1 (p a float), -2, -11, -18, -22. Padding is zeros, which add nothing. */
export default defineOp<Attrs>({
  name: 'LpPool',
  summary: 'p-norm of a window, in any number of dimensions',
  shapes: ['_ _ _ ...'],
  read: { 1: (n) => ({ ...readPool(n), p: n.float('p') }), 2: (n) => ({ ...readPool(n), p: n.int('p') }) },
  layout: 'channels-last',
  infer: (n) => [poolType(n)],
  graph: (n, [x], b) => {
    const mean = pooled('AvgPool', n, powered(x, n.attrs.p, b), 0, b);
    return rooted(b.mul(mean, b.scalar(sizeOf(n.attrs.kernel))), n.attrs.p, b);
  },
});
