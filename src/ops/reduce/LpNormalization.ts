import { invalid, refuse } from '../../diag/diagnostic.js';
import { defineOp } from '../../ir/op.js';
import { alongAxis } from '../collapse.js';
import { l2Normalization } from '../nn/normalize-keras.js';

export default defineOp<{ p: number; axis: number }>({
  name: 'LpNormalization',
  summary: 'x divided by its 1- or 2-norm along an axis; 0 where that is 0',
  shapes: ['_ ...'],
  read: {
    1: (n) => {
      const p = n.int('p');
      return p === 1 || p === 2 ? { p, axis: n.int('axis') } : invalid(`p is ${p}, where 1 and 2 are ONNX's`);
    },
  },
  layout: 'axes',
  infer: (n) => [n.type(0)],
  graph: (n, [x], b) =>
    alongAxis(n, x, n.position(0, n.attrs.axis), b, (v, at) => {
      const sum = b.op('Sum', [b.op(n.attrs.p === 1 ? 'Abs' : 'Square', [v]), b.ints([at])], { keep_dims: true });
      const norm = n.attrs.p === 1 ? sum : b.op('Sqrt', [sum]);
      return b.op('RealDiv', [v, b.select(b.op('Equal', [norm, b.scalar(0)]), b.scalar(1), norm)]);
    }),
  keras: (n, inputs, k) =>
    n.attrs.p === 2
      ? l2Normalization(n, inputs, k)
      : refuse('no stock layer divides by the sum of absolute values', 'convert to a graph-model'),
});
