import { invalid } from '../../diag/diagnostic.js';
import { arrange } from '../../ir/layout.js';
import { defineOp } from '../../ir/op.js';
import { Amounts } from '../../tf/amounts.js';
import { type LrnAttrs, lrnLayers } from './lrn-keras.js';

/** Source: ONNX, LRN-1, -13: x / (bias + alpha / size * sum of squares of `size` neighbouring channels) ** beta. */
export default defineOp<LrnAttrs>({
  name: 'LRN',
  summary: 'local response normalization across channels',
  shapes: ['_ _ ...'],
  read: { 1: (n) => ({ alpha: n.float('alpha'), beta: n.float('beta'), bias: n.float('bias'), size: n.int('size') }) },
  layout: 'channels-last',
  infer: (n) => (n.attrs.size < 1 ? invalid(`size is ${n.attrs.size}`) : [n.type(0)]),
  graph: (n, [x], b) => {
    const { alpha, beta, bias, size } = n.attrs;
    const a = new Amounts(b);
    const sizes = a.sizes(x, arrange(n.dims(0), n.layout(0)));
    if (size % 2 === 1) {
      const image = n.rank(0) === 4 ? x : a.reshape(x, [a.product(sizes.slice(0, -1)), 1, 1, sizes[sizes.length - 1]]);
      const y = b.op('LRN', [image], { depth_radius: (size - 1) / 2, alpha: alpha / size, beta, bias });
      return n.rank(0) === 4 ? y : a.reshape(y, sizes);
    }
    // TensorFlow's windows are odd. The mean of squares over a padded window is the sum divided by the size.
    const line = a.reshape(b.op('Square', [x]), [a.product(sizes.slice(0, -1)), sizes[sizes.length - 1], 1, 1]);
    const padded = b.pad(line, [
      [0, 0],
      [Math.floor((size - 1) / 2), Math.ceil((size - 1) / 2)],
      [0, 0],
      [0, 0],
    ]);
    const mean = b.op('AvgPool', [padded], {
      ksize: [1, size, 1, 1],
      strides: [1, 1, 1, 1],
      padding: 'VALID',
      data_format: 'NHWC',
    });
    const scale = b.op('Pow', [b.add2(b.mul(mean, b.scalar(alpha)), b.scalar(bias)), b.scalar(-beta)]);
    return b.mul(x, a.reshape(scale, sizes));
  },
  keras: lrnLayers,
});
