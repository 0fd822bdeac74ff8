import { defineOp } from '../../ir/op.js';
import { standardized } from './normalize.js';
import { instanceNormalization } from './normalize-keras.js';

/** Source: ONNX, InstanceNormalization-1, -6, -22. */
export default defineOp<{ epsilon: number }>({
  name: 'InstanceNormalization',
  summary: 'normalization of each channel of each image by its own statistics',
  shapes: ['_ C _ ...', 'C', 'C'],
  read: { 1: (n) => ({ epsilon: n.float('epsilon') }) },
  layout: 'channels-last',
  infer: (n) => [n.type(0)],
  graph: (n, [x, scale, bias], b) => {
    const axes = Array.from({ length: n.rank(0) - 2 }, (_, i) => n.position(0, i + 2)).sort((p, q) => p - q);
    const { y } = standardized(x, axes, n.attrs.epsilon, b);
    const channels = n.position(0, 1) === n.rank(0) - 1 ? undefined : [-1, ...axes.map(() => 1)];
    const along = (v: typeof x) => (channels ? b.reshape(v, channels) : v);
    return b.add2(b.mul(y, along(scale)), along(bias));
  },
  keras: instanceNormalization,
});
