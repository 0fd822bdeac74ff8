import { defineOp } from '../../ir/op.js';
import { axisLast, flattened, readSoftmax, type SoftmaxAttrs } from './along-axis.js';
import { softmaxLayers } from './softmax-keras.js';

export default defineOp<SoftmaxAttrs>({
  name: 'Softmax',
  summary: 'exp(x) / sum(exp(x)) along an axis; before version 13 over all axes from it on',
  read: readSoftmax,
  layout: axisLast,
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => flattened(n, inputs, e),
  graph: (_, [x], b) => b.op('Softmax', [x]),
  keras: (n, [x], k) => softmaxLayers(n, x, k, false),
});
