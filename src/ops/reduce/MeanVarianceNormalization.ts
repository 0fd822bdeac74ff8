import { defineOp } from '../../ir/op.js';
import { needFewAxes } from '../collapse.js';

/** What ONNX's own definition adds to the standard deviation. */
const EPSILON = 1e-9;

interface Attrs {
  readonly axes: readonly number[];
  /** False: only the mean is taken away. */
  readonly divides: boolean;
}

export default defineOp<Attrs>({
  name: 'MeanVarianceNormalization',
  summary: '(x - mean) / standard deviation, over axes',
  read: {
    // Experimental, and without a schema today; ONNX Runtime runs it so.
    1: (n) => ({
      axes: n.flag('across_channels') ? [0, 1, 2, 3] : [0, 2, 3],
      divides: (n.optInt('normalize_variance') ?? 1) !== 0,
    }),
    9: (n) => ({ axes: n.optInts('axes') ?? [0, 2, 3], divides: true }),
  },
  layout: 'axes',
  infer: (n) => [n.type(0)],
  graph: (n, [x], b) => {
    needFewAxes(n);
    const axes = b.ints(n.attrs.axes.map((a) => n.position(0, a)).sort((p, q) => p - q));
    // The square of the differences, not the difference of the squares: the latter can be negative in float32.
    const centred = b.sub(x, b.op('Mean', [x, axes], { keep_dims: true }));
    if (!n.attrs.divides) return centred;
    const deviation = b.op('Sqrt', [b.op('Mean', [b.op('Square', [centred]), axes], { keep_dims: true })]);
    return b.op('RealDiv', [centred, b.add2(deviation, b.scalar(EPSILON))]);
  },
});
