import { series } from '../../ir/weights.js';
import { isKnown } from '../../ir/dim.js';
import { defineOp } from '../../ir/op.js';
import { axisLast, flattened, readSoftmax, type SoftmaxAttrs } from './along-axis.js';

export default defineOp<SoftmaxAttrs>({
  name: 'Hardmax',
  summary: '1 at the first greatest along an axis, else 0; before version 13 over all axes from it on',
  read: readSoftmax,
  layout: axisLast,
  infer: (n) => [n.type(0)],
  expand: (n, inputs, e) => flattened(n, inputs, e),
  graph: (n, [x], b) => {
    const last = n.rank(0) - 1;
    const size = n.dims(0)[n.axisOf(0, n.attrs.axis)];
    const at = b.op('ExpandDims', [b.op('ArgMax', [x, b.scalar(last, 'int32')]), b.scalar(last, 'int32')]);
    const indices = isKnown(size)
      ? b.ints(series(size, (i) => i))
      : b.op('Range', [b.scalar(0, 'int32'), b.size(x, last), b.scalar(1, 'int32')], { Tidx: 'int32' });
    return b.cast(b.op('Equal', [at, indices]), 'float32');
  },
});
