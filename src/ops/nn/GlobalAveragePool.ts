import { areKnown } from '../../ir/dim.js';
import { arrange } from '../../ir/layout.js';
import { globalPool } from './global-pool.js';
import { globalPool as globalLayers } from './pool-keras.js';

/** Up to this area one window over all of an image is quicker than a reduction, which moves the axes first. */
const MOST_AREA = 64 * 64;

export default globalPool({
  name: 'GlobalAveragePool',
  summary: 'mean over all spatial axes',
  graph: (x, axes, n, b) => {
    const sizes = arrange(n.dims(0), n.layout(0)).slice(1, -1);
    if (axes.length === 2 && axes[0] === 1 && areKnown(sizes) && sizes[0] * sizes[1] <= MOST_AREA)
      return b.op('AvgPool', [x], {
        ksize: [1, ...sizes, 1],
        strides: [1, 1, 1, 1],
        padding: 'VALID',
        data_format: 'NHWC',
      });
    return b.op('Mean', [x, b.ints(axes)], { keep_dims: true });
  },
  keras: (n, x, k) => globalLayers(n, x, k, 'Average'),
});
