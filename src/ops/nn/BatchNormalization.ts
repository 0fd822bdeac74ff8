import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { batchShape } from '../../keras/builder.js';
import type { Weight } from '../../tensor/tensor.js';

/** Source: ONNX, BatchNormalization-1, -6, -7, -9, -14, -15: in inference, (x - mean) / sqrt(var + epsilon) * scale + bias. */
export default defineOp<{ epsilon: number; momentum: number }>({
  name: 'BatchNormalization',
  summary: 'normalization by stored statistics, per channel',
  limits: 'training_mode, and spatial=0 of versions 1 to 7, are refused',
  read: {
    1: (n) => {
      if (n.optInt('spatial') === 0) return refuse('spatial=0: statistics per activation', 'export for inference with a current exporter');
      if (n.optInt('is_test') === 0 && n.opset < 7) return refuse('is_test=0: training mode', 'export the model in evaluation mode');
      return { epsilon: n.optFloat('epsilon') ?? 1e-5, momentum: n.optFloat('momentum') ?? 0.9 };
    },
    14: (n) => {
      if (n.flag('training_mode')) return refuse('training_mode=1: statistics of the batch', 'export the model in evaluation mode (model.eval())');
      return { epsilon: n.optFloat('epsilon') ?? 1e-5, momentum: n.optFloat('momentum') ?? 0.9 };
    },
  },
  layout: 'channels-last',
  infer: (n) => [n.type(0), n.type(3), n.type(4), n.type(3), n.type(4)],
  graph: (n, [x, scale, bias, mean, variance], b) => {
    const known = [1, 2, 3, 4].map((i) => n.weight(i));
    if (known.every((w): w is Weight => w !== undefined)) {
      // x * factor + shift: what fold-affine puts into the convolution before.
      const [gamma, beta, mu, sigma] = known;
      const dims = [gamma.dims[0]];
      const factor = (g: Weight, s: Weight) => computed(dims, [g, s], ([p, q]) => p / Math.sqrt(q + n.attrs.epsilon));
      const shift = computed(dims, [gamma, beta, mu, sigma], ([g, be, m, s]) => be - (m * g) / Math.sqrt(s + n.attrs.epsilon));
      return b.add2(b.mul(x, b.constant(factor(gamma, sigma))), b.constant(shift));
    }
    const inverse = b.op('Rsqrt', [b.add2(variance, b.scalar(n.attrs.epsilon))]);
    return b.add2(b.mul(b.sub(x, mean), b.mul(inverse, scale)), bias);
  },
  keras: (n, [x], k) => {
    const rank = n.rank(0);
    const axis = n.position(0, 1);
    if (rank > 4) return refuse('BatchNormalization of rank 5 is not implemented in TensorFlow.js', 'convert to a graph-model');
    // tfjs-layers normalizes along the last axis only: with another one it takes the statistics round and round in the
    // order of memory, without an error. So the channels are moved there and back.
    const moved = k.dialect === 'tfjs' && axis !== rank - 1;
    const shape = batchShape(n.outputs[0] ?? n.value(0));
    const [input, last] = moved ? [k.layer('Permute', [x], { dims: [...range(2, rank), 1] }, { suffix: '_HWC', shape: [null, ...shape.slice(2), shape[1]] }), rank - 1] : [x, axis];
    const y = k.layer('BatchNormalization', [input], { axis: last, momentum: n.attrs.momentum, epsilon: n.attrs.epsilon, center: true, scale: true }, {
      shape: input.shape,
      weights: [
        { name: 'gamma', weight: n.needWeight(1, 'scale') }, { name: 'beta', weight: n.needWeight(2, 'bias') },
        { name: 'moving_mean', weight: n.needWeight(3, 'the mean'), trainable: false }, { name: 'moving_variance', weight: n.needWeight(4, 'the variance'), trainable: false },
      ],
    });
    return moved ? k.layer('Permute', [y], { dims: [rank - 1, ...range(1, rank - 1)] }, { suffix: '_CHW', shape }) : y;
  },
});

/** from, from+1 … to-1 */
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A weight computed element by element from others of the same shape, in double precision. */
function computed(dims: readonly number[], from: readonly Weight[], f: (v: number[]) => number): Weight {
  return {
    dtype: 'float32', dims,
    load: () => {
      const data = from.map((w) => w.load().data as Float32Array);
      return { dtype: 'float32', dims, data: Float32Array.from(data[0], (_, i) => f(data.map((d) => d[i]))) };
    },
  };
}
