import { defineOp } from '../../ir/op.js';
import { normalizedAxes, trailing } from './LayerNormalization.js';
import { rmsNormalization } from './normalize-keras.js';

/** Source: ONNX, RMSNormalization-23: x / sqrt(mean(x²) + epsilon) * scale, over all axes from `axis` on. */
export default defineOp<{ axis: number; epsilon: number }>({
  name: 'RMSNormalization',
  summary: 'normalization by the root mean square over the last axes',
  shapes: ['_ ...'],
  read: { 23: (n) => ({ axis: n.int('axis'), epsilon: n.float('epsilon') }) },
  layout: 'axes',
  infer: (n) => [{ dtype: n.dtype(1), dims: n.dims(0) }],
  graph: (n, [x, scale], b) => {
    const square = b.op('Mean', [b.op('Square', [x]), b.ints(normalizedAxes(n))], { keep_dims: true });
    const y = b.mul(x, b.op('Rsqrt', [b.add2(square, b.scalar(n.attrs.epsilon))]));
    return b.mul(y, trailing(n, 1, scale, b));
  },
  keras: rmsNormalization,
});
