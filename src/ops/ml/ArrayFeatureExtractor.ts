import { productOf } from '../../ir/dim.js';
import { defineOp, noAttributes } from '../../ir/op.js';
import { Composer } from '../compose.js';

export default defineOp({
  name: 'ArrayFeatureExtractor',
  domain: 'ai.onnx.ml',
  summary: 'elements of the last axis by their number',
  read: { 1: noAttributes },
  infer: (n) => [{ dtype: n.dtype(0), dims: [...(n.rank(0) === 1 ? [1] : n.dims(0).slice(0, -1)), productOf(n.dims(1))] }],
  expand: (n, _, e) => {
    const c = new Composer(e);
    const x = n.rank(0) === 1 ? c.unsqueeze(n.value(0), 0) : n.value(0);
    return [c.op('Gather', [x, c.reshape(n.value(1), [-1])], { axis: -1 })];
  },
});
