import { globalPool, kerasGlobal } from './global-pool.js';

export default globalPool({
  name: 'GlobalMaxPool',
  summary: 'largest over all spatial axes',
  graph: (x, axes, _, b) => b.op('Max', [x, b.ints(axes)], { keep_dims: true }),
  keras: (n, x, k) => kerasGlobal('Max', n, x, k),
});
