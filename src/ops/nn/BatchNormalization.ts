import { series } from '../../ir/weights.js';
import { refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import type { View } from '../../ir/view.js';
import type { Weight } from '../../tensor/tensor.js';
import type { GraphBuilder, Ref } from '../../tf/builder.js';
import { batchNormalization } from './normalize-keras.js';

interface Attrs {
  readonly epsilon: number;
  readonly momentum: number;
  /** Statistics are those of the batch, and the running ones come as outputs 1 and 2. */
  readonly training: boolean;
}

/** Source: ONNX, BatchNormalization-1, -6, -7, -9, -14, -15: in inference, (x - mean) / sqrt(var + epsilon) * scale + bias. */
export default defineOp<Attrs>({
  name: 'BatchNormalization',
  summary: 'normalization per channel, by stored statistics or by those of the batch',
  limits: 'spatial=0 of versions 1 to 8, and the training outputs of versions before 14, are refused',
  shapes: ['_ | _ C ...', 'C', 'C', 'C', 'C'],
  read: {
    1: (n) => {
      if (n.optInt('spatial') === 0)
        return refuse('spatial=0: statistics per activation', 'export for inference with a current exporter');
      // Before version 14 it is the outputs beyond the first that say training.
      if (n.outputCount > 1)
        return refuse('more than one output: training mode', 'export the model in evaluation mode');
      return { epsilon: n.float('epsilon'), momentum: n.float('momentum'), training: false };
    },
    14: (n) => ({ epsilon: n.float('epsilon'), momentum: n.float('momentum'), training: n.flag('training_mode') }),
  },
  layout: 'channels-last',
  infer: (n) => [n.type(0), n.type(3), n.type(4)],
  graph: (n, [x, scale, bias, mean, variance], b) => {
    if (n.attrs.training) return trained(n, x, scale, bias, mean, variance, b);
    const known = [1, 2, 3, 4].map((i) => n.weight(i));
    const y = () => {
      if (!known.every((w): w is Weight => w !== undefined)) {
        const inverse = b.op('Rsqrt', [b.add2(variance, b.scalar(n.attrs.epsilon))]);
        return b.add2(b.mul(b.sub(x, mean), b.mul(inverse, scale)), bias);
      }
      // x * factor + shift: what fold-affine puts into the convolution before.
      const [gamma, beta, mu, sigma] = known;
      const dims = [gamma.dims[0]];
      const factor = (g: Weight, s: Weight) => computed(dims, [g, s], ([p, q]) => p / Math.sqrt(q + n.attrs.epsilon));
      const shift = computed(
        dims,
        [gamma, beta, mu, sigma],
        ([g, be, m, s]) => be - (m * g) / Math.sqrt(s + n.attrs.epsilon),
      );
      return b.add2(b.mul(x, b.constant(factor(gamma, sigma))), b.constant(shift));
    };
    return [y(), n.outputs[1] && b.op('Identity', [mean]), n.outputs[2] && b.op('Identity', [variance])];
  },
  keras: batchNormalization,
});

/** from, from+1 … to-1 */
const range = (from: number, to: number): number[] => series(to - from, (i) => from + i);

/** training_mode: by the statistics of the batch, the variance divided by the number of elements. */
function trained(n: View<Attrs>, x: Ref, scale: Ref, bias: Ref, mean: Ref, variance: Ref, b: GraphBuilder): Ref[] {
  const { epsilon, momentum } = n.attrs;
  const axes = range(0, n.rank(0) - 1);
  const batch = b.op('Mean', [x, b.ints(axes)], { keep_dims: false });
  const centered = b.sub(x, batch);
  const spread = b.op('Mean', [b.op('Square', [centered]), b.ints(axes)], { keep_dims: false });
  const y = b.add2(b.mul(centered, b.mul(b.op('Rsqrt', [b.add2(spread, b.scalar(epsilon))]), scale)), bias);
  const running = (before: Ref, now: Ref) =>
    b.add2(b.mul(before, b.scalar(momentum)), b.mul(now, b.scalar(1 - momentum)));
  return [y, running(mean, batch), running(variance, spread)];
}

/** A weight computed element by element from others of the same shape, in double precision. */
function computed(dims: readonly number[], from: readonly Weight[], f: (v: number[]) => number): Weight {
  return {
    dtype: 'float32',
    dims,
    load: () => {
      const data = from.map((w) => w.load().data as Float32Array);
      return { dtype: 'float32', dims, data: Float32Array.from(data[0], (_, i) => f(data.map((d) => d[i]))) };
    },
  };
}
