import { globalPool } from './global-pool.js';
import { powered, rooted } from './norm-p.js';

/** Source: ONNX, GlobalLpPool-1 (p a float), -2, -22. */
export default globalPool<{ p: number }>({
  name: 'GlobalLpPool',
  summary: 'p-norm over all spatial axes',
  read: { 1: (n) => ({ p: n.float('p') }), 2: (n) => ({ p: n.int('p') }) },
  graph: (x, axes, n, b) =>
    rooted(b.op('Sum', [powered(x, n.attrs.p, b), b.ints(axes)], { keep_dims: true }), n.attrs.p, b),
});
