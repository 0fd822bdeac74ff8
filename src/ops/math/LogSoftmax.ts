import { defineOp } from '../../ir/op.js';
import { alongAxis } from '../collapse.js';
import { flattened, readSoftmax, type SoftmaxAttrs } from './along-axis.js';
import { softmaxLayers } from './softmax-keras.js';

export default defineOp<SoftmaxAttrs>({
  name: 'LogSoftmax',
  summary: 'log(softmax(x)) along an axis; before version 13 over all axes from it on',
  read: readSoftmax,
  layout: 'axes',
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => flattened(n, inputs, e),
  graph: (n, [x], b) => {
    const place = n.position(0, n.attrs.axis);
    if (place === n.rank(0) - 1 && n.rank(0) <= 6) return b.op('LogSoftmax', [x]);
    return alongAxis(n, x, place, b, (v, at) => {
      const axes = b.ints([at]);
      const shifted = b.sub(v, b.op('Max', [v, axes], { keep_dims: true }));
      return b.sub(shifted, b.op('Log', [b.op('Sum', [b.op('Exp', [shifted]), axes], { keep_dims: true })]));
    });
  },
  keras: (n, [x], k) => softmaxLayers(n, x, k, true),
});
