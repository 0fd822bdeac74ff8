import { globalPool } from './global-pool.js';
import { globalPool as globalLayers } from './pool-keras.js';

export default globalPool({
  name: 'GlobalMaxPool',
  summary: 'largest over all spatial axes',
  graph: (x, axes, _, b) => b.op('Max', [x, b.ints(axes)], { keep_dims: true }),
  keras: (n, x, k) => globalLayers(n, x, k, 'Max'),
});
