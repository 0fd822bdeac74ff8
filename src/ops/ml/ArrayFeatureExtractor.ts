import { noAttributes } from '../../ir/op.js';
import { composition } from '../compose.js';

export default composition({
  name: 'ArrayFeatureExtractor',
  domain: 'ai.onnx.ml',
  summary: 'elements of the last axis by their number',
  shapes: ['_ ...'],
  read: { 1: noAttributes },
  compose: (c, n) => {
    const x = n.rank(0) === 1 ? c.unsqueeze(n.value(0), [0]) : n.value(0);
    return [c.op('Gather', [x, c.reshape(n.value(1), [-1])], { axis: -1 })];
  },
});
